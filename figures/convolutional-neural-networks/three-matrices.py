"""Weights from five pixels in a row to five units: all different, the same everywhere, and local."""

from figures.kit import Figure

SIZE, CELL = 5, 24
COLORS = ("blue", "orange", "green", "red", "purple", "blue", "orange", "green", "red")


def draw() -> Figure:
    """Draw the three matrices, with the number of their weights."""
    figure = Figure(400, 178)
    for number, (name, count) in enumerate((("dense", 25), ("equivariant", 9), ("and local", 3))):
        left = 4 + 136 * number
        figure.text(left + SIZE * CELL / 2, 12, name, size=13)
        for i in range(SIZE):
            for j in range(SIZE):
                offset = j - i
                x, y = left + (j + 0.5) * CELL, 28 + (i + 0.5) * CELL
                text, color = str(SIZE * i + j + 1), "muted"
                if number == 1:
                    text, color = "abcdefghi"[offset + 4], COLORS[offset + 4]
                if number == 2:
                    near = abs(offset) <= 1
                    text, color = ("abcdefghi"[offset + 4], COLORS[offset + 4]) if near else ("0", "muted")
                figure.box(x, y, CELL, CELL, "", color, corner=0)
                figure.text(x, y, text, "muted" if text == "0" else "ink", 12)
        figure.text(left + SIZE * CELL / 2, 164, f"{count} weights", "muted", 13)
    return figure
