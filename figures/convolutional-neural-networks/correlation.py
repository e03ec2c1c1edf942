"""A picture of three rows, a kernel of two, and the first of the four outputs."""

from figures.kit import Figure

PICTURE = ((1, 2, 0), (3, 1, 4), (0, 2, 5))
KERNEL = ((1, "−1"), (2, 0))
OUTPUT = ((5, 4), (2, 1))
CELL = (34, 34)


def draw() -> Figure:
    """Draw picture, kernel and output, with the window of the first output, and its sum."""
    figure = Figure(352, 190)
    window = {(i, j): "orange" for i in range(2) for j in range(2)}
    figure.grid(10, 36, PICTURE, "blue", CELL, window)
    figure.text(61, 18, "picture **X**", "muted", 13)
    figure.text(134, 87, "⋆", size=18)
    figure.grid(156, 53, KERNEL, "orange", CELL)
    figure.text(190, 18, "kernel **K**", "muted", 13)
    figure.text(248, 87, "=", size=18)
    figure.grid(272, 53, OUTPUT, "muted", CELL, {(0, 0): "orange"})
    figure.text(306, 18, "output **Y**", "muted", 13)
    figure.text(176, 170, "1 · 1  +  2 · (−1)  +  3 · 2  +  1 · 0  =  5")
    return figure
