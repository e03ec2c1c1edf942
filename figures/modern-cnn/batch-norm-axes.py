"""Which numbers of a minibatch of pictures batch normalization takes together."""

from figures.kit import Figure

SIDE = 14


def draw() -> Figure:
    """Draw four examples with three channels of 3 by 3 numbers, those of one channel in orange."""
    figure = Figure(340, 270)
    for j in range(3):
        figure.text(100 + 82 * j + 1.5 * SIDE, 16, f"channel {j + 1}", "orange" if j == 1 else "muted", 13)
    for i in range(4):
        top = 34 + 58 * i
        figure.text(4, top + 1.5 * SIDE, f"example {i + 1}", "muted", 13, anchor="start")
        for j in range(3):
            color = "orange" if j == 1 else "blue"
            rows = [[""] * 3] * 3
            figure.grid(100 + 82 * j, top, rows, color=color, cell=(SIDE, SIDE))
    return figure
