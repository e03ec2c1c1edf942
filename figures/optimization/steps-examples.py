"""Steps against examples: what a larger minibatch saves, and what it costs."""

from figures.kit import Axes, Figure


def draw() -> Figure:
    """Draw the hyperbola, three sizes on it, and the two limits."""
    figure = Figure(400, 250)
    axes = Axes(figure, left=44, top=34, width=310, height=160, xs=(0, 6), ys=(0, 6))
    axes.frame("", "examples / *E*_{min}")
    figure.text(250, 236, "steps / *S*_{min}", "muted")
    axes.line([(1, 0), (1, 6)], "muted", dashed=True)
    axes.line([(0, 1), (6, 1)], "muted", dashed=True)
    for value in (1, 2, 5):
        x, y = axes.at(value, value)
        figure.text(x, 210, str(value), "muted", 13)
        figure.text(32, y, str(value), "muted", 13)
    axes.curve(lambda x: 1 + 1 / (x - 1), "blue", between=(1.2, 6))
    for x, y, text in (
        (1.25, 5, "*B* = 4 *B*_{noise}"),
        (2, 2, "*B* = *B*_{noise}"),
        (5, 1.25, "*B* = *B*_{noise} / 4"),
    ):
        axes.dot(x, y, "orange")
        px, py = axes.at(x, y)
        figure.text(px + (10 if x < 5 else 0), py - 14, text, "orange", 13, "start" if x < 5 else "middle")
    return figure
