"""The bits of three formats of numbers."""

from figures.kit import Figure

FORMATS = (("float32", 1, 8, 23), ("bfloat16", 1, 8, 7), ("float16", 1, 5, 10))
SIDE = 12


def draw() -> Figure:
    """Draw a row of boxes for each format, one box for a bit."""
    figure = Figure(400, 216)
    for row, (name, *counts) in enumerate(FORMATS):
        y = 30 + 62 * row
        figure.text(8, y - 18, f"**{name}**", anchor="start")
        x = 8
        for count, color in zip(counts, ("red", "orange", "blue"), strict=True):
            for i in range(count):
                figure.box(x + (i + 0.5) * SIDE, y, SIDE, 18, "", color, corner=0)
            if count > 1:
                figure.text(x + count * SIDE / 2, y + 18, str(count), color, 13)
            x += count * SIDE
    for x, name, color in ((8, "sign", "red"), (60, "exponent", "orange"), (150, "fraction", "blue")):
        figure.box(x + 6, 204, SIDE, 14, "", color, corner=0)
        figure.text(x + 18, 204, name, color, 13, anchor="start")
    return figure
