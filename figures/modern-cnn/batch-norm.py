"""Two features of four examples, before and after batch normalization."""

from figures.kit import Figure

X = (("3", "0.1"), ("9", "0.1"), ("11", "0.5"), ("17", "0.5"))
Z = (("−1.4", "−1"), ("−0.2", "−1"), ("0.2", "1"), ("1.4", "1"))
MEANS, DEVIATIONS = ("10", "0.3"), ("5", "0.2")
CELL = (56, 30)


def draw() -> Figure:
    """Draw both matrices, with the mean and the deviation of each column below the first."""
    figure = Figure(388, 224)
    colors = {(i, 1): "orange" for i in range(4)}
    figure.text(134, 18, "minibatch **X**", "muted", 13)
    figure.grid(78, 34, X, cell=CELL, colors=colors)
    for label, y, values in (("mean", 178, MEANS), ("deviation", 206, DEVIATIONS)):
        figure.text(72, y, label, "muted", 12, anchor="end")
        for j, value in enumerate(values):
            figure.text(78 + (j + 0.5) * CELL[0], y, value, ("blue", "orange")[j])
    figure.line((202, 94), (246, 94), color="muted", arrow=True)
    figure.text(314, 18, "normalized", "muted", 13)
    figure.grid(258, 34, Z, cell=CELL, colors=colors)
    for y, value in ((178, "0"), (206, "1")):
        for j in range(2):
            figure.text(258 + (j + 0.5) * CELL[0], y, value, ("blue", "orange")[j])
    return figure
