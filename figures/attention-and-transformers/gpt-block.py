"""A block of a GPT: two branches beside the residual stream."""

from figures.kit import Figure

STREAM, BRANCH = 80, 230


def _branch(figure: Figure, bottom: float, layers: tuple[tuple[str, str], ...]) -> None:
    """Draw layers from bottom to top that leave the stream and come back to it at a plus."""
    figure.line((STREAM, bottom), (BRANCH, bottom), (BRANCH, bottom - 12), color="muted", arrow=True)
    y = bottom - 26.0
    for i, (name, color) in enumerate(layers):
        figure.box(BRANCH, y, 118, 26, name, color)
        if i < len(layers) - 1:
            figure.line((BRANCH, y - 13), (BRANCH, y - 22), color="muted", arrow=True)
            y -= 36
    figure.line((BRANCH, y - 13), (BRANCH, y - 28), (STREAM + 12, y - 28), color="muted", arrow=True)
    figure.circle(STREAM, y - 28, 10, "+", "red")


def draw() -> Figure:
    """Draw the stream from X at the bottom to Z at the top."""
    figure = Figure(320, 378)
    figure.line((STREAM, 352), (STREAM, 30), color="red", width=4)
    figure.text(STREAM, 366, "**X**")
    figure.text(STREAM, 16, "**Z**")
    figure.text(STREAM - 14, 335, "stream", "red", 13, "end")
    figure.text(STREAM - 14, 196, "**Y**", anchor="end")
    _branch(figure, 330, (("norm", "orange"), ("attention", "green")))
    small = (("norm", "orange"), ("dense, 4*h*", "blue"), ("GELU", "green"), ("dense, *h*", "blue"))
    _branch(figure, 208, small)
    return figure
