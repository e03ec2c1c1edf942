"""A query and a key that are turned by 30 degrees per position, at two places two positions apart."""

import math

from figures.kit import Figure, Point

RADIUS = 72


def _at(center: Point, degrees: float, radius: float = RADIUS) -> Point:
    """Return the point of a circle at an angle, counterclockwise from the right."""
    angle = math.radians(degrees)
    return center[0] + radius * math.cos(angle), center[1] - radius * math.sin(angle)


def draw() -> Figure:
    """Draw a circle for the positions 3 and 1, and another for 7 and 5."""
    figure = Figure(400, 212)
    for center, t, s in (((100.0, 130.0), 3, 1), ((300.0, 130.0), 7, 5)):
        circle = [_at(center, d) for d in range(0, 361, 6)]
        figure.line(*circle, color="muted", width=1)
        figure.line(center, _at(center, 0), color="muted", dashed=True)
        figure.line(*(_at(center, d, 26) for d in range(30 * s, 30 * t + 1, 5)), color="ink")
        figure.text(*_at(center, 15 * (s + t), 42), "60°", size=13)
        for position, color in ((t, "blue"), (s, "orange")):
            figure.line(center, _at(center, 30 * position), color=color, width=2.5, arrow=True)
            x, y = _at(center, 30 * position, RADIUS + 12)
            anchor = "middle" if abs(x - center[0]) < 20 else "start" if x > center[0] else "end"
            figure.text(x, y, f"{position}", color, size=14, anchor=anchor)
        figure.text(center[0], 14, f"query at {t}, key at {s}", "muted", size=13)
    return figure
