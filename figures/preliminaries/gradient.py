"""The gradient crosses the curves of equal value at right angles."""

import math

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw ellipses of x1² + 3 x2², and the gradient at (2, 1), a tenth as long."""
    figure = Figure(400, 300)
    axes = Axes(figure, left=20, top=25, width=350, height=250, xs=(-3.3, 3.3), ys=(-2.357, 2.357))
    axes.line([(-3.3, 0), (3.3, 0)], "muted", arrow=True)
    axes.line([(0, -2.3), (0, 2.3)], "muted", arrow=True)
    figure.text(*axes.at(3.1, 0.28), "*x*_1", "muted")
    figure.text(*axes.at(0.27, 2.25), "*x*_2", "muted")
    for value in (1, 3, 7):
        angles = [math.pi * i / 60 for i in range(121)]
        a, b = math.sqrt(value), math.sqrt(value / 3)
        axes.line([(a * math.cos(t), b * math.sin(t)) for t in angles], "blue")
    axes.line([(2, 1), (2.6, 1.9)], "red", arrow=True)
    axes.line([(2, 1), (1.4, 0.1)], "green", arrow=True)
    axes.dot(2, 1)
    axes.dot(0, 0)
    figure.text(*axes.at(2.55, 2.12), "gradient", "red", anchor="end")
    figure.text(*axes.at(1.75, -0.4), "downhill", "green")
    figure.text(*axes.at(-2.4, 1.35), "*f* = 7", "blue", 13)
    figure.text(*axes.at(-1.3, -0.3), "3", "blue", 13)
    figure.text(*axes.at(-0.75, 0.2), "1", "blue", 13)
    return figure
