"""Covariate shift, label shift and concept shift, as points of two classes on an axis."""

from figures.kit import Figure

BLUE, ORANGE = (10, 22, 31, 44), (66, 78, 90, 99)
BOUNDARY = 55
SHIFTED = 24


def draw() -> Figure:
    """Draw three panels: above the points of training, below those of use."""
    figure = Figure(400, 190)
    for panel, name in enumerate(("covariate shift", "label shift", "concept shift")):
        left = 6 + 134 * panel

        def dot(x: float, y: float, color: str, left: float = left) -> None:
            figure.dot(left + x, y, color, radius=5)

        figure.text(left + 60, 14, name, size=13)
        figure.line((left + BOUNDARY, 32), (left + BOUNDARY, 150), color="muted", dashed=True)
        for y in (62, 132):
            figure.line((left, y + 12), (left + 120, y + 12), color="muted")
        for x in BLUE:
            dot(x, 62, "blue")
        for x in ORANGE:
            dot(x, 62, "orange")
        if panel == 0:
            below = [(x + SHIFTED, "blue") for x in BLUE] + [(x + SHIFTED - 5, "orange") for x in ORANGE]
        elif panel == 1:
            below = [(22, "blue")] + [(x, "orange") for x in (61, *ORANGE, 72, 84, 107)]
        else:
            below = [(x, "blue") for x in (*BLUE, 66, 78)] + [(x, "orange") for x in (90, 99)]
        for x, color in below:
            dot(x, 132, color)
    figure.text(200, 174, "above: training; below: use", "muted", 13)
    return figure
