"""An epoch: the examples in random order, cut into minibatches."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw ten examples, the same in another order, and three minibatches of them."""
    figure = Figure(400, 150)
    order = (6, 2, 9, 0, 4, 7, 3, 8, 1, 5)
    figure.text(8, 12, "examples", "muted", size=13, anchor="start")
    figure.grid(8, 24, [list(range(10))], "muted", cell=(34, 26))
    figure.text(8, 78, "an epoch", "muted", size=13, anchor="start")
    for first, color in ((0, "blue"), (4, "orange"), (8, "green")):
        batch = order[first : first + 4]
        figure.grid(8 + 38 * first - 4 * (first // 4) * 3, 92, [batch], color, cell=(34, 26))
    figure.text(76, 134, "minibatch 1", "blue", size=12)
    figure.text(216, 134, "minibatch 2", "orange", size=12)
    figure.text(330, 134, "3 (shorter)", "green", size=12)
    return figure
