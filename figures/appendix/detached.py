"""How many characters each state has read, in sequential and in random order, with pieces of two."""

from figures.kit import Figure

PIECES = (116, 219, 322)


def draw() -> Figure:
    """Draw three minibatches for each order, and the measurement, with the ways of state and gradient."""
    figure = Figure(400, 236)
    for i, x in enumerate(PIECES):
        figure.text(x + 29, 14, f"minibatch {i + 1}", "muted", 12)

    def states(y: float, name: str, counts: str, color: str, trains: bool) -> None:
        figure.text(2, y, name, color, 13, "start")
        if trains:
            figure.text(2, y + 30, "gradient", "orange", 13, "start")
        numbers = counts.split()
        for i, x in enumerate(PIECES):
            ours = numbers[2 * i : 2 * i + 2]
            begins = ours[0] == "1"
            if begins:
                figure.text(x - 30, y, "0", "muted", 13)
                figure.line((x - 24, y), (x - 13, y), color="muted", arrow=True)
            else:
                figure.line((x - 39, y), (x - 13, y), color=color, width=2, arrow=True)
            for j, number in enumerate(ours):
                figure.circle(x + 50 * j, y, 12, number, color)
            figure.line((x + 13, y), (x + 36, y), color=color, width=2, arrow=True)
            if trains:
                figure.line((x + 56, y + 30), (x - 6, y + 30), color="orange", width=2, arrow=True)

    states(50, "sequential", "1 2 3 4 5 6", "blue", True)
    states(132, "random", "1 2 1 2 1 2", "green", True)
    states(214, "measured", "1 2 3 4 5 6", "purple", False)
    return figure
