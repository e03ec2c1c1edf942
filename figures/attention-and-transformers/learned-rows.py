"""A table of sines and a learned one: which rows are known after training with 24 tokens."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw both tables side by side, with rows for the first and last positions."""
    figure = Figure(400, 240)
    figure.text(132, 14, "sines")
    figure.text(300, 14, "learned")
    y = 36.0
    for name in ("0", "1", "", "23", "24", "25", "", "71"):
        if not name:
            for x in (40, 132, 300):
                figure.text(x, y, "⋮", "muted")
            y += 24
            continue
        figure.text(40, y, name, "muted", size=13)
        known = int(name) < 24
        for k in range(6):
            figure.box(132 + 22 * (k - 2.5), y, 22, 20, "", "blue", corner=0)
            color = "blue" if known else "orange"
            figure.box(300 + 22 * (k - 2.5), y, 22, 20, "" if known else "?", color, corner=0)
        y += 27 if name == "23" else 21 if name not in ("1", "25") else 24
    figure.text(216, 230, "position 0 to 23: in training; from 24 on: new", "muted", size=12)
    return figure
