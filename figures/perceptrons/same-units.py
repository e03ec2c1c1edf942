"""Two hidden units with equal weights get equal derivatives."""

from figures.kit import Figure


def _network(figure: Figure, left: float, title: str, weights: tuple[str, str, str, str]) -> None:
    x, upper, lower, out = (left + 18, 95), (left + 92, 50), (left + 92, 140), (left + 166, 95)
    same = weights[0] == weights[1]
    figure.text(left + 92, 12, title, "muted", 13)
    for unit, color in ((upper, "orange"), (lower, "orange" if same else "blue")):
        for (x0, y0), (x1, y1) in ((x, unit), (unit, out)):
            length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            dx, dy = 15 * (x1 - x0) / length, 15 * (y1 - y0) / length
            figure.line((x0 + dx, y0 + dy), (x1 - dx, y1 - dy), color="muted", arrow=True)
        figure.circle(*unit, 14, "*h*", color)
    figure.circle(*x, 14, "*x*", "muted")
    figure.circle(*out, 14, "*o*", "green")
    for text, (a, b), shift in (
        (weights[0], (x, upper), -14),
        (weights[1], (x, lower), 14),
        (weights[2], (upper, out), -14),
        (weights[3], (lower, out), 14),
    ):
        left_of = -6 if a == x else 6
        figure.text((a[0] + b[0]) / 2 + left_of, (a[1] + b[1]) / 2 + shift, text, size=13)


def draw() -> Figure:
    """Draw a network with equal weights, and one whose first weights differ in the sign."""
    figure = Figure(400, 180)
    _network(figure, 8, "two copies", ("0.5", "0.5", "0.5", "0.5"))
    _network(figure, 208, "two different units", ("0.5", "−0.5", "0.5", "0.5"))
    return figure
