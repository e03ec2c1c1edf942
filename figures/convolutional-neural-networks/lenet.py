"""The layers of LeNet, from a picture to ten logits, with sizes and numbers of parameters."""

from figures.kit import Figure

MAPS = (
    # channels, side of a square in units, what it is, its size, its color
    (1, 58, "picture", "28 × 28 × 1", "muted"),
    (6, 58, "convolution 5 × 5, padding 2", "28 × 28 × 6", "blue"),
    (6, 34, "mean of 2 × 2", "14 × 14 × 6", "orange"),
    (16, 26, "convolution 5 × 5", "10 × 10 × 16", "blue"),
    (16, 16, "mean of 2 × 2", "5 × 5 × 16", "orange"),
)
DENSE = ((120, "dense", "120", 150), (84, "dense", "84", 110), (10, "dense", "10", 30))
PARAMETERS = {1: "156", 3: "2,416", 5: "48,120", 6: "10,164", 7: "850"}
TOPS = (0, 82, 174, 242, 322, 396, 438, 480)
MIDDLE = 90


def draw() -> Figure:
    """Draw stacks of squares and then bars, one below the other, with their names on the right."""
    figure = Figure(400, 530)
    figure.text(362, 14, "parameters", "muted", 12)
    for i, (channels, side, name, size, color) in enumerate(MAPS):
        shift = min(3, 36 / channels)
        y = TOPS[i] + 34 + side / 2
        for k in range(channels):
            offset = (k - (channels - 1) / 2) * shift
            figure.box(MIDDLE + offset, y + offset / 2, side, side, "", color, corner=1)
        figure.text(178, y - 9, name, color if color != "muted" else "ink", 13, "start")
        figure.text(178, y + 10, size, "muted", 13, "start")
        if i in PARAMETERS:
            figure.text(376, y + 10, PARAMETERS[i], "blue", 13)
    for i, (_, name, size, width) in enumerate(DENSE, len(MAPS)):
        y = TOPS[i] + 26
        figure.box(MIDDLE, y, width, 14, "", "green", corner=2)
        figure.text(178, y, f"{name}, {size}", "green", 13, "start")
        figure.text(376, y, PARAMETERS[i], "green", 13)
    return figure
