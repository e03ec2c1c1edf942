"""A column and a row are stretched to a matrix, and added entry by entry."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the column, the row, what they are stretched to, and the sum."""
    figure = Figure(400, 160)
    cell = (34, 28)
    stretched = {(i, 1): "muted" for i in range(3)}
    below = {(i, j): "muted" for i in (1, 2) for j in (0, 1)}
    figure.grid(10, 30, [[0, 0], [1, 1], [2, 2]], cell=cell, colors=stretched)
    figure.text(105, 72, "+", size=18)
    figure.grid(132, 30, [[10, 20]] * 3, "orange", cell=cell, colors=below)
    figure.text(232, 72, "=", size=18)
    figure.grid(264, 30, [[10 + i, 20 + i] for i in range(3)], "green", cell=cell)
    figure.text(44, 135, "(3, 1)", "blue")
    figure.text(166, 135, "(1, 2)", "orange")
    figure.text(298, 135, "(3, 2)", "green")
    return figure
