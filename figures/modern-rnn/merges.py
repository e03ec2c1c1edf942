"""Three words, each cut into letters, after one, two and three merges."""

from figures.kit import Figure

ROWS = (
    ("letters", "s e a", "s e a t", "t e a", 23, ()),
    ("*e* + *a*", "s ea", "s ea t", "t ea", 16, ("ea",)),
    ("*s* + *ea*", "sea", "sea t", "t ea", 11, ("ea", "sea")),
    ("*sea* + *t*", "sea", "seat", "t ea", 9, ("ea", "sea", "seat")),
)
CELL = 25


def draw() -> Figure:
    """Draw a row for each step, with the new tokens in colour and the number of tokens at the right."""
    figure = Figure(400, 222)
    places = (84, 172, 285)
    for x, length, name in zip(places, (3, 4, 3), ("3 times", "2 times", "2 times"), strict=True):
        figure.text(x + length * CELL / 2, 14, name, "muted", size=13)
    figure.text(396, 14, "tokens", "muted", size=12, anchor="end")
    for i, (name, *words, total, merged) in enumerate(ROWS):
        y = 50 + 50 * i
        figure.text(4, y, name, "muted" if i == 0 else "orange", size=13, anchor="start")
        for x, word in zip(places, words, strict=True):
            left = x
            for token in word.split():
                width = CELL * len(token)
                newest = merged and token == merged[-1]
                color = "orange" if newest else "green" if token in merged else "blue"
                figure.box(left + width / 2, y, width - 3, 30, token, color)
                left += width
        figure.text(384, y, str(total), "ink", anchor="middle")
    return figure
