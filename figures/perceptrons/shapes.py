"""The shapes of a minibatch on its way through a network with one hidden layer."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw three boxes for inputs, hidden units and logits, and the weights between them."""
    figure = Figure(400, 150)
    boxes = ((54, 84, "**X**", "(*n*, 784)", "blue"), (210, 62, "**H**", "(*n*, 256)", "orange"))
    for x, height, name, shape, color in (*boxes, (356, 36, "**O**", "(*n*, 10)", "green")):
        figure.box(x, 64, 56, height, name, color)
        figure.text(x, 128, shape, size=13)
    arrows = ((86, 178, "**W**^{(1)}", "(784, 256)"), (242, 324, "**W**^{(2)}", "(256, 10)"))
    for start, stop, name, shape in arrows:
        figure.line((start, 64), (stop, 64), color="muted", arrow=True)
        figure.text((start + stop) / 2, 46, name)
        figure.text((start + stop) / 2, 82, shape, "muted", 12)
    figure.text(132, 102, "ReLU", "orange", 13)
    return figure
