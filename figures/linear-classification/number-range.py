"""Where exponentials of logits are numbers of 32 bits, and what subtracting the largest logit does."""

from figures.kit import Figure


def _at(logit: float) -> float:
    return 200 + 1.55 * logit


def draw() -> Figure:
    """Draw the axis of logits with its three ranges, and a pair of logits that is moved."""
    figure = Figure(400, 170)
    for start, stop, color in ((-120, -87, "orange"), (-87, 88, "green"), (88, 120, "red")):
        figure.area((_at(start), 70), (_at(stop), 70), (_at(stop), 96), (_at(start), 96), color=color)
    figure.line((8, 96), (392, 96), color="muted", arrow=True)
    for logit in (-87, 0, 88):
        figure.text(_at(logit), 112, str(logit).replace("-", "−"), "muted", 13)
    figure.text(_at(-104), 83, "0", "orange")
    figure.text(_at(0), 83, "exp *o* is a number", "green")
    figure.text(_at(104), 83, "∞", "red")
    for logit, name in ((30, "*o*_2"), (105, "*o*_1")):
        figure.dot(_at(logit), 50)
        figure.text(_at(logit), 34, name)
    figure.text(200, 14, "logits", "muted", 13)
    for logit, name in ((-75, "*o*_2 − *o*_1"), (0, "0")):
        figure.dot(_at(logit), 136, "blue")
        figure.text(_at(logit), 154, name, "blue")
    figure.line((_at(105) - 8, 58), (_at(105) - 8, 136), (_at(0) + 10, 136), color="blue", arrow=True)
    figure.text(_at(60), 150, "subtract *o*_1", "blue", 13)
    return figure
