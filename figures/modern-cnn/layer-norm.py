"""Which entries of a minibatch batch normalization and layer normalization take together."""

from figures.kit import Figure

CELL = (32, 26)


def draw() -> Figure:
    """Draw two matrices of four examples with four features, one column and one row in orange."""
    figure = Figure(360, 176)
    for left, name, chosen in (
        (36, "batch", {(i, 1) for i in range(4)}),
        (210, "layer", {(1, j) for j in range(4)}),
    ):
        figure.grid(left, 44, [[""] * 4] * 4, cell=CELL, colors=dict.fromkeys(chosen, "orange"))
        figure.text(left + 64, 30, "features →", "muted", 13)
        figure.text(left + 64, 10, f"{name} normalization", "ink", 14)
        if name == "batch":
            for i in range(4):
                figure.text(left - 14, 44 + (i + 0.5) * CELL[1], str(i + 1), "muted", 13)
    figure.text(180, 164, "rows are examples", "muted", 13)
    return figure
