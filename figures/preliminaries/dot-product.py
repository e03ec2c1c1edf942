"""The dot product measures how far a vector reaches in the direction of another."""

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw two vectors, the angle between them, and the projection of one onto the other."""
    figure = Figure(400, 215)
    axes = Axes(figure, left=40, top=20, width=330, height=165, xs=(-1, 5), ys=(-0.5, 2.5))
    axes.line([(-0.6, 0), (5, 0)], "muted")
    axes.line([(0, -0.4), (0, 2.4)], "muted")
    axes.line([(3, 2), (3, 0)], "orange", dashed=True)
    axes.line([(0, 0), (4, 0)], "blue", arrow=True)
    axes.line([(0, 0), (3, 2)], "green", arrow=True)
    figure.line(axes.at(0, -0.22), axes.at(3, -0.22), color="orange", width=3)
    figure.text(*axes.at(4.35, 0.25), "**x** = (4, 0)", "blue")
    figure.text(*axes.at(3.1, 2.25), "**w** = (3, 2)", "green")
    figure.text(*axes.at(0.85, 0.25), "*θ*")
    figure.text(*axes.at(1.5, -0.5), "‖**w**‖ cos *θ* = 3", "orange")
    return figure
