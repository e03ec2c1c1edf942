"""The way from the first input to the last output in three kinds of layers, for three tokens."""

from figures.kit import Figure

XS = (0, 43, 86)


def draw() -> Figure:
    """Draw three panels with inputs below and outputs above, and the longest path of each in orange."""
    figure = Figure(400, 190)
    for left, name in ((24, "recurrent"), (157, "convolutions"), (290, "self-attention")):
        figure.text(left + 43, 16, name)
        for t, x in enumerate(XS, 1):
            figure.circle(left + x, 164, 14, f"*x*_{t}", "green")
    _recurrent(figure, 24)
    _convolutions(figure, 157)
    _attention(figure, 290)
    return figure


def _arrow(figure: Figure, start: tuple[float, float], end: tuple[float, float], *, path: bool) -> None:
    """Draw an arrow between two units, that does not touch them."""
    (x, y), (u, v) = start, end
    length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
    dx, dy = (u - x) / length, (v - y) / length
    figure.line(
        (x + 15 * dx, y + 15 * dy),
        (u - 18 * dx, v - 18 * dy),
        color="orange" if path else "muted",
        width=2.5 if path else 1,
        arrow=True,
    )


def _recurrent(figure: Figure, left: float) -> None:
    for t, x in enumerate(XS, 1):
        _arrow(figure, (left + x, 164), (left + x, 50), path=t == 1)
        if t > 1:
            _arrow(figure, (left + x - 43, 50), (left + x, 50), path=True)
        figure.circle(left + x, 50, 14, f"*h*_{t}")


def _convolutions(figure: Figure, left: float) -> None:
    for below, above, path in ((164, 107, (0, 1)), (107, 50, (1, 2))):
        for i, x in enumerate(XS):
            for j, u in enumerate(XS):
                if abs(i - j) < 2:
                    _arrow(figure, (left + x, below), (left + u, above), path=(i, j) == path)
    for t, x in enumerate(XS, 1):
        figure.circle(left + x, 107, 14)
        figure.circle(left + x, 50, 14, f"*h*_{t}")


def _attention(figure: Figure, left: float) -> None:
    for i, x in enumerate(XS):
        for j, u in enumerate(XS):
            _arrow(figure, (left + x, 164), (left + u, 50), path=(i, j) == (0, 2))
    for t, x in enumerate(XS, 1):
        figure.circle(left + x, 50, 14, f"*y*_{t}")
