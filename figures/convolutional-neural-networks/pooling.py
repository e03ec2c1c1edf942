"""Maxima and means of four windows of a small matrix."""

from figures.kit import Figure

INPUT = ((1, 3, 0, 2), (4, 2, 1, 1), (0, 0, 6, 2), (8, 0, 4, 0))
COLORS = (("blue", "orange"), ("green", "purple"))


def draw() -> Figure:
    """Draw the matrix with a color for each window, and the two results."""
    figure = Figure(400, 196)
    colors = {(i, j): COLORS[i // 2][j // 2] for i in range(4) for j in range(4)}
    figure.grid(10, 36, INPUT, cell=(36, 34), colors=colors)
    two = (0, 1)
    windows = [[[INPUT[2 * i + a][2 * j + b] for a in two for b in two] for j in two] for i in two]
    small = {(i, j): COLORS[i][j] for i in (0, 1) for j in (0, 1)}
    figure.grid(204, 70, [[max(w) for w in row] for row in windows], cell=(40, 34), colors=small)
    figure.grid(308, 70, [[f"{sum(w) / 4:g}" for w in row] for row in windows], cell=(40, 34), colors=small)
    figure.line((160, 104), (196, 104), color="muted", arrow=True)
    for x, name in ((82, "input"), (244, "maximum"), (348, "mean")):
        figure.text(x, 18 if x == 82 else 52, name, "muted", 13)
    return figure
