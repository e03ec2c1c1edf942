"""A line through three points, and the distances that its loss counts."""

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw the points (1, 2), (2, 5) and (3, 5), the best line, and the errors as squares."""
    figure = Figure(400, 265)
    axes = Axes(figure, left=40, top=28, width=310, height=200, xs=(0, 4), ys=(0, 7))
    for x, y in ((1, 2), (2, 5), (3, 5)):
        error = 1.5 * x + 1 - y
        side = abs(axes.at(0, 0)[1] - axes.at(0, error)[1])  # in units of the figure
        px, py = axes.at(x, y)
        qy = axes.at(x, y + error)[1]
        figure.area((px, py), (px, qy), (px + side, qy), (px + side, py), color="orange")
        figure.line((px, py), (px, qy), color="orange", width=2)
    axes.frame("size *x*", "price *y*")
    axes.line([(0, 1), (3.7, 1.5 * 3.7 + 1)], "blue")
    for x, y in ((1, 2), (2, 5), (3, 5)):
        axes.dot(x, y)
        figure.text(axes.at(x, 0)[0], 243, str(x), "muted", size=12)
    figure.text(*axes.at(3.1, 6.7), "*ŷ* = 1.5 *x* + 1", "blue", anchor="end")
    figure.text(*axes.at(1.9, 5.3), "error −1", "orange", size=13, anchor="end")
    return figure
