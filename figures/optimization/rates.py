"""Four learning rates on the same parabola."""

from figures.kit import Axes, Figure

_PANELS = (
    ("0.05: too small", 0.05, 8, "blue"),
    ("0.25: fine", 0.25, 5, "green"),
    ("0.75: swings", 0.75, 5, "orange"),
    ("1.1: diverges", 1.1, 3, "red"),
)


def draw() -> Figure:
    """Draw x², and the points of gradient descent from 4 for each rate."""
    figure = Figure(400, 330)
    for k, (title, rate, steps, color) in enumerate(_PANELS):
        left, top = 12 + 202 * (k % 2), 32 + 162 * (k // 2)
        axes = Axes(figure, left=left, top=top, width=174, height=110, xs=(-7.2, 7.2), ys=(0, 52))
        figure.text(left + 87, top - 14, title, color)
        axes.line([(-7.2, 0), (7.2, 0)], "muted")
        axes.curve(lambda x: x**2, "muted")
        points = [4 * (1 - 2 * rate) ** i for i in range(steps + 1)]
        axes.line([(x, x**2) for x in points], color)
        for x in points:
            axes.dot(x, x**2, color)
        for x in (0, 4):
            figure.text(axes.at(x, 0)[0], top + 124, str(x), "muted", size=12)
    return figure
