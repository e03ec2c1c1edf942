"""A file takes the numbers of one model to another; the class stays in the program."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw two models and the file between them."""
    figure = Figure(400, 150)
    for x, name in ((76, "first model"), (324, "second model")):
        figure.text(x, 14, name, "muted", 13)
        figure.box(x, 80, 130, 112, "", "muted")
        figure.box(x, 54, 106, 36, "class MLP", "blue")
        figure.box(x, 106, 106, 36, "numbers", "orange")
    figure.box(200, 106, 64, 46, "file", "green")
    figure.line((130, 106), (167, 106), color="green", arrow=True)
    figure.line((233, 106), (270, 106), color="green", arrow=True)
    figure.text(200, 72, "save, load", "green", 13)
    return figure
