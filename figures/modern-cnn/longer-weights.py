"""Two steps of SGD on weights whose length does not matter: perpendicular, and the second turns less."""

from itertools import pairwise

from figures.kit import Figure


def draw() -> Figure:
    """Draw the weights before and after two steps, as arrows from one point."""
    figure = Figure(320, 220)
    start, points = (60, 190), [(210, 190), (210, 110), (177, 48)]
    for (x, y), name, color in zip(
        points, ("**w**", "**w**′", "**w**″"), ("blue", "green", "purple"), strict=True
    ):
        figure.line(start, (x, y), color=color, width=2, arrow=True)
        middle = (start[0] + 0.62 * (x - start[0]), start[1] + 0.62 * (y - start[1]) - 12)
        figure.text(*middle, name, color)
    for a, b in pairwise(points):
        figure.line(a, b, color="orange", width=2, dashed=True, arrow=True)
    figure.text(218, 152, "first step", "orange", 13, anchor="start")
    figure.text(202, 74, "second step", "orange", 13, anchor="start")
    return figure
