"""A training step on a line of time: with Python between all operations, and compiled."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw four short operations with Python's part before each, and the same four after one part."""
    figure = Figure(400, 186)
    figure.text(16, 18, "Python calls each operation", size=13, anchor="start")
    for i in range(4):
        left = 16 + 88 * i
        figure.box(left + 30, 52, 60, 34, "Python" if i == 0 else "", "muted", corner=0)
        figure.box(left + 70, 52, 20, 34, str(i + 1), "blue", corner=0)
    figure.text(16, 92, "Python calls one program", size=13, anchor="start")
    figure.box(46, 126, 60, 34, "Python", "muted", corner=0)
    for i in range(4):
        figure.box(86 + 20 * i, 126, 20, 34, str(i + 1), "blue", corner=0)
    figure.line((16, 160), (384, 160), color="muted", arrow=True)
    figure.text(366, 174, "time", "muted", size=13)
    return figure
