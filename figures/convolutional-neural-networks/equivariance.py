"""Moving a picture and applying a layer, in both orders."""

from figures.kit import Figure

SIZE, CELL, GAP = 6, 20, 84
SHAPE = ((1, 1), (2, 1), (3, 1), (3, 2))
MOVE = 2


def found(shape: set[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Return where the right neighbour is brighter, in green, and where it is darker, in red."""
    colors = {}
    for i in range(SIZE):
        for j in range(SIZE):
            change = ((i, j + 1) in shape) - ((i, j) in shape)
            if change:
                colors[i, j] = "green" if change > 0 else "red"
    return colors


def draw() -> Figure:
    """Draw picture and map at the top, both moved at the bottom, and arrows between them."""
    side = SIZE * CELL
    figure = Figure(372, 346)
    left, right = 24, 24 + side + GAP
    for row in range(2):
        top = 24 + row * (side + 66)
        shape = {(i, j + MOVE * row) for i, j in SHAPE}
        blank = [[""] * SIZE] * SIZE
        figure.grid(left, top, blank, "muted", (CELL, CELL), dict.fromkeys(shape, "orange"))
        figure.grid(right, top, blank, "muted", (CELL, CELL), found(shape))
        middle = top + side / 2
        figure.line((left + side + 10, middle), (right - 10, middle), arrow=True)
        figure.text(left + side + GAP / 2, middle - 14, "layer", size=13)
    for x in (left, right):
        top = 24 + side
        figure.line((x + side / 2, top + 8), (x + side / 2, top + 58), arrow=True)
        figure.text(x + side / 2 + 10, top + 33, "move", size=13, anchor="start")
    figure.text(left + side / 2, 10, "picture", "muted", 13)
    figure.text(right + side / 2, 10, "output", "muted", 13)
    return figure
