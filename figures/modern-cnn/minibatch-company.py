"""The same number in two minibatches, before and after normalization."""

from figures.kit import Figure

COMPANIES = (("first minibatch", (3, 9, 11, 17), 62), ("second minibatch", (-5, 1, 3, 9), 190))
SCALE, ZERO = 15.5, 96


def minus(value: float) -> str:
    """Return a number with a minus sign instead of a hyphen."""
    return f"{value:g}".replace("-", "−")


def draw() -> Figure:
    """Draw a line of numbers for each minibatch, with the mean and the normalized values below."""
    figure = Figure(376, 250)
    for name, values, y in COMPANIES:
        mean = sum(values) / 4
        figure.text(12, y - 46, name, "muted", 13, anchor="start")
        figure.line((12, y), (364, y), color="muted")
        figure.line(*((ZERO + SCALE * mean, y + d) for d in (-12, 12)), color="green", width=2)
        figure.text(ZERO + SCALE * mean, y - 22, f"mean {mean:g}", "green", 13)
        for value in values:
            x, color = ZERO + SCALE * value, "orange" if value == 9 else "blue"
            figure.dot(x, y, color, 6 if value == 9 else 5)
            figure.text(x, y + 24, minus(value), color)
            figure.text(x, y + 48, minus((value - mean) / 5), color, 13)
    return figure
