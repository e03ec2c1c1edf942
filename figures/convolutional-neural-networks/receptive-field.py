"""Three layers from the side: how many pixels an output sees."""

from figures.kit import Figure

STEP, MIDDLE, RADIUS = 30, 135, 10
WIDTHS = (9, 7, 5, 3)
NAMES = ("pixels", "layer 1", "layer 2", "layer 3")


def draw() -> Figure:
    """Draw pixels and the outputs of three layers, with what an output of the second sees."""
    figure = Figure(380, 236)

    def place(layer: int, i: float) -> tuple[float, float]:
        """Return where the output is that lies ``i`` places right of the middle."""
        return MIDDLE + STEP * i, 206 - 58 * layer

    for layer, width in enumerate(WIDTHS[1:], 1):
        half = width // 2
        for i in range(-half, half + 1):
            inside = layer < 3 and abs(i) <= 2 - layer
            if not inside and not (layer == 3 and i == 0):
                continue
            for j in (i - 1, i, i + 1):
                figure.line(place(layer - 1, j), place(layer, i), color="orange" if layer < 3 else "muted")
    for i in (-1, 1):
        figure.line(place(3, 0), place(0, 3.5 * i), color="muted", dashed=True)
    for layer, width in enumerate(WIDTHS):
        half = width // 2
        for i in range(-half, half + 1):
            color = "orange" if layer < 3 and abs(i) <= 2 - layer else "blue"
            figure.circle(*place(layer, i), RADIUS, color=color)
        x, y = place(layer, 5)
        figure.text(x + 4, y, NAMES[layer], "muted", 13, anchor="start")
    for layer, r in ((1, 3), (2, 5), (3, 7)):
        x, y = place(layer, 7)
        figure.text(x, y, f"*r* = {r}", "ink", 13, anchor="start")
    return figure
