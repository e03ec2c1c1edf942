"""A block whose last scale is 0, with numbers on the way forward and the gradients on the way back."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw x, the branch w and the scale, the sum; gradients in red."""
    figure = Figure(400, 196)
    low, high = 140, 52
    boxes = ((120, "· w", "w = 3"), (220, "· v", "v = 0"))
    figure.circle(26, low, 16, "2", "blue")
    figure.text(26, low + 32, "x")
    figure.line((26, low - 17), (26, high), (86, high), color="muted", arrow=True)
    for x, label, value in boxes:
        figure.box(x, high, 64, 30, label, "orange")
        figure.text(x, high - 28, value, "muted", 13)
    figure.line((153, high), (186, high), color="muted", arrow=True)
    figure.text(170, high - 12, "6")
    figure.line((253, high), (320, high), (320, low - 14), color="muted", arrow=True)
    figure.text(290, high - 12, "0")
    figure.line((43, low), (308, low), color="muted", arrow=True)
    figure.circle(320, low, 11, "+", "green")
    figure.line((332, low), (358, low), color="muted", arrow=True)
    figure.circle(376, low, 16, "2", "blue")
    figure.text(376, low + 32, "y")
    figure.text(376, low - 28, "1", "red")
    figure.text(170, high + 16, "0", "red")
    figure.text(290, high + 16, "1", "red")
    figure.text(176, low + 16, "1", "red")
    figure.text(120, high + 32, "0", "red")
    figure.text(220, high + 32, "6", "red")
    return figure
