"""Windows of three pixels at stride 2, without padding and with two kinds of it."""

from figures.kit import Figure

WIDTH = 34
ROWS = (
    ("no padding", 0, 0, (0, 2, 4)),
    ("one zero at each end", 1, 1, (-1, 1, 3, 5)),
    ("one zero at the end", 0, 1, (0, 2, 4, 6)),
)


def draw() -> Figure:
    """Draw eight pixels with their zeros and windows, three times."""
    figure = Figure(400, 318)
    for row, (name, before, after, starts) in enumerate(ROWS):
        top = 12 + 106 * row
        figure.text(8, top, name, size=13, anchor="start")
        y = top + 26
        for i in range(-before, 8 + after):
            x = 64 + WIDTH * i
            if 0 <= i < 8:
                seen = any(start <= i < start + 3 for start in starts)
                figure.box(x, y, WIDTH, 26, str(i), "blue" if seen else "red", corner=0)
            else:
                left, right = x - WIDTH / 2, x + WIDTH / 2
                figure.line(
                    (left, y - 13),
                    (right, y - 13),
                    (right, y + 13),
                    (left, y + 13),
                    (left, y - 13),
                    color="muted",
                    dashed=True,
                )
                figure.text(x, y, "0", "muted")
        for k, start in enumerate(starts):
            left, right = 64 + WIDTH * (start - 0.5) + 3, 64 + WIDTH * (start + 2.5) - 3
            height = y + 26 + 18 * (k % 2)
            figure.line((left, height), (right, height), color="orange", width=3)
            figure.dot((left + right) / 2, height, "orange", 5)
    return figure
