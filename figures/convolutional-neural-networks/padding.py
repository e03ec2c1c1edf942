"""A picture in a frame of zeros, a kernel that adds four neighbors, and the output."""

from figures.kit import Figure

PICTURE = ((1, 2, 0), (0, 1, 3), (2, 1, 1))
KERNEL = ((0, 1, 0), (1, 0, 1), (0, 1, 0))
OUTPUT = ((2, 2, 5), (4, 6, 2), (1, 4, 4))


def draw() -> Figure:
    """Draw the framed picture, the kernel and the output side by side."""
    figure = Figure(400, 178)
    cell = (28, 26)
    framed = [[0] * 5, *([0, *row, 0] for row in PICTURE), [0] * 5]
    inside = range(1, 4)
    colors = {(i, j): "blue" for i in inside for j in inside}
    colors |= {(i, j): "orange" for i in range(3) for j in range(3)}
    figure.grid(8, 30, framed, "muted", cell=cell, colors=colors)
    figure.line((36, 56), (120, 56), (120, 134), (36, 134), (36, 56), color="blue", width=3)
    figure.grid(184, 56, KERNEL, "green", cell=cell)
    figure.grid(304, 56, OUTPUT, "blue", cell=cell, colors={(0, 0): "orange"})
    figure.text(166, 95, "★", size=16)
    figure.text(286, 95, "=", size=18)
    for x, name in ((78, "picture in its frame"), (226, "kernel"), (346, "output")):
        figure.text(x, 14 if x == 78 else 40, name, "muted", 13)
    return figure
