"""A network of three blocks, with shapes and numbers of parameters."""

from figures.kit import Figure

BLOCKS = (
    ("(1, 8)", "14 × 14 × 8", ("80",)),
    ("(1, 16)", "7 × 7 × 16", ("1,168",)),
    ("(2, 32)", "3 × 3 × 32", ("4,640", "9,248")),
)
DENSE = (("dense, ReLU", "64", "18,496"), ("dense", "10", "650"))
MIDDLE, WIDTH, ROW = 132, 112, 30
SHAPES, COUNTS = 258, 390


def draw() -> Figure:
    """Draw the network from top to bottom."""
    figure = Figure(400, 402)
    figure.text(SHAPES, 12, "shape", "muted", 13)
    figure.text(COUNTS, 12, "parameters", "muted", 13, anchor="end")
    figure.text(MIDDLE, 36, "picture")
    figure.text(SHAPES, 36, "28 × 28 × 1")
    y = 46.0
    for pair, shape, counts in BLOCKS:
        height = ROW * (len(counts) + 1) + 10
        figure.line((MIDDLE, y), (MIDDLE, y + 12), color="muted", arrow=True)
        y += 12
        figure.box(MIDDLE, y + height / 2, WIDTH + 16, height, color="muted")
        figure.text(34, y + height / 2, pair, "orange")
        for i, count in enumerate(counts):
            row = y + 5 + ROW * (i + 0.5)
            figure.box(MIDDLE, row, WIDTH, 24, "3×3, ReLU", "blue")
            figure.text(COUNTS, row, count, anchor="end")
        row = y + 5 + ROW * (len(counts) + 0.5)
        figure.box(MIDDLE, row, WIDTH, 24, "max pool 2×2", "green")
        figure.text(SHAPES, row, shape)
        y += height
    for name, shape, count in DENSE:
        figure.line((MIDDLE, y), (MIDDLE, y + 14), color="muted", arrow=True)
        y += 14
        figure.box(MIDDLE, y + 12, WIDTH, 24, name, "purple")
        figure.text(SHAPES, y + 12, shape)
        figure.text(COUNTS, y + 12, count, anchor="end")
        y += 24
    return figure
