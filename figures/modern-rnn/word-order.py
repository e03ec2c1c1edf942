"""The number 321 in English and German words, with lines between the words that belong together."""

from figures.kit import Figure

ENGLISH = ("three", "hundred", "twenty", "one")
GERMAN = ("drei", "hundert", "ein", "und", "zwanzig")
PAIRS = ((0, 0), (1, 1), (2, 4), (3, 2))


def draw() -> Figure:
    """Draw both rows, crossing lines in orange, and the word without a counterpart in red."""
    figure = Figure(390, 158)
    above = [78 + 78 * i for i in range(4)]
    below = [39 + 78 * i for i in range(5)]
    for i, j in PAIRS:
        color = "orange" if i > 1 else "blue"
        figure.line((above[i], 48), (below[j], 110), color=color, width=2)
    for x, word in zip(above, ENGLISH, strict=True):
        figure.box(x, 32, 72, 30, word, "blue")
    for x, word in zip(below, GERMAN, strict=True):
        figure.box(x, 126, 72, 30, word, "red" if word == "und" else "green")
    return figure
