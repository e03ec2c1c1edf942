"""The checks in their order, each with what it can find."""

from figures.kit import Figure

CHECKS = (
    ("look at the data", "wrong labels, wrong scale", "blue"),
    ("loss at the start", "logits too large, wrong loss", "blue"),
    ("memorize 32 examples", "model or loss cannot learn", "green"),
    ("compare gradients", "a derivative is wrong", "green"),
    ("sizes of updates", "steps too large, dead units", "orange"),
    ("learning rate", "training slow, or it explodes", "orange"),
)


def draw() -> Figure:
    """Draw six boxes from top to bottom, each with what it finds on its right."""
    figure = Figure(400, 300)
    for i, (check, finds, color) in enumerate(CHECKS):
        y = 46 + 46 * i
        figure.box(96, y, 184, 30, check, color)
        figure.text(204, y, finds, "muted", size=13, anchor="start")
        if i:
            figure.line((96, y - 31), (96, y - 15), arrow=True)
    figure.text(96, 14, "check", size=13)
    figure.text(204, 14, "what it finds", size=13, anchor="start")
    return figure
