"""A plain block, a residual block, and a residual block that halves the size."""

from figures.kit import Figure

LAYERS = ("conv 3×3", "norm", "ReLU", "conv 3×3", "norm")
BOTTOM, STEP = 330, 44


def _branch(figure: Figure, x: float, first: str = "conv 3×3") -> float:
    """Draw the layers of a branch from bottom to top; return the height of the last one."""
    y = BOTTOM - 40
    figure.line((x, BOTTOM), (x, y + 15), color="muted", arrow=True)
    for i, layer in enumerate((first, *LAYERS[1:])):
        color = "green" if layer == "ReLU" else "orange" if layer == "norm" else "blue"
        figure.box(x, y, 82, 28, layer, color)
        if i < len(LAYERS) - 1:
            figure.line((x, y - 14), (x, y - STEP + 15), color="muted", arrow=True)
            y -= STEP
    return y


def _column(figure: Figure, x: float, title: str, *, shortcut: bool, halves: bool = False) -> None:
    figure.text(x, 12, title, "muted", 13)
    figure.text(x, BOTTOM + 10, "**X**")
    top = _branch(figure, x, "3×3, by 2" if halves else "conv 3×3")
    plus = top - 36
    if shortcut:
        side = x + (68 if halves else 56)
        figure.line((x, top - 14), (x, plus + 10), color="muted", arrow=True)
        around = (x, BOTTOM - 14), (side, BOTTOM - 14), (side, plus), (x + 11, plus)
        figure.line(*around, color="red", arrow=True)
        figure.circle(x, plus, 9, "+", "red")
        if halves:
            figure.box(side, 202, 46, 28, "1×1", "blue")
    figure.line((x, plus - 9 if shortcut else top - 14), (x, 57), color="muted", arrow=True)
    figure.box(x, 42, 82, 28, "ReLU", "green")
    figure.line((x, 28), (x, 21), color="muted")


def draw() -> Figure:
    """Draw the three blocks side by side."""
    figure = Figure(400, 352)
    _column(figure, 50, "plain", shortcut=False)
    _column(figure, 166, "residual", shortcut=True)
    _column(figure, 296, "half the size", shortcut=True, halves=True)
    return figure
