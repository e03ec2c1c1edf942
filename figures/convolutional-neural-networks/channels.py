"""Two input channels, two kernels for each output channel, and the sums."""

from figures.kit import Figure

INPUTS = (((1, 0, 2), (0, 3, 1), (2, 1, 0)), ((2, 1, 0), (1, 0, 1), (0, 2, 1)))
KERNELS = (((1, 0), (0, 1)), ((0, 1), (1, 0)))
PARTS = (((4, 1), (1, 3)), ((2, 0), (0, 3)))
SUM = ((6, 1), (1, 6))


def draw() -> Figure:
    """Draw a row for each input channel, and their sum at the right."""
    figure = Figure(400, 256)
    cell = (28, 26)
    window = [(i, j) for i in range(2) for j in range(2)]
    for row, color in enumerate(("blue", "green")):
        top = 34 + 112 * row
        figure.grid(8, top, INPUTS[row], "muted", cell=cell, colors=dict.fromkeys(window, color))
        figure.text(108, top + 39, "★", size=16)
        figure.grid(124, top + 13, KERNELS[row], color, cell=cell)
        figure.text(196, top + 39, "=", size=18)
        figure.grid(212, top + 13, PARTS[row], "muted", cell=cell, colors={(0, 0): color})
        figure.text(50, top + 92, f"channel {row + 1}", "muted", 13)
        figure.line((276, top + 39), (322, 116 if row == 0 else 142), color="muted", arrow=True)
    figure.text(304, 129, "+", size=18)
    figure.grid(330, 103, SUM, "muted", cell=cell, colors={(0, 0): "orange"})
    for x, y, name in ((50, 16, "input"), (152, 28, "kernels"), (358, 84, "output")):
        figure.text(x, y, name, "muted", 13)
    return figure
