"""A range test: the loss over a learning rate that grows in every step."""

import math

from figures.kit import Axes, Figure


def _loss(x: float) -> float:
    """Return a loss that is level, falls, and explodes, for x from 0 to 10."""
    return 2.3 - 1.0 / (1 + math.exp(-1.6 * (x - 5.2))) + 0.06 * math.exp(2.6 * (x - 8.0))


def draw() -> Figure:
    """Draw the curve, its edge, and the rate to choose."""
    figure = Figure(400, 230)
    axes = Axes(figure, left=30, top=40, width=330, height=140, xs=(0, 10), ys=(1.0, 3.4))
    for start, stop, color in ((0, 3.2, "muted"), (3.2, 8.0, "green"), (8.0, 10, "red")):
        (x0, y0), (x1, y1) = axes.at(start, 1.0), axes.at(stop, 3.4)
        figure.area((x0, y0), (x1, y0), (x1, y1), (x0, y1), color=color)
    axes.frame("", "loss")
    axes.curve(_loss, "blue", between=(0, 9.2))
    for x, text, color in ((1.6, "too small", "muted"), (5.6, "learns", "green"), (9.0, "explodes", "red")):
        figure.text(axes.at(x, 0)[0], 56, text, color, size=13)
    axes.line([(9.1, 1.0), (9.1, _loss(9.1))], "red", dashed=True)
    axes.dot(7.0, _loss(7.0), "orange")
    axes.line([(7.0, 1.0), (7.0, _loss(7.0))], "orange", dashed=True)
    figure.text(axes.at(7.0, 0)[0], 194, "a third", "orange", size=13)
    figure.text(axes.at(9.1, 0)[0], 194, "edge", "red", size=13)
    figure.text(195, 216, "learning rate, times a constant factor in each step", "muted", size=13)
    return figure
