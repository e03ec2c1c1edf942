"""A network whose hidden layer is frozen: where values go, and how far gradients come."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the way forward through both layers, and the way back that ends at the head."""
    figure = Figure(400, 170)
    for x, name in ((26, "**X**"), (200, "**H**"), (374, "**O**")):
        figure.circle(x, 44, 20, name, "muted")
    figure.box(113, 44, 84, 44, "hidden", "muted")
    figure.box(287, 44, 84, 44, "head", "green")
    for start, end in ((47, 69), (156, 178), (221, 243), (330, 352)):
        figure.line((start, 44), (end, 44), color="muted", arrow=True)
    figure.line((374, 66), (374, 104), (287, 104), (287, 70), color="orange", width=2, arrow=True)
    figure.text(330, 122, "gradient", "orange")
    figure.text(113, 86, "frozen:", "muted")
    figure.text(113, 106, "random numbers", "muted")
    figure.text(113, 126, "784 *h* + *h*", "muted")
    figure.text(287, 142, "trained:", "green")
    figure.text(287, 160, "10 *h* + 10", "green")
    return figure
