"""The loss pulls the weights to its own lowest point, and the penalty to zero."""

import math

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw contours of (w1 − 3)² / 6 + (w2 − 2)² and of |w|² / 4, and the lowest point of their sum."""
    figure = Figure(400, 265)
    axes = Axes(figure, left=40, top=20, width=330, height=220, xs=(-1.6, 5), ys=(-1.4, 3))
    axes.line([(-1.5, 0), (5, 0)], "muted", arrow=True)
    axes.line([(0, -1.3), (0, 3)], "muted", arrow=True)
    figure.text(*axes.at(4.8, -0.3), "*w*_1", "muted")
    figure.text(*axes.at(0.3, 2.85), "*w*_2", "muted")
    turns = [math.pi * k / 40 for k in range(81)]
    for r in (0.35, 0.7):
        axes.line([(3 + r * math.sqrt(6) * math.cos(t), 2 + r * math.sin(t)) for t in turns], "blue")
    for r in (0.6, 1.2):
        axes.line([(r * math.cos(t), r * math.sin(t)) for t in turns], "orange")
    path = [(3 / (1 + 6 * c), 2 / (1 + c)) for c in [k / 40 for k in range(11)]]
    axes.line(path, "green", arrow=True)
    axes.dot(3, 2, "blue")
    axes.dot(0, 0, "orange")
    figure.text(*axes.at(3, 2.88), "loss alone", "blue", 13)
    figure.text(*axes.at(0.55, -1.32), "penalty alone", "orange", 13, "start")
    figure.text(*axes.at(1.25, 1.42), "with both", "green", 13, "end")
    return figure
