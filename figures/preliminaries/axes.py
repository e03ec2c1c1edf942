"""Tensors with one, two and three axes."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw a vector, a matrix and a stack of two matrices, each with its shape."""
    figure = Figure(400, 220)
    figure.grid(10, 56, [[0, 1, 2]], cell=(28, 28))
    figure.text(52, 150, "shape (3,)", "muted")
    figure.grid(142, 56, [[0, 1, 2], [3, 4, 5]], cell=(28, 28))
    figure.text(184, 150, "shape (2, 3)", "muted")
    figure.text(184, 38, "axis 1", "orange", size=12)
    figure.line((144, 48), (226, 48), color="orange", arrow=True)
    figure.text(126, 126, "axis 0", "purple", size=12)
    figure.line((134, 58), (134, 112), color="purple", arrow=True)
    figure.grid(302, 28, [[6, 7, 8], ["", "", 11]], "green", cell=(28, 28))  # 9 and 10 are hidden
    figure.grid(270, 62, [[0, 1, 2], [3, 4, 5]], cell=(28, 28))
    figure.text(326, 150, "shape (2, 2, 3)", "muted")
    figure.text(52, 180, "one axis", size=13)
    figure.text(184, 180, "two axes", size=13)
    figure.text(326, 180, "three axes", size=13)
    figure.text(52, 204, "one example", size=12)
    figure.text(184, 204, "a row per example", size=12)
    figure.text(326, 204, "a matrix per example", size=12)
    return figure
