"""A picture as a grid of numbers, and the two orders of its axes."""

from figures.kit import Figure

LETTER = (
    (0, 3, 0, 1, 0),
    (2, 240, 250, 245, 0),
    (0, 4, 238, 2, 1),
    (1, 0, 250, 0, 3),
    (0, 2, 1, 0, 0),
)


def draw() -> Figure:
    """Draw the letter T in numbers, and stacks of three grids."""
    figure = Figure(400, 200)
    bright = {(i, j): "orange" for i, row in enumerate(LETTER) for j, value in enumerate(row) if value > 100}
    figure.grid(8, 34, LETTER, "muted", cell=(36, 28), colors=bright)
    figure.text(98, 16, "brightness, 0 to 255", "muted", 13)
    for i, color in enumerate(("blue", "green", "red")):
        figure.box(238 + 14 * i, 78 + 12 * i, 56, 56, "", color)
    figure.text(252, 152, "(3, 5, 5)")
    figure.text(252, 172, "channels first", "muted", 13)
    for i in range(3):
        for j in range(3):
            x, y = 334 + 18 * j, 62 + 18 * i
            for k, color in enumerate(("blue", "green", "red")):
                figure.box(x + 4 * k, y + 3 * k, 12, 12, "", color, corner=1)
    figure.text(355, 152, "(5, 5, 3)")
    figure.text(355, 172, "channels last", "muted", 13)
    return figure
