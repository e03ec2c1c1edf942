"""The encoder and the decoder of the Transformer, and the one arrow that joins them."""

from figures.kit import Figure

STEP = 38


def _sublayer(figure: Figure, x: float, y: float, name: str, color: str, side: int) -> None:
    """Draw a sublayer with add and norm above it, and the shortcut around it on one side."""
    figure.line((x, y + STEP - 14), (x, y + 14), color="muted", arrow=True)
    figure.box(x, y, 128, 26, name, color)
    figure.line((x, y - 13), (x, y - STEP + 14), color="muted", arrow=True)
    figure.box(x, y - STEP, 128, 26, "add, norm", "muted")
    edge = x + side * 78
    figure.line(
        (x, y + 19), (edge, y + 19), (edge, y - STEP), (x + side * 66, y - STEP), color="blue", arrow=True
    )


def draw() -> Figure:
    """Draw two columns from the tokens at the bottom to the vectors and scores at the top."""
    figure = Figure(400, 450)
    left, right, ground = 94, 302, 438
    for x, name in ((left, "input tokens"), (right, "output up to now")):
        figure.text(x, ground, name, "ink", size=13)
        figure.line((x, ground - 11), (x, ground - 25), color="muted", arrow=True)
        figure.box(x, ground - 39, 128, 26, "embedding", "green")
        figure.line((x, ground - 52), (x, ground - 64), color="muted", arrow=True)
        figure.box(x, ground - 78, 128, 26, "+ positions", "green")
    first = ground - 78 - STEP - 2
    _sublayer(figure, left, first, "attention", "orange", -1)
    _sublayer(figure, left, first - 2 * STEP, "network", "purple", -1)
    _sublayer(figure, right, first, "causal attention", "orange", 1)
    _sublayer(figure, right, first - 2 * STEP, "cross-attention", "orange", 1)
    _sublayer(figure, right, first - 4 * STEP, "network", "purple", 1)
    top = first - 3 * STEP
    figure.line((left, top - 13), (left, top - 34), color="red", width=2)
    middle = 198
    cross = first - 2 * STEP
    figure.line(
        (left, top - 34), (middle, top - 34), (middle, cross), (right - 66, cross),
        color="red", width=2, arrow=True,
    )  # fmt: skip
    figure.text(left, top - 48, "a vector per token", "red", size=13)
    last = first - 5 * STEP
    figure.line((right, last - 13), (right, last - 28), color="muted", arrow=True)
    figure.box(right, last - 42, 128, 26, "dense", "green")
    figure.line((right, last - 55), (right, last - 68), color="muted", arrow=True)
    figure.text(right, last - 78, "scores of the next token", "ink", size=13)
    figure.text(left, top - 78, "encoder: *L* blocks", "muted", size=15)
    figure.text(right, last - 104, "decoder: *L* blocks", "muted", size=15)
    return figure
