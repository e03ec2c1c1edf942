"""From text to numbers, in three steps."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw a word as text, as tokens and as indices, and a part of the vocabulary."""
    figure = Figure(400, 225)
    rows = (("text", 20), ("tokens", 80), ("indices", 140))
    for name, y in rows:
        figure.text(8, y, name, "muted", size=13, anchor="start")
    figure.box(170, 20, 170, 32, "“Time!”", "muted")
    for i, (token, index) in enumerate(zip("time", (21, 10, 14, 6), strict=True)):
        x = 103 + 44 * i
        figure.box(x, 80, 36, 32, token)
        figure.box(x, 140, 36, 32, str(index), "green")
        figure.line((x, 97), (x, 123), color="muted", arrow=True)
    figure.line((170, 37), (170, 63), color="muted", arrow=True)
    figure.text(182, 50, "clean, split", size=13, anchor="start")
    figure.text(330, 14, "vocabulary", "muted", size=13)
    entries = ((0, "space"), (1, "unknown"), (2, "a"), (3, "b"), (6, "e"), (10, "i"))
    for k, (index, token) in enumerate(entries):
        figure.text(310, 36 + 22 * k, str(index), "green", size=13, anchor="end")
        figure.text(322, 36 + 22 * k, token, "blue", size=13, anchor="start")
    figure.text(170, 185, "A model reads the numbers alone.", "muted", size=13)
    return figure
