"""What a factor per layer becomes over twenty layers, on a logarithmic axis."""

from functools import partial
from math import log10
from operator import mul

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw the powers of 0.5, 1 and 1.5 as lines."""
    figure = Figure(400, 230)
    axes = Axes(figure, 62, 32, 200, 150, (0, 20), (-7, 5))
    axes.frame("", "size of a signal")
    figure.text(162, 216, "layers", "muted", 13)
    for exponent in (-6, -3, 0, 3):
        y = axes.at(0, exponent)[1]
        figure.line((58, y), (66, y), color="muted")
        text = f"10^{{{exponent}}}".replace("-", "−") if exponent else "1"
        figure.text(54, y, text, "muted", 13, anchor="end")
    for x in (10, 20):
        left, bottom = axes.at(x, -7)
        figure.line((left, bottom - 4), (left, bottom + 4), color="muted")
        figure.text(left, bottom + 15, str(x), "muted", 13)
    rows = (
        (1.5, "red", "times 1.5: 3,325"),
        (1.0, "green", "times 1: 1"),
        (0.5, "blue", "times 0.5: 10^{−6}"),
    )
    for factor, color, text in rows:
        end = 20 * log10(factor)
        axes.curve(partial(mul, log10(factor)), color)
        figure.text(272, axes.at(20, end)[1], text, color, 13, anchor="start")
    return figure
