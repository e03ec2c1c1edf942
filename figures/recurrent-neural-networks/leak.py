"""Windows for training and validation, split in time or scattered."""

from figures.kit import Figure

SPLITS = (
    ("split in time", (12, 13, 14, 15), (10, 11)),
    ("shuffled, then split", (2, 6, 9, 13), ()),
)


def draw() -> Figure:
    """Draw both rows of sixteen windows, and the meaning of the colours."""
    figure = Figure(400, 196)
    for row, (name, validation, unused) in enumerate(SPLITS):
        y = 46 + 66 * row
        figure.text(8, y - 28, name, size=13, anchor="start")
        for i in range(16):
            color = "orange" if i in validation else "muted" if i in unused else "blue"
            figure.box(19 + 24 * i, y, 20, 24, color=color)
    key = ((8, "training", "blue"), (142, "validation", "orange"), (286, "left out", "muted"))
    for x, name, color in key:
        figure.box(x + 10, 176, 18, 18, color=color)
        figure.text(x + 26, 176, name, "ink", size=13, anchor="start")
    figure.line((8, 146), (388, 146), color="muted", arrow=True)
    figure.text(352, 156, "time", "muted", size=12, anchor="start")
    return figure
