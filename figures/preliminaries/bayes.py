"""A population as an area: who is ill, and for whom the test raises an alarm."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw 1,000 people, to scale: a tenth are ill; 90 % of these and 20 % of the others have an alarm."""
    figure = Figure(400, 250)
    left, top, width, height = 40, 40, 320, 170
    ill = width / 10

    def part(x: float, share: float, across: float, color: str) -> None:
        """Fill the lower ``share`` of a column ``across`` wide."""
        y = top + height * (1 - share)
        figure.area((x, y), (x + across, y), (x + across, top + height), (x, top + height), color=color)

    part(left, 1, width, "muted")
    part(left, 0.9, ill, "orange")
    part(left + ill, 0.2, width - ill, "blue")
    corners = ((left, top), (left + width, top), (left + width, top + height), (left, top + height))
    figure.line(*corners, (left, top), color="ink")
    figure.line((left + ill, top), (left + ill, top + height))
    figure.text(left, 24, "100 ill", "orange", anchor="start")
    figure.text(left + ill + 144, 24, "900 healthy", "blue")
    figure.text(left + ill / 2, 130, "90", "orange")
    figure.text(left + ill + 144, 193, "180 alarms", "blue")
    figure.text(left + ill + 144, 110, "720 without", "muted")
    figure.text(left, 230, "270 alarms, of which 90 are right", size=13, anchor="start")
    return figure
