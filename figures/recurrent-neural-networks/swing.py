"""Two swings at the same place, with different pasts."""

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw both paths over three times; they cross at the second."""
    figure = Figure(400, 240)
    axes = Axes(figure, 44, 34, 290, 160, (0.6, 3.4), (0, 3.4))
    axes.frame("", "position")
    figure.text(352, 194, "time", "muted", anchor="start")
    for tick, name in ((1, "before"), (2, "now"), (3, "next")):
        figure.text(axes.at(tick, 0)[0], 210, name, "muted", size=13)
    for first, last, color in ((1, 2.5, "blue"), (3, 0.7, "orange")):
        axes.line([(1, first), (2, 2)], color)
        axes.line([(2, 2), (3, last)], color, dashed=True)
        for time, position, aside in ((1, first, -20), (3, last, 20)):
            axes.dot(time, position, color=color)
            x, y = axes.at(time, position)
            figure.text(x + aside, y, f"{position}", color)
    axes.dot(2, 2)
    x, y = axes.at(2, 2)
    figure.text(x, y - 18, "2")
    return figure
