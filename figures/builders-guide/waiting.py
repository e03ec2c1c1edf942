"""Python enqueues operations, and waits only when it needs a result."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw what Python and the device do over time."""
    figure = Figure(400, 160)
    figure.text(8, 36, "Python", "ink", 13, anchor="start")
    figure.text(8, 96, "device", "ink", 13, anchor="start")
    for i, name in enumerate("abc"):
        figure.box(72 + 22 * i, 36, 20, 30, name, "blue")
        figure.box(106 + 80 * i, 96, 78, 30, name, "orange")
    figure.box(220, 36, 182, 30, "waits", "muted")
    figure.box(346, 36, 54, 30, "print", "blue")
    figure.line((72, 52), (72, 80), color="muted", arrow=True)
    figure.line((306, 80), (318, 54), color="muted", arrow=True)
    figure.line((62, 130), (392, 130), color="muted", arrow=True)
    figure.text(384, 146, "time", "muted", 13, anchor="end")
    return figure
