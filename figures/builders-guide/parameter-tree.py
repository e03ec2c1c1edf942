"""A network's parameters as the leaves of a tree."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the network, its parts and their parameters, with one path in orange."""
    figure = Figure(400, 260)
    orange, muted = ("orange", 2.5), ("muted", 1.5)
    for start, end, (color, width) in (
        ((200, 36), (106, 70), orange),
        ((200, 36), (294, 70), muted),
        ((106, 98), (106, 132), orange),
        ((106, 160), (56, 196), orange),
        ((106, 160), (156, 196), muted),
        ((294, 98), (246, 196), muted),
        ((294, 98), (346, 196), muted),
    ):
        figure.line(start, end, color=color, width=width)
    figure.box(200, 22, 92, 28, "network", "orange")
    figure.box(106, 84, 92, 28, "body", "orange")
    figure.box(294, 84, 92, 28, "head", "muted")
    figure.box(106, 146, 92, 28, "dense layer", "orange")
    for x, name, count, color in (
        (56, "weights", "4 × 3", "orange"),
        (154, "bias", "3", "blue"),
        (248, "weights", "3 × 2", "blue"),
        (346, "bias", "2", "blue"),
    ):
        figure.box(x, 210, 82, 28, name, color)
        figure.text(x, 240, count, "muted", 13)
    return figure
