"""The board's averaging: of each four losses, one point of the curve."""

from figures.kit import Axes, Figure

LOSSES = (8, 5, 7, 4, 5, 2, 4, 1, 3, 1)
EVERY_N = 4


def draw() -> Figure:
    """Draw the losses, the mean of each four, and the two that wait."""
    figure = Figure(400, 240)
    axes = Axes(figure, left=30, top=30, width=340, height=180, xs=(-0.7, 9.8), ys=(0, 9))
    axes.frame("", "loss")
    figure.text(370, 227, "minibatch", "muted", anchor="end")
    means = []
    for start in range(0, len(LOSSES) - EVERY_N + 1, EVERY_N):
        group = LOSSES[start : start + EVERY_N]
        left, top = axes.at(start - 0.5, max(group) + 0.9)
        right, bottom = axes.at(start + EVERY_N - 0.5, min(group) - 0.7)
        figure.area((left, top), (right, top), (right, bottom), (left, bottom), color="blue")
        means.append((start + (EVERY_N - 1) / 2, sum(group) / EVERY_N))
    axes.line(means, "blue")
    for position, loss in enumerate(LOSSES):
        axes.dot(position, loss, "muted")
        x, y = axes.at(position, loss)
        figure.text(x + 11, y - 2, str(loss), "muted", 12)
    for middle, mean in means:
        axes.dot(middle, mean, "blue")
        x, y = axes.at(middle, mean)
        figure.text(x - 4, y - 15, f"**{mean:g}**", "blue")
    figure.text(*axes.at(8.6, 4.6), "waiting", "muted", 12)
    return figure
