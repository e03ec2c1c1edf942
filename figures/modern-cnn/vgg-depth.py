"""The four kinds of blocks that are compared, with the width that each of them sees."""

from figures.kit import Figure

KINDS = (("3 × 3", 1, 3), ("5 × 5", 1, 5), ("3 × 3", 2, 5), ("3 × 3", 4, 9))
"""The kernel, the number of convolutions, and the width that they see together."""
STEP = 26


def draw() -> Figure:
    """Draw two frames for each kind, from bottom to top, with a box for each convolution."""
    figure = Figure(390, 292)
    for k, (kernel, count, seen) in enumerate(KINDS):
        x = 104 + 80 * k
        for bottom in (256, 130):
            height = STEP * count + 8
            figure.box(x, bottom - height / 2, 74, height, color="muted")
            for i in range(count):
                y = bottom - 4 - (i + 0.5) * STEP
                figure.box(x, y, 64, STEP - 6, kernel, "orange" if kernel[0] == "5" else "blue")
        figure.text(x, 278, f"{seen} wide", "ink", 13)
    figure.text(4, 256 - 17, "block 1", "muted", 13, anchor="start")
    figure.text(4, 130 - 17, "block 2", "muted", 13, anchor="start")
    return figure
