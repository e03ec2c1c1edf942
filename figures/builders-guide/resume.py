"""A run that is never interrupted, and one that goes on from a checkpoint."""

from figures.kit import Figure

PARTS = ("parameters", "velocity", "generator", "epoch")


def draw() -> Figure:
    """Draw two rows of epochs, and below the second the checkpoint between epochs 2 and 3."""
    figure = Figure(400, 250)
    xs = (50, 140, 260, 350)
    for y, name in ((46, "one run"), (112, "an interrupted run")):
        figure.text(12, y - 30, name, "muted", 13, anchor="start")
        for epoch, x in enumerate(xs, 1):
            figure.box(x, y, 66, 32, f"epoch {epoch}", "blue")
        for i in (0, 2):
            figure.line((xs[i] + 34, y), (xs[i + 1] - 35, y), color="muted", arrow=True)
    figure.line((174, 46), (225, 46), color="muted", arrow=True)
    figure.line((193, 105), (207, 119), color="red", width=2)
    figure.line((193, 119), (207, 105), color="red", width=2)
    figure.box(200, 202, 104, 88, "", "green")
    for i, name in enumerate(PARTS):
        figure.text(200, 172 + 20 * i, name, "green", 13)
    figure.line((140, 129), (140, 202), (146, 202), color="green", arrow=True)
    figure.line((253, 202), (260, 202), (260, 130), color="green", arrow=True)
    figure.text(134, 166, "write", "green", 13, anchor="end")
    figure.text(267, 166, "read", "green", 13, anchor="start")
    figure.text(134, 202, "checkpoint", "muted", 13, anchor="end")
    return figure
