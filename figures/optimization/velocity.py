"""The velocity of momentum, for gradients that agree and for gradients that alternate."""

from figures.kit import Axes, Figure

SHARE, STEPS = 0.5, 6


def _panel(figure: Figure, left: float, title: str, sign: float) -> None:
    """Draw gradients, each `sign` times the one before, as bars, and velocities as dots, over the steps."""
    axes = Axes(figure, left=left, top=48, width=170, height=150, xs=(0, STEPS + 0.4), ys=(-1.25, 2.25))
    figure.text(left + 85, 12, title, "muted")
    axes.line([(0, 0), (STEPS + 0.6, 0)], "muted", arrow=True)
    limit = 1 / (1 - sign * SHARE)
    for height in (limit, -limit) if limit < 1 else (limit,):
        axes.line([(0.2, height), (STEPS + 0.4, height)], "green", dashed=True)
    velocity, points = 0.0, []
    for step in range(1, STEPS + 1):
        value = sign ** (step + 1)
        x, bottom = axes.at(step, 0)
        _, top = axes.at(step, value)
        figure.area((x - 6, bottom), (x + 6, bottom), (x + 6, top), (x - 6, top), color="orange")
        figure.line((x - 6, top), (x + 6, top), color="orange", width=2)
        velocity = SHARE * velocity + value
        points.append((step, velocity))
    axes.line(points, "blue")
    for point in points:
        axes.dot(*point, color="blue")


def draw() -> Figure:
    """Draw both panels, and what bars and dots are."""
    figure = Figure(400, 230)
    _panel(figure, 8, "gradients agree", 1.0)
    _panel(figure, 212, "gradients alternate", -1.0)
    figure.text(14, 32, "limit 2", "green", 13, anchor="start")
    figure.text(372, 84, "limits ±2/3", "green", 13, anchor="end")
    figure.text(182, 158, "step", "muted", 13, anchor="end")
    figure.box(112, 217, 12, 12, "", "orange", corner=0)
    figure.text(124, 217, "gradient", "orange", anchor="start")
    figure.dot(232, 217, "blue")
    figure.text(242, 217, "velocity", "blue", anchor="start")
    return figure
