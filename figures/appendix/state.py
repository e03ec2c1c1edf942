"""A layer that counts its calls: the object remembers, or the caller does."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw one call with the count in the object, and one with the count as an input and an output."""
    figure = Figure(400, 200)
    figure.text(90, 16, "PyTorch, TensorFlow,", size=13)
    figure.text(90, 34, "MXNet", size=13)
    figure.text(290, 25, "JAX", size=13)
    figure.box(90, 110, 100, 70)
    figure.text(90, 95, "counter")
    figure.text(90, 120, "calls: 0 → **1**", "orange")
    figure.text(14, 94, "**X**")
    figure.line((4, 110), (38, 110), arrow=True)
    figure.text(166, 94, "**Y**")
    figure.line((142, 110), (176, 110), arrow=True)
    figure.box(290, 110, 68, 90, "apply", "green")
    ways = ((85, "**X**", "**Y**", "ink"), (138, "calls = 0", "calls = **1**", "orange"))
    for y, given, got, color in ways:
        figure.text(252, y - 14, given, color, 13, anchor="end")
        figure.text(328, y - 14, got, color, 13, anchor="start")
        figure.line((214, y), (254, y), color=color, arrow=True)
        figure.line((326, y), (366, y), color=color, arrow=True)
    figure.text(90, 180, "the object remembers", "muted", size=13)
    figure.text(290, 180, "the caller remembers", "muted", size=13)
    return figure
