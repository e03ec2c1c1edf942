"""A matrix times a vector as a layer: each row makes one output."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw W x = y with numbers, and the same as a network of three inputs and two outputs."""
    figure = Figure(400, 200)
    rows = {(1, j): "orange" for j in range(3)}
    figure.grid(8, 62, [[1, 0, 2], ["−1", 3, 0]], "green", cell=(30, 28), colors=rows)
    figure.grid(108, 48, [[2], [1], [3]], cell=(30, 28))
    figure.text(153, 90, "=", size=18)
    figure.grid(168, 62, [[8], [1]], "green", cell=(30, 28), colors={(1, 0): "orange"})
    figure.text(53, 150, "**W**: (2, 3)", "muted")
    figure.text(123, 150, "**x**", "muted")
    figure.text(183, 150, "**y**", "muted")
    weights = ((1, 0, 2), (-1, 3, 0))
    for i, (y, color) in enumerate(((60, "green"), (130, "orange"))):
        for j, x in enumerate((30, 95, 160)):
            if weights[i][j]:
                figure.line((278, x), (352, y), color=color, width=1 + abs(weights[i][j]) / 2)
        figure.circle(366, y, 16, str((8, 1)[i]), color)
    for x, value in ((30, 2), (95, 1), (160, 3)):
        figure.circle(264, x, 16, str(value))
    return figure
