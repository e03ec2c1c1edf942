"""Three keys and a query in other coordinates, before and after a matrix turns it and makes it longer."""

import math

from figures.kit import Figure

UNIT = 44
KEYS = ((1, 0), (0, 1), (-1, 0))


def draw() -> Figure:
    """Draw keys and query as arrows twice, with the weights of the keys at their tips."""
    figure = Figure(400, 196)
    for center, query, factor, name in ((96, (-1, 0), 1, "before"), (304, (0, 1), 5, "after")):
        scores = [factor * (query[0] * x + query[1] * y) for x, y in KEYS]
        total = sum(map(math.exp, scores))
        y0 = 132
        for (x, y), score, shift in zip(KEYS, scores, ((22, 0), (-22, 2), (-22, 0)), strict=True):
            tip = (center + UNIT * x, y0 - UNIT * y)
            figure.line((center, y0), tip, color="orange", width=2, arrow=True)
            weight = math.exp(score) / total
            figure.text(tip[0] + shift[0], tip[1] + shift[1], f"{weight:.2f}", "orange", 13)
        length = 2.2 * UNIT if factor == 5 else UNIT
        side = 7
        start = (center + side * query[1], y0 + side * query[0] * -1)
        stop = (start[0] + length * query[0], start[1] - length * query[1])
        figure.line(start, stop, color="blue", width=3, arrow=True)
        figure.text(center, 14, name, "muted", 13)
    figure.text(66, 156, "query", "blue", 13)
    figure.text(352, 66, "query × 5", "blue", 13)
    figure.text(200, 186, "orange: keys with their weights", "orange", 13)
    return figure
