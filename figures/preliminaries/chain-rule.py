"""The squared error as a chain of functions, with the derivative of each."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the chain from the weight to the error."""
    figure = Figure(400, 110)
    boxes = (
        (25, 40, "*w*", "1"),
        (130, 80, "*u* = 2*w*", "2"),
        (255, 88, "*e* = *u* − 5", "−3"),
        (370, 44, "*e*^2", "9"),
    )
    for x, width, name, value in boxes:
        figure.box(x, 30, width, 32, name)
        figure.text(x, 62, value, "blue")
    slopes = ("2", "1", "2*e* = −6")
    for (left, a, *_), (right, b, *_), slope in zip(boxes, boxes[1:], slopes, strict=False):
        start, stop = left + a / 2, right - b / 2
        figure.line((start, 30), (stop, 30), arrow=True)
        figure.text((start + stop) / 2, 92, slope, "orange")
    return figure
