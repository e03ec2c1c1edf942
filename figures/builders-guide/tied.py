"""One weight in two places, and the two parts of its gradient."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw x, two products with the same w, y, and the gradients that come back."""
    figure = Figure(400, 190)
    figure.circle(30, 40, 20, "1", "muted")
    figure.line((51, 40), (98, 40), color="muted", arrow=True)
    figure.box(130, 40, 60, 34, "· *w*", "blue")
    figure.line((161, 40), (238, 40), color="muted", arrow=True)
    figure.text(198, 26, "3", "muted")
    figure.box(270, 40, 60, 34, "· *w*", "blue")
    figure.line((301, 40), (348, 40), color="muted", arrow=True)
    figure.circle(370, 40, 20, "9", "green")
    figure.text(30, 76, "*x*", "muted")
    figure.text(370, 76, "*y*", "muted")
    figure.line((130, 58), (180, 124), color="orange", width=2, arrow=True)
    figure.line((270, 58), (220, 124), color="orange", width=2, arrow=True)
    figure.text(136, 98, "3", "orange")
    figure.text(264, 98, "3", "orange")
    figure.box(200, 142, 90, 34, "*w* = 3", "blue")
    figure.text(200, 178, "gradient 3 + 3 = 6", "orange")
    return figure
