"""The two ways through a layer that centres its inputs: in training and in prediction."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw a minibatch, its mean, the stored mean, and which of them is subtracted when."""
    figure = Figure(400, 196)
    for y, title, color in ((60, "training", "blue"), (170, "prediction", "green")):
        figure.text(4, y - 40, title, color, anchor="start")
        figure.box(34, y, 56, 40, "**X**", "muted")
        figure.box(352, y, 84, 40, "**X** − **m**" if y > 100 else "**X** − **a**", color)
        figure.line((62, y), (309, y), color="muted", arrow=True)
    figure.box(190, 60, 96, 36, "mean **a**", "blue")
    figure.box(190, 115, 96, 30, "state **m**", "orange")
    figure.line((190, 78), (190, 100), color="orange", arrow=True)
    figure.line((190, 130), (190, 168), color="orange", arrow=True)
    figure.text(202, 89, "changes", "orange", 13, anchor="start")
    figure.text(202, 148, "is used", "orange", 13, anchor="start")
    return figure
