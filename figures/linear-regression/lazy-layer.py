"""A layer that learns the shape of its weights from the first input."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the layer before and after it has seen an input."""
    figure = Figure(400, 170)
    figure.text(95, 18, "before the first input", "muted", size=13)
    figure.box(95, 75, 150, 74, "", "muted")
    figure.text(95, 60, "Dense layer")
    figure.text(95, 88, "weights: (**?**, 1)", "red")
    figure.line((178, 75), (222, 75), color="muted", arrow=True)
    figure.text(305, 18, "after **X** of shape (32, 2)", "muted", size=13)
    figure.box(305, 75, 150, 74, "", "blue")
    figure.text(305, 60, "Dense layer")
    figure.text(305, 88, "weights: (2, 1)", "green")
    figure.text(305, 135, "output: (32, 1)", "muted", size=13)
    figure.text(95, 135, "it knows its outputs alone", "muted", size=13)
    return figure
