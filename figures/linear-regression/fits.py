"""Too simple, about right, too flexible: three curves for the same eight points."""

import math

from figures.kit import Axes, Figure

XS = (0.04, 0.15, 0.29, 0.42, 0.55, 0.7, 0.83, 0.97)
YS = (0.35, 0.79, 0.86, 0.66, 0.12, 0.18, -0.12, 0.38)
POINTS = tuple(zip(XS, YS, strict=True))


def interpolate(x: float) -> float:
    """Return the value of the polynomial through all points (Lagrange's form)."""
    return sum(
        y * math.prod((x - other) / (own - other) for other, _ in POINTS if other != own) for own, y in POINTS
    )


def draw() -> Figure:
    """Draw the points three times, each with another curve."""
    figure = Figure(400, 185)
    n = len(POINTS)
    mean_x, mean_y = sum(XS) / n, sum(YS) / n
    slope = sum((x - mean_x) * (y - mean_y) for x, y in POINTS) / sum((x - mean_x) ** 2 for x, _ in POINTS)

    def line(x: float) -> float:
        return mean_y + slope * (x - mean_x)

    def wave(x: float) -> float:
        return 0.35 + 0.5 * math.sin(2 * math.pi * x * 0.98)

    curves = (
        ("too simple", line, "orange"),
        ("about right", wave, "green"),
        ("too flexible", interpolate, "red"),
    )
    for i, (name, curve, color) in enumerate(curves):
        axes = Axes(figure, left=8 + 134 * i, top=20, width=116, height=120, xs=(0, 1), ys=(-0.9, 1.5))
        inside = [k / 200 for k in range(201) if -0.9 <= curve(k / 200) <= 1.5]
        axes.line([(x, curve(x)) for x in inside], color)
        for x, y in POINTS:
            axes.dot(x, y)
        figure.text(axes.left + 58, 165, name, color)
    return figure
