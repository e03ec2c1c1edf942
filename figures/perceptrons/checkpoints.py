"""Which hidden layers are kept, with and without checkpoints, when the way back begins."""

from figures.kit import Figure


def _row(figure: Figure, y: float, kept: set[int], again: set[int]) -> None:
    for i in range(10):
        color = "blue" if i in kept else "orange" if i in again else "muted"
        x = 32 + 37 * i
        if i:
            figure.line((x - 25, y), (x - 13, y), color="muted")
        figure.box(x, y, 24, 34, str(i), color)


def draw() -> Figure:
    """Draw nine layers twice: all kept, and every third kept with the last part computed again."""
    figure = Figure(400, 190)
    figure.text(20, 18, "keep everything: 10 matrices", size=13, anchor="start")
    _row(figure, 50, set(range(10)), set())
    figure.text(20, 100, "keep every third: 6 matrices", size=13, anchor="start")
    _row(figure, 132, {0, 3, 6, 9}, {7, 8})
    figure.text(20, 174, "kept", "blue", size=13, anchor="start")
    figure.text(66, 174, "computed again", "orange", size=13, anchor="start")
    figure.text(180, 174, "not in memory", "muted", size=13, anchor="start")
    return figure
