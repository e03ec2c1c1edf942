"""A recurrent layer that reads forwards and one that reads backwards, over three inputs."""

import math

from figures.kit import Figure


def draw() -> Figure:
    """Draw inputs in the middle, forward states above them and backward states below, with numbers."""
    figure = Figure(400, 250)
    inputs, columns = (1, 0, 2), (100, 200, 300)
    rows = {"forward": (62, "blue", (0, 1, 2)), "backward": (206, "orange", (2, 1, 0))}
    for t, x in enumerate(columns):
        figure.text(x, 14, f"*t* = {t + 1}", "muted")
        for y in (100, 168):
            edge = 1 if y > 134 else -1
            figure.line((x, 134 + 16 * edge), (x, y + 15 * edge), color="muted", arrow=True)
        figure.circle(x, 134, 15, str(inputs[t]), "muted")
    for name, (y, color, order) in rows.items():
        way = order[1] - order[0]
        state, before = 0.0, columns[order[0]] - 62 * way
        figure.text(before, y, "0")
        figure.text(4, y + (-30 if way > 0 else 30), name, color, size=13, anchor="start")
        for k in order:
            x = columns[k]
            gap = 10 if k == order[0] else 28
            figure.line((before + gap * way, y), (x - 29 * way, y), color=color, arrow=True)
            state = math.tanh(inputs[k] + 0.5 * state)
            figure.box(x, y, 52, 38, f"{state:.2f}", "green" if k == order[0] else color)
            before = x
        figure.text(150 if way > 0 else 250, y + (-13 if way > 0 else 14), "0.5", color, size=13)
    figure.text(112, 101, "1", "muted", size=13)
    figure.text(112, 167, "1", "muted", size=13)
    figure.text(4, 134, "inputs", "muted", size=13, anchor="start")
    return figure
