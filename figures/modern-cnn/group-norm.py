"""Which numbers of a minibatch of pictures three kinds of normalization take together."""

from figures.kit import Figure

SIDE = 11


def draw() -> Figure:
    """Draw two examples with four channels of 2 by 2 numbers, three times."""
    figure = Figure(360, 178)
    kinds = (
        ("batch", {(0, 1), (1, 1)}),
        ("layer", {(0, j) for j in range(4)}),
        ("group", {(0, 0), (0, 1)}),
    )
    for k, (name, chosen) in enumerate(kinds):
        left = 92 + 94 * k
        figure.text(left + 28, 14, name, "ink", 14)
        for i in range(2):
            for j in range(4):
                color = "orange" if (i, j) in chosen else "blue"
                x, y = left + 34 * (j % 2), 34 + 76 * i + 34 * (j // 2)
                figure.grid(x, y, [[""] * 2] * 2, color=color, cell=(SIDE, SIDE))
    for i in range(2):
        figure.text(4, 62 + 76 * i, f"example {i + 1}", "muted", 13, anchor="start")
    return figure
