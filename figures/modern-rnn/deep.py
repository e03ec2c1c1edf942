"""A recurrent network with two layers of one unit each, unrolled over three steps: a grid of states."""

import math

from figures.kit import Figure


def draw() -> Figure:
    """Draw inputs below and two rows of states, with arrows to the right and upwards, and their numbers."""
    figure = Figure(400, 262)
    rows, before = (140, 56), 34.0
    states = [0.0, 0.0]
    for level, y in enumerate(rows, 1):
        figure.text(before, y, "0")
        figure.text(before, y - 30, f"layer {level}", "muted", size=12)
    for t, value in enumerate((1, 0, 0), 1):
        x = 34 + 110 * t
        figure.line((x, 214), (x, rows[0] + 22), color="green", arrow=True)
        figure.line((x, rows[0] - 19), (x, rows[1] + 22), color="green", arrow=True)
        below: float = value
        for level, y in enumerate(rows):
            figure.line((before + (14 if t == 1 else 27), y), (x - 28, y), color="orange", arrow=True)
            below = states[level] = math.tanh(below + 0.5 * states[level])
            figure.box(x, y, 50, 38, f"{below:.2f}")
        figure.text(x, 18, f"*t* = {t}", "muted")
        figure.circle(x, 230, 15, str(value), "green")
        before = x
    figure.text(34, 230, "inputs", "muted", size=12)
    figure.text(89, 126, "0.5", "orange", size=13)
    figure.text(89, 42, "0.5", "orange", size=13)
    figure.text(154, 190, "1", "green", size=13)
    figure.text(154, 98, "1", "green", size=13)
    return figure
