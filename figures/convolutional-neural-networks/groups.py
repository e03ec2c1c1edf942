"""Which output channels see which input channels: all, those of their group, or one."""

from figures.kit import Figure

CHANNELS = 4
KINDS = (("dense", 1, "blue"), ("two groups", 2, "green"), ("depthwise", 4, "orange"))


def draw() -> Figure:
    """Draw three layers with four channels before and after."""
    figure = Figure(400, 196)
    for k, (name, groups, color) in enumerate(KINDS):
        left = 12 + 136 * k
        size = CHANNELS // groups
        for i in range(CHANNELS):
            for o in range(CHANNELS):
                if i // size == o // size:
                    figure.line((left + 10, 40 + 32 * i), (left + 92, 40 + 32 * o), color=color, width=2)
        for i in range(CHANNELS):
            for x in (left + 10, left + 92):
                figure.circle(x, 40 + 32 * i, 9, "", color)
        figure.text(left + 51, 12, name, size=13)
        figure.text(left + 51, 168, f"{CHANNELS * size} kernels", "muted", 13)
    return figure
