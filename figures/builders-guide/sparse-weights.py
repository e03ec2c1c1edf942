"""A layer with all of its weights, and one with two weights per unit on average."""

from figures.kit import Figure

_KEPT = ((0, 0), (0, 2), (0, 3), (0, 5), (1, 1), (1, 2), (1, 4), (2, 4))
"""Pairs of a unit and an input between which the second layer has a weight."""


def draw() -> Figure:
    """Draw six inputs and four units twice, with a line for each weight that is not zero."""
    figure = Figure(400, 196)
    everything = tuple((unit, place) for unit in range(4) for place in range(6))
    for left, title, kept in ((0, "*κ* = 1", everything), (206, "*κ* = 1/3", _KEPT)):
        figure.text(left + 97, 12, title, "muted")
        for unit, place in kept:
            figure.line((left + 17 + 32 * place, 156), (left + 40 + 38 * unit, 62), color="blue")
        for place in range(6):
            figure.circle(left + 17 + 32 * place, 166, 10, color="muted")
        for unit in range(4):
            dead = all(unit != other for other, _ in kept)
            figure.circle(left + 40 + 38 * unit, 52, 12, color="red" if dead else "green")
    return figure
