"""A one-hot row times a matrix is a row of the matrix."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the product with the chosen row marked."""
    figure = Figure(400, 150)
    figure.grid(8, 58, [[0, 1, 0]], colors={(0, 1): "orange"})
    figure.text(59, 36, "one-hot *o*", "muted")
    figure.text(125, 72, "·", size=20)
    rows = [[0.3, 0.1, 0.7, 0.2], [0.5, 0.9, 0.4, 0.1], [0.6, 0.2, 0.8, 0.0]]
    colors = {(1, j): "orange" for j in range(4)}
    figure.grid(140, 30, rows, "green", cell=(30, 28), colors=colors)
    figure.text(200, 132, "**W**_{xh}", "muted")
    figure.text(274, 72, "=", size=18)
    figure.grid(288, 58, [rows[1]], "green", cell=(27, 28), colors={(0, j): "orange" for j in range(4)})
    figure.text(342, 36, "its row", "muted")
    return figure
