"""One step of training: what goes around, and what is taken in."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the four stages of a step in a circle, with the parameters in the middle."""
    figure = Figure(400, 240)
    stages = (
        (105, 45, "predictions", "(32, 1)", "blue"),
        (300, 45, "loss", "one number", "orange"),
        (300, 175, "gradient", "as the parameters", "red"),
        (105, 175, "update", "− *η* · gradient", "green"),
    )
    for x, y, name, below, color in stages:
        figure.box(x, y, 130, 48, "", color)
        figure.text(x, y - 9, name)
        figure.text(x, y + 11, below, "muted", size=12)
    figure.line((170, 45), (235, 45), arrow=True)
    figure.line((300, 69), (300, 151), arrow=True)
    figure.line((235, 175), (170, 175), arrow=True)
    figure.line((105, 151), (105, 69), arrow=True)
    figure.text(112, 110, "**w**, *b*", anchor="start")
    figure.line((6, 45), (40, 45), color="muted", arrow=True)
    figure.text(20, 30, "**X**", "muted")
    figure.line((300, 6), (300, 21), color="muted", arrow=True)
    figure.text(315, 10, "**y**", "muted")
    figure.text(202, 225, "again for the next minibatch", "muted", size=13)
    return figure
