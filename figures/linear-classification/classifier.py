"""What differs from one classifier to the next, and what all of them share."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the network of a model, its logits, and what the base class computes of them."""
    figure = Figure(400, 180)
    figure.text(84, 14, "each model", "blue", 13)
    figure.text(306, 14, "Classifier", "green", 13)
    figure.box(32, 90, 54, 36, "inputs", "muted")
    figure.line((60, 90), (75, 90), color="muted", arrow=True)
    figure.box(110, 90, 66, 56, "network", "blue")
    figure.line((145, 90), (165, 90), color="muted", arrow=True)
    figure.box(194, 90, 54, 36, "logits", "orange")
    for y, name in ((52, "cross-entropy"), (128, "accuracy")):
        figure.line((222, 90), (252, y), color="muted", arrow=True)
        figure.box(312, y, 116, 36, name, "green")
    figure.text(312, 84, "is minimized", "muted", 13)
    figure.text(312, 160, "is reported", "muted", 13)
    return figure
