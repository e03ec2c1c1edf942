"""The losses of three examples, their mean, and the steps that each example asks for at the minimum."""

from functools import partial

from figures.kit import Axes, Figure

SAMPLES = (1, 2, 6)
STEPS = ((1, 2.2, 0.55), (2, 2.6, 1.0), (6, 4.2, 1.45))
"""A sample, where a step of 0.4 from 3 leads, and how high its arrow is drawn."""


def loss(z: float, x: float) -> float:
    """Return the loss of a sample at x."""
    return (x - z) ** 2 / 2


def draw() -> Figure:
    """Draw the parabolas, and three arrows from the minimum of their mean."""
    figure = Figure(400, 270)
    axes = Axes(figure, left=30, top=30, width=340, height=190, xs=(-0.4, 7.4), ys=(0, 9))
    axes.frame("θ", "loss")
    for z, color in zip(SAMPLES, ("blue", "orange", "green"), strict=True):
        width = (2 * 8.6) ** 0.5
        axes.curve(partial(loss, z), color, between=(max(-0.4, z - width), min(7.4, z + width)))
        figure.text(axes.at(z, 0)[0], 234, f"*z* = {z}", color, size=13)

    def mean(x: float) -> float:
        return sum((x - z) ** 2 for z in SAMPLES) / 6

    axes.line([(x / 10, mean(x / 10)) for x in range(-4, 68)], "ink", dashed=True)
    figure.text(*axes.at(1.1, 5.0), "mean", "ink", size=13, anchor="start")
    axes.line([(3, 0), (3, mean(3))], "muted", dashed=True)
    axes.dot(3, mean(3))
    figure.text(axes.at(3, 0)[0], 234, "3", "ink", size=13)
    for (_, stop, height), color in zip(STEPS, ("blue", "orange", "green"), strict=True):
        axes.line([(3, height), (stop, height)], color, arrow=True)
    figure.text(200, 256, "steps from the minimum of the mean, η = 0.4", "muted", size=13)
    return figure
