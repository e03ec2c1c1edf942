"""A linear classifier as a network: every input is connected to every logit."""

from figures.kit import Figure

INPUTS = 4
CLASSES = ("cat", "dog", "bird")


def draw() -> Figure:
    """Draw four inputs, three logits and all lines between them."""
    figure = Figure(400, 210)
    below = [(65 + 90 * i, 165) for i in range(INPUTS)]
    above = [(90 + 110 * j, 70) for j in range(len(CLASSES))]
    for j, (x1, y1) in enumerate(above):
        for x0, y0 in below:
            color = "orange" if j == 1 else "muted"
            figure.line((x0, y0 - 18), (x1, y1 + 18), color=color, width=2 if j == 1 else 1)
    for i, (x, y) in enumerate(below):
        figure.circle(x, y, 18, f"*x*_{i + 1}", "blue")
    for j, ((x, y), name) in enumerate(zip(above, CLASSES, strict=True)):
        figure.circle(x, y, 18, f"*o*_{j + 1}", "orange" if j == 1 else "green")
        figure.text(x, y - 32, name, size=13)
    figure.text(65, 200, "inputs", "muted", 13)
    figure.text(392, 70, "logits", "muted", 13, anchor="end")
    return figure
