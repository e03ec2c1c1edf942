"""Masks: scores of two sequences with lengths 2 and 3, and the weights that softmax gives to what counts."""

from figures.kit import Figure

CELL = (44, 32)
ROWS = ((("0.0", "1.1", "0.7", "2.3"), 2), (("1.1", "0.0", "0.7", "1.4"), 3))
WEIGHTS = (("0.25", "0.75", "0", "0"), ("0.50", "0.17", "0.33", "0"))


def draw() -> Figure:
    """Draw scores on the left, masked ones in gray, and weights on the right, with an arrow between them."""
    figure = Figure(400, 136)
    masked = {(i, j) for i, (_, length) in enumerate(ROWS) for j in range(length, 4)}
    for left, name, rows, color in (
        (4, "scores", [row for row, _ in ROWS], "blue"),
        (220, "weights", list(WEIGHTS), "orange"),
    ):
        figure.text(left + 2 * CELL[0], 14, name, "muted", 13)
        colors = dict.fromkeys(masked, "muted")
        figure.grid(left, 30, rows, color, CELL, colors)
    figure.line((186, 62), (212, 62), color="muted", arrow=True)
    figure.text(200, 118, "gray: masked keys", "muted", 13)
    return figure
