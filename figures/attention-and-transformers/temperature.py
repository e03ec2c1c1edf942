"""The probabilities of three tokens at three temperatures, and of the best two alone."""

from figures.kit import Figure

PROBABILITIES = (0.6, 0.3, 0.1)
HEIGHT = 140
"""Units of a bar with the probability 1."""


def draw() -> Figure:
    """Draw a group of three bars for each way to choose, with the numbers above them."""
    figure = Figure(396, 186)
    groups = (("*T* = 1/2", 2.0, 3), ("*T* = 1", 1.0, 3), ("*T* = 2", 0.5, 3), ("*k* = 2", 1.0, 2))
    for i, (name, power, kept) in enumerate(groups):
        weights = [p**power if k < kept else 0.0 for k, p in enumerate(PROBABILITIES)]
        left = 24 + 98 * i
        for k, (weight, color) in enumerate(zip(weights, ("blue", "orange", "green"), strict=True)):
            share = weight / sum(weights)
            x, height = left + 27 * k, HEIGHT * share
            if weight:
                figure.box(x, 150 - height / 2, 23, height, "", color, corner=0)
            figure.text(x, 150 - height - 9, f"{share:.2f}" if weight else "0", color, size=12)
        figure.text(left + 27, 172, name, "muted", size=13)
    return figure
