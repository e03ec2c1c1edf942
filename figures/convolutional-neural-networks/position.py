"""A row of ones and the outputs of three averaging layers: the zero at the border moves inside."""

from fractions import Fraction

from figures.kit import Figure

WIDTH, HEIGHT, STEP = 52, 30, 64
LEFT, TOP = 66, 46
SHOWN = 6
NAMES = ("pixels", "layer 1", "layer 2", "layer 3")


def rows() -> list[list[Fraction]]:
    """Return the left end of a long row of ones, and what three layers make of it."""
    row = [Fraction(1)] * 12
    found = [row]
    for _ in range(3):
        left, right = [Fraction(0), *row[:-1]], [*row[1:], Fraction(1)]
        row = [(a + b + c) / 3 for a, b, c in zip(left, row, right, strict=True)]
        found.append(row)
    return found


def draw() -> Figure:
    """Draw the rows above each other, the zeros in front, and lines to the first outputs."""
    figure = Figure(400, 276)

    def place(layer: int, i: int) -> tuple[float, float]:
        """Return the middle of the cell of pixel ``i``, where -1 is the zero in front."""
        return LEFT + (i + 1.5) * WIDTH - 25, TOP + (3 - layer) * STEP + HEIGHT / 2

    for layer in range(1, 4):
        for i in range(layer):
            for j in (i - 1, i, i + 1):
                (x, y), (u, v) = place(layer - 1, j), place(layer, i)
                traced = j < layer - 1
                color, dashed = ("orange", False) if traced else ("muted", True)
                figure.line((x, y - HEIGHT / 2), (u, v + HEIGHT / 2), color=color, dashed=dashed)
    for layer, row in enumerate(rows()):
        _, y = place(layer, 0)
        figure.text(8, y - HEIGHT / 2 - 11, NAMES[layer], "muted", 13, anchor="start")
        if layer < 3:
            figure.box(place(layer, -1)[0], y, WIDTH - 8, HEIGHT, "0", "orange", corner=0)
        for i in range(SHOWN - 1):
            color = "orange" if i < layer else "blue"
            figure.box(place(layer, i)[0], y, WIDTH - 8, HEIGHT, str(row[i]), color, corner=0)
        figure.text(place(layer, SHOWN - 1)[0] - 8, y, "…", "muted", 16)
    for i in range(SHOWN - 1):
        figure.text(place(3, i)[0], 14, str(i), "muted", 13)
    figure.text(place(3, -1)[0] - 6, 14, "distance", "muted", 13)
    return figure
