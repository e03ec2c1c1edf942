"""One step of gradient descent on the loss of a single example, with a small and a large learning rate."""

from figures.kit import Axes, Figure


def _loss(w: float) -> float:
    return (2 * w - 5) ** 2 / 2


def draw() -> Figure:
    """Draw the loss over the weight, and two steps from the weight 1."""
    figure = Figure(400, 280)
    axes = Axes(figure, left=28, top=30, width=340, height=215, xs=(0, 5.2), ys=(0, 13))
    axes.frame("*w*", "loss")
    axes.curve(_loss, between=(0.02, 5.0))
    start = 1.0
    slope = 2 * (2 * start - 5)
    axes.line([(0.2, _loss(start) - 0.8 * slope), (1.75, _loss(start) + 0.75 * slope)], "muted", dashed=True)
    for rate, color in ((0.6, "red"), (0.1, "green")):
        end = start - rate * slope
        axes.line([(start, _loss(start)), (end, _loss(end))], color, arrow=True)
        axes.dot(end, _loss(end), color)
    axes.dot(start, _loss(start))
    figure.text(*axes.at(0.9, 3.7), "*w* = 1", anchor="end", size=13)
    figure.text(*axes.at(1.72, 2.4), "*η* = 0.1", "green", 13, anchor="start")
    figure.text(*axes.at(2.7, 7.6), "*η* = 0.6", "red", 13)
    figure.text(*axes.at(0.62, 8.6), "slope −6", "muted", 13, anchor="start")
    return figure
