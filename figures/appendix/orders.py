"""Six pieces of a text in three minibatches, in sequential and in random order."""

from figures.kit import Figure

CELL = (36, 28)
ORDERS = (("sequential", [[1, 2, 3], [4, 5, 6]], "blue"), ("random", [[5, 1, 4], [2, 6, 3]], "orange"))


def draw() -> Figure:
    """Draw the text, and a table of minibatches for each order."""
    figure = Figure(400, 190)
    figure.text(40, 26, "text", "muted")
    figure.grid(82, 12, [list(range(1, 7))], "muted", cell=(48, 28))
    for i, (name, rows, color) in enumerate(ORDERS):
        left = 20 + 200 * i
        figure.text(left + 80, 70, name, color)
        for column in range(3):
            x = left + 62 * column
            figure.grid(x, 88, [[row[column]] for row in rows], color, cell=CELL)
            figure.text(x + 18, 162, str(column + 1), "muted", size=13)
            if color == "blue" and column < 2:
                for y in (102, 130):
                    figure.line((x + 38, y), (x + 60, y), color="muted", arrow=True)
    figure.text(200, 182, "minibatches", "muted", size=13)
    return figure
