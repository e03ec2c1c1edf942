"""The loss of two weights in a row: its contour lines, and cuts through the saddle at the origin."""

from figures.kit import Axes, Figure

HALF = 2.0


def _hyperbola(axes: Axes, product: float, color: str) -> None:
    """Draw both branches of all points whose coordinates have this product."""
    if product == 0:
        axes.line([(-HALF, 0), (HALF, 0)], color)
        axes.line([(0, -HALF), (0, HALF)], color)
        return
    first, sign = abs(product) / HALF, 1 if product > 0 else -1
    steps = [first * (HALF / first) ** (i / 40) for i in range(41)]
    for side in (1, -1):
        axes.line([(side * x, side * sign * abs(product) / x) for x in steps], color)


def draw() -> Figure:
    """Draw the contour lines on the left, and the loss along two lines on the right."""
    figure = Figure(400, 232)
    plane = Axes(figure, left=24, top=30, width=165, height=165, xs=(-HALF, HALF), ys=(-HALF, HALF))
    for product in (-1, -0.5, 0, 0.5, 1.5, 2, 2.5, 3):
        _hyperbola(plane, product, "muted")
    _hyperbola(plane, 1, "green")
    plane.line([(-1.6, -1.6), (1.6, 1.6)], "blue", dashed=True)
    plane.line([(-1.6, 1.6), (1.6, -1.6)], "purple", dashed=True)
    for x in (1, -1):
        plane.dot(x, x, "green")
    plane.dot(0, 0, "red")
    figure.text(106, 214, "*w*_1", "muted")
    figure.text(12, 112, "*w*_2", "muted")

    cut = Axes(figure, left=230, top=30, width=145, height=165, xs=(-1.6, 1.6), ys=(0, 2.2))
    cut.frame("", "loss along the lines")
    cut.curve(lambda t: (t * t - 1) ** 2 / 2, "blue")
    cut.curve(lambda t: (t * t + 1) ** 2 / 2, "purple", between=(-1.04, 1.04))
    for x in (1, -1):
        cut.dot(x, 0, "green")
    cut.dot(0, 0.5, "red")
    for x in (-1, 0, 1):
        figure.text(cut.at(x, 0)[0], 211, str(x).replace("-", "−"), "muted", 13)
    return figure
