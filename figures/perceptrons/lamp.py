"""The lamp of two switches: in the plane of the switches, and in that of two features."""

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw the four positions in both planes, and the line that separates them in the second."""
    figure = Figure(400, 225)
    for left, x, y in ((34, "*x*_1", "*x*_2"), (242, "*h*_1", "*h*_2")):
        axes = Axes(figure, left=left, top=34, width=118, height=130, xs=(-0.2, 1.4), ys=(-0.2, 1.4))
        axes.frame(x, y)
        if x == "*x*_1":
            for a, b, color in ((0, 0, "muted"), (1, 1, "muted"), (0, 1, "orange"), (1, 0, "orange")):
                figure.dot(*axes.at(a, b), color=color, radius=7)
                px, py = axes.at(a, b)
                figure.text(px + 2, py - 18, "on" if color == "orange" else "off", color, 13)
        else:
            axes.line([(-0.15, 0.75), (0.75, -0.15)], "blue", dashed=True)
            for a, b, color in ((0, 0, "muted"), (0, 1, "orange"), (1, 0, "orange")):
                figure.dot(*axes.at(a, b), color=color, radius=7)
            px, py = axes.at(0, 0)
            figure.text(px + 2, py - 18, "off", "muted", 13)
            for a, b in ((0, 1), (1, 0)):
                px, py = axes.at(a, b)
                figure.text(px + 2, py - 18, "on", "orange", 13)
    figure.text(96, 212, "two switches", "muted", 13)
    figure.text(304, 212, "two features", "muted", 13)
    return figure
