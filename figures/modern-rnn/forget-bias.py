"""What is left of a gradient along the cells at the start, for three biases of the forget gate."""

import math

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw the powers of three forget gates over 24 steps."""
    figure = Figure(400, 220)
    axes = Axes(figure, 46, 30, 300, 140, (0, 24), (0, 1))
    axes.frame("steps", "left of the gradient")
    for x in (6, 12, 18):
        figure.text(axes.at(x, 0)[0], 185, str(x), "muted")
    for y in (0, 0.5, 1):
        figure.text(24, axes.at(0, y)[1], f"{y:g}", "muted")
    for bias, color, y in ((0, "red", 0.72), (1, "orange", 0.86), (3, "blue", 1)):
        gate = 1 / (1 + math.exp(-bias))
        points = [(k, gate**k) for k in range(25)]
        axes.line(points, color)
        figure.text(*axes.at(16, y), f"*b* = {bias}: {gate:.2f}^k", color, anchor="start")
    return figure
