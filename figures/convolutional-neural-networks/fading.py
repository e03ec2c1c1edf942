"""What a sigmoid and tanh make of the difference between two inputs."""

import math

from figures.kit import Axes, Figure

PAIR = (-0.5, 0.5)


def draw() -> Figure:
    """Draw both curves, and the two outputs of each for the same two inputs."""
    figure = Figure(370, 190)
    for left, name, function, color in (
        (44, "sigmoid", lambda x: 1 / (1 + math.exp(-x)), "blue"),
        (236, "tanh", math.tanh, "orange"),
    ):
        axes = Axes(figure, left, 30, 118, 120, (-2, 2), (-1, 1))
        axes.frame("x", "")
        figure.text(left + 59, 12, name, color)
        for x in PAIR:
            axes.line([(x, -1), (x, function(x)), (-2, function(x))], "muted", dashed=True)
        axes.curve(function, color)
        for x in PAIR:
            axes.dot(x, function(x), color)
        for x in PAIR:
            figure.text(axes.at(x, -1)[0], 166, f"{x:g}".replace("-", "−"), "muted", 12)
            y = axes.at(0, function(x))[1]
            figure.text(left - 4, y, f"{function(x):.2f}".replace("-", "−"), "muted", 12, anchor="end")
    return figure
