"""A stream of random numbers, and who takes which of them."""

from figures.kit import Figure

NUMBERS = (0.3, 1.2, -0.7, 0.1, -1.5, 0.9, 0.4, -0.2, 2.1)
SHARES = (("sizes written out", "hidden", "out", "other"), ("lazy", "other", "hidden", "out"))
COUNTS = {"hidden": 4, "out": 2, "other": 3}
COLORS = {"hidden": "blue", "out": "green", "other": "muted"}


def draw() -> Figure:
    """Draw the same numbers twice, in the colours of those who take them."""
    figure = Figure(400, 200)
    row = [f"{number:.1f}".replace("-", "−") for number in NUMBERS]
    for i, (title, *takers) in enumerate(SHARES):
        top, start = 32 + 100 * i, 0
        figure.text(6, top - 16, title, "ink", 13, anchor="start")
        for name in takers:
            count, left = COUNTS[name], 6 + 43 * start
            figure.grid(left, top, [row[start : start + count]], COLORS[name], cell=(43, 30))
            figure.text(left + 43 * count / 2, top + 46, name, COLORS[name], 13)
            start += count
    return figure
