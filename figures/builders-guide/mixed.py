"""A training step in mixed precision: what has 16 bits and what has 32."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the cycle from the weights to a copy, to the gradients, and back to the weights."""
    figure = Figure(400, 190)
    left, right, top, low = 82, 318, 34, 150
    figure.box(left, top, 150, 44, color="blue")
    figure.box(right, top, 150, 44, color="orange")
    figure.box(right, low, 150, 44, color="orange")
    figure.box(left, low, 150, 44, color="blue")
    for x, y, name, bits in (
        (left, top, "weights", "float32"),
        (right, top, "copy", "16 bits"),
        (right, low, "gradients × *S*", "16 bits"),
        (left, low, "gradients", "float32"),
    ):
        figure.text(x, y - 9, name)
        figure.text(x, y + 10, bits, "muted", 12)
    for start, end in (
        ((left + 77, top), (right - 77, top)),
        ((right, top + 24), (right, low - 24)),
        ((right - 77, low), (left + 77, low)),
        ((left, low - 24), (left, top + 24)),
    ):
        figure.line(start, end, color="muted", arrow=True)
    figure.text(200, top - 13, "round", size=13)
    figure.text(200, low - 13, "÷ *S*", size=13)
    figure.text(right - 10, 92, "loss × *S*", size=13, anchor="end")
    figure.text(left + 10, 92, "update", size=13, anchor="start")
    return figure
