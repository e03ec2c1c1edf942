"""The step against the gradient and Adam's first step, from one point of a long valley."""

import math

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw two curves of equal loss (0.25 a² + 4 b²) / 2, and both steps from (-4, 1)."""
    figure = Figure(400, 126)
    axes = Axes(figure, left=8, top=8, width=384, height=110, xs=(-5.82, 5.82), ys=(-1.6, 1.73))
    for loss in (4.0, 1.0, 0.1):
        a, b = math.sqrt(2 * loss / 0.25), math.sqrt(2 * loss / 4)
        angles = [2 * math.pi * k / 90 for k in range(91)]
        axes.line([(a * math.cos(angle), b * math.sin(angle)) for angle in angles], "muted")
    axes.dot(0, 0, "muted")
    axes.line([(-4, 1), (-3.75, 0)], "orange", arrow=True)
    axes.line([(-4, 1), (-3, 0)], "green", arrow=True)
    axes.dot(-4, 1)
    figure.text(*axes.at(-4.0, 0.1), "−*η* **g**", "orange", anchor="end")
    figure.text(*axes.at(-3.2, 0.84), "Adam", "green", anchor="start")
    figure.text(*axes.at(-4.15, 1.45), "(−4, 1)", anchor="end")
    return figure
