"""The smallest errors for two values that one head averages, over the weight of the first."""

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw the errors for both values as curves that cross, and their mean as a dashed line."""
    figure = Figure(360, 232)
    axes = Axes(figure, left=48, top=36, width=250, height=150, xs=(0, 1), ys=(0, 1))
    axes.frame("", "smallest error")
    figure.text(173, 222, "weight *α* of the first name", "muted", size=13)
    for y in (0.5, 1):
        figure.text(38, axes.at(0, y)[1], f"{y:g}", "muted", size=13, anchor="end")
    for x in (0, 0.5, 1):
        figure.text(axes.at(x, 0)[0], 201, f"{x:g}", "muted", size=13)
    axes.curve(lambda x: (1 - x) ** 2 / (x**2 + (1 - x) ** 2), "blue")
    axes.curve(lambda x: x**2 / (x**2 + (1 - x) ** 2), "orange")
    axes.line([(0, 0.5), (1, 0.5)], "ink", dashed=True)
    figure.text(56, 74, "first name", "blue", anchor="start")
    figure.text(232, 74, "second name", "orange", anchor="start")
    figure.text(302, axes.at(1, 0.5)[1], "mean", "ink", anchor="start")
    return figure
