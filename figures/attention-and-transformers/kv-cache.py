"""Causal attention of the fifth token, without a cache and with one: which entries are computed."""

from figures.kit import Figure

TEXT = ("t", "i", "m", "e", "s")


def _triangle(figure: Figure, left: float, title: str, *, cached: bool) -> None:
    """Draw the queries as rows and the keys as columns; only computed weights are orange."""
    side, top = 28.0, 56.0
    figure.text(left + 2.5 * side, 14, title, "ink", 14)
    for j, letter in enumerate(TEXT):
        old = cached and j < len(TEXT) - 1
        figure.box(left + (j + 0.5) * side, top - 12, 22, 20, letter, "blue" if old else "orange")
        for i in range(j, len(TEXT)):
            new = i == len(TEXT) - 1 or not cached
            center = left + (j + 0.5) * side, top + (i + 0.6) * side
            figure.box(*center, side, side, "", "orange" if new else "muted", corner=0)
    for i, letter in enumerate(TEXT):
        if not cached or i == len(TEXT) - 1:
            figure.text(left - 12, top + (i + 0.6) * side, letter, "orange")


def draw() -> Figure:
    """Draw both triangles, and below them what the colours mean."""
    figure = Figure(390, 244)
    _triangle(figure, 38, "without a cache", cached=False)
    _triangle(figure, 234, "with a cache", cached=True)
    figure.box(40, 222, 16, 16, "", "orange")
    figure.text(56, 222, "computed now", "muted", 13, "start")
    figure.box(218, 222, 16, 16, "", "blue")
    figure.text(234, 222, "key and value kept", "muted", 13, "start")
    return figure
