"""The digits of a number below the words that they come from; a zero comes from none."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw five words, five digits below them, and lines between those that belong together."""
    figure = Figure(400, 150)
    words = ("forty", "thousand", "seven", "hundred", "twelve")
    xs = (34, 116, 198, 276, 360)
    for x, word in zip(xs, words, strict=True):
        figure.text(x, 24, word, "muted" if word in ("thousand", "hundred") else "blue", size=15)
    homes = (0, None, 2, 4, 4)
    for i, (digit, home) in enumerate(zip("40712", homes, strict=True)):
        x = 74 + 63 * i
        figure.circle(x, 124, 15, digit, "orange" if home is not None else "muted")
        if home is not None:
            figure.line((x, 109), (xs[home], 36), color="blue", arrow=True)
    return figure
