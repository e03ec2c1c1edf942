"""Secants turn into the tangent as the step shrinks."""

from figures.kit import Axes, Figure


def f(x: float) -> float:
    """Return the height of the curve."""
    return x**2


def draw() -> Figure:
    """Draw the curve, its tangent at 1, and the secants for two steps."""
    figure = Figure(400, 280)
    axes = Axes(figure, left=30, top=30, width=310, height=215, xs=(0, 3), ys=(0, 5))
    axes.frame("*x*", "*f*(*x*) = *x*^2")
    axes.curve(f, between=(0, 2.2))
    for h, color in ((1, "orange"), (0.5, "purple")):
        slope = (f(1 + h) - f(1)) / h
        axes.line([(x, 1 + slope * (x - 1)) for x in (1 - 1 / slope, 2.3)], color, dashed=True)
        axes.line([(1 + h, 0), (1 + h, f(1 + h))], "muted", dashed=True)
        axes.dot(1 + h, f(1 + h), color)
        figure.text(axes.at(1 + h, 0)[0], 260, f"{1 + h:g}", color, size=12)
    axes.line([(0.5, 0), (2.3, 3.6)], "green")
    axes.dot(1, f(1))
    figure.text(axes.at(1, 0)[0], 260, "1", size=12)
    figure.text(*axes.at(2.35, 4.9), "*h* = 1: slope 3", "orange", size=13, anchor="start")
    figure.text(*axes.at(2.35, 4.25), "*h* = 0.5: slope 2.5", "purple", size=13, anchor="start")
    figure.text(*axes.at(2.35, 3.6), "tangent: slope 2", "green", size=13, anchor="start")
    return figure
