"""A recurrent network with one hidden unit, unrolled over three steps."""

import math

from figures.kit import Figure


def draw() -> Figure:
    """Draw inputs below, states above, the arrows between them, and the numbers of the text."""
    figure = Figure(400, 190)
    h, before = 0.0, 34.0
    figure.text(before, 70, "0")
    figure.text(before, 28, "*h*_0", "muted")
    for t, value in enumerate((1, 0, 0), 1):
        x = 34 + 110 * t
        h = math.tanh(value + 0.5 * h)
        figure.line((before + (14 if t == 1 else 27), 70), (x - 28, 70), color="orange", arrow=True)
        figure.text((before + x) / 2, 54, "*w*_{hh}", "orange", size=13)
        figure.line((x, 142), (x, 92), color="green", arrow=True)
        figure.text(x + 22, 117, "*w*_{xh}", "green", size=13)
        figure.box(x, 70, 50, 38, f"{h:.2f}")
        figure.text(x, 28, f"*h*_{t}", "muted")
        figure.circle(x, 158, 15, str(value), "green")
        figure.text(x - 34, 158, f"*x*_{t}", "muted")
        before = x
    return figure
