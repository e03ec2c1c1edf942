"""Minibatches of 32, 32, 32 and 8 examples, and how far each moves the weights if all are divided by 32."""

from figures.kit import Figure

WIDTH = 96
STEP = 72


def draw() -> Figure:
    """Draw the minibatches in a row, and an arrow below each."""
    figure = Figure(400, 130)
    left = 8.0
    for count in (32, 32, 32, 8):
        width = WIDTH * count / 32
        short = count < 32
        color = "orange" if short else "blue"
        figure.box(left + width / 2, 28, width, 32, str(count), color)
        if short:
            figure.line((left, 98), (left + STEP, 98), color="muted", dashed=True, arrow=True)
        figure.line((left, 74), (left + STEP * count / 32, 74), color=color, arrow=True)
        left += width + 10
    figure.text(8, 98, "the last step, divided by 8 instead:", "muted", size=13, anchor="start")
    return figure
