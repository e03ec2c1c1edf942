"""The sizes of two pictures on their way through the same layers, and the shapes of the weights."""

from figures.kit import Figure

SIZES = (
    ("28 × 28 × 1", "32 × 32 × 1"),
    ("12 × 12 × 8", "14 × 14 × 8"),
    ("4 × 4 × 16", "5 × 5 × 16"),
    ("256", "400"),
    ("10", "10"),
)
WEIGHTS = {0: "5 × 5 × 1 × 8", 1: "5 × 5 × 8 × 16", 2: "none"}


def draw() -> Figure:
    """Draw both columns of sizes, and between them what the layers need."""
    figure = Figure(400, 330)
    figure.text(62, 14, "width 28", "muted", 13)
    figure.text(338, 14, "width 32", "muted", 13)
    figure.text(200, 14, "weights", "muted", 13)
    for i, row in enumerate(SIZES):
        y = 46 + 64 * i
        for x, name in zip((62, 338), row, strict=True):
            figure.box(x, y, 108, 30, name, "blue" if i < 3 else "green")
            if i:
                figure.line((x, y - 48), (x, y - 16), color="muted", arrow=True)
    for i, name in WEIGHTS.items():
        figure.text(200, 78 + 64 * i, name, "muted" if name == "none" else "blue")
    for x, name in ((142, "256 × 10"), (258, "400 × 10")):
        figure.text(x, 270, name, "orange")
    return figure
