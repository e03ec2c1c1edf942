"""The model reads the prefix, and then its own predictions."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw four steps: two letters of the prefix are read, and two that were predicted."""
    figure = Figure(400, 205)
    steps = (
        (55, "t", "", "blue"),
        (145, "h", "e", "blue"),
        (235, "e", "␣", "green"),
        (325, "␣", "w", "green"),
    )
    for i, (x, read, written, color) in enumerate(steps):
        figure.box(x, 95, 50, 32, f"**h**_{i + 1}", "muted")
        figure.circle(x, 160, 15, read, color)
        figure.line((x, 145), (x, 111), color="muted", arrow=True)
        if i:
            figure.line((x - 65, 95), (x - 25, 95), color="muted", arrow=True)
        if written:
            figure.circle(x, 32, 15, written, "orange")
            figure.line((x, 79), (x, 47), color="muted", arrow=True)
    for x in (145, 235):
        figure.line(
            (x + 15, 32), (x + 45, 32), (x + 45, 160), (x + 75, 160), color="orange", dashed=True, arrow=True
        )
    figure.text(100, 192, "warm-up: the prefix", "blue", size=13)
    figure.text(282, 192, "its own predictions", "green", size=13)
    figure.text(55, 32, "not used", "muted", size=12)
    return figure
