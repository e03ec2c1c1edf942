"""A schedule of ten updates: a line up to the largest rate, then half a cosine down to zero."""

import math

from figures.kit import Axes, Figure

FIRST, BASE, WARM_UP, UPDATES = 0.1, 0.4, 2, 10


def rate(t: float) -> float:
    """Return the learning rate after ``t`` updates."""
    if t < WARM_UP:
        return FIRST + (BASE - FIRST) * t / WARM_UP
    return BASE * (1 + math.cos(math.pi * (t - WARM_UP) / (UPDATES - WARM_UP))) / 2


def draw() -> Figure:
    """Draw the curve, the rate of each update, and where the warm-up ends."""
    figure = Figure(400, 250)
    axes = Axes(figure, left=40, top=45, width=325, height=150, xs=(0, 10.4), ys=(0, 0.44))
    (x0, y0), (x1, y1) = axes.at(0, 0), axes.at(WARM_UP, 0.44)
    figure.area((x0, y0), (x1, y0), (x1, y1), (x0, y1), color="orange")
    axes.frame("", "")
    figure.text(34, 22, "rate", "muted", anchor="start")
    figure.text((x0 + x1) / 2 + 8, 32, "warm-up", "orange", 13)
    figure.text(axes.at(6.5, 0)[0], 32, "half a cosine", "blue", 13)
    axes.curve(rate, "orange", between=(0, WARM_UP))
    axes.curve(rate, "blue", between=(WARM_UP, UPDATES))
    for t in range(UPDATES + 1):
        x, y = axes.at(t, rate(t))
        figure.dot(x, y, "orange" if t < WARM_UP else "blue")
        figure.text(x, axes.at(0, 0)[1] + 14, str(t), "muted", 12)
        if t not in (3, 5, 7, 9):
            below = t < WARM_UP
            place = (x + 6, y + 13) if below else (x + 6, y - 12)
            label = f"{rate(t):.3f}".rstrip("0").rstrip(".")
            figure.text(*place, label, "orange" if below else "blue", 12, anchor="start")
    figure.text(390, 236, "updates so far", "muted", 13, anchor="end")
    return figure
