"""Binary digits of the positions 0 to 15, and sines of three frequencies below them."""

import math

from figures.kit import Figure

LEFT, CELL = 72, 20


def draw() -> Figure:
    """Draw a row of squares for each binary digit, and a wave for each of three frequencies."""
    figure = Figure(400, 292)
    figure.text(LEFT - 8, 16, "position", "muted", size=12, anchor="end")
    for i in range(16):
        x = LEFT + (i + 0.5) * CELL
        figure.text(x, 16, str(i), "muted", size=12)
        for row, value in enumerate((8, 4, 2, 1)):
            digit = i // value % 2
            color = "blue" if digit else "muted"
            figure.box(x, 40 + 21 * row, CELL, 21, str(digit), color, corner=0)
    for row, value in enumerate((8, 4, 2, 1)):
        figure.text(LEFT - 8, 40 + 21 * row, f"{value}s", "muted", size=12, anchor="end")
    for row, rate in enumerate((1 / 4, 1 / 2, 1)):
        middle = 142 + 54 * row
        figure.text(LEFT - 8, middle, f"*ω* = {rate:g}", "muted", size=12, anchor="end")
        figure.line((LEFT, middle), (LEFT + 16 * CELL, middle), color="muted", width=1)
        points = [k / 10 for k in range(-5, 156)]
        figure.line(
            *((LEFT + (p + 0.5) * CELL, middle - 20 * math.sin(rate * p)) for p in points), color="orange"
        )
        for i in range(16):
            figure.dot(LEFT + (i + 0.5) * CELL, middle - 20 * math.sin(rate * i), "orange", 3)
    return figure
