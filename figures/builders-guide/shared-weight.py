"""A weight that is used twice, and the derivatives of both uses."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw x, two products with the same w, their values, and the derivatives that flow to w."""
    figure = Figure(400, 190)
    y = 130
    figure.circle(40, y, 18, "*x*", "muted")
    figure.circle(150, y, 18, "×")
    figure.circle(260, y, 18, "×")
    figure.circle(365, y, 18, "*y*", "green")
    figure.circle(205, 40, 20, "*w*", "orange")
    for start, stop in ((58, 132), (168, 242), (278, 347)):
        figure.line((start, y), (stop, y), color="muted", arrow=True)
    for x, label, side in ((150, 158, "6"), (260, 252, "6")):
        figure.line((205 + (x - 205) * 0.22, 59), (205 + (x - 205) * 0.84, y - 17), color="muted", arrow=True)
        figure.text(label, 82, side, "orange")
    for x, value in ((40, "3"), (150, "6"), (260, "12"), (365, "12")):
        figure.text(x, y + 34, value, "blue")
    figure.text(240, 40, "2", "blue", anchor="start")
    figure.text(270, 40, "6 + 6 = 12", "orange", anchor="start")
    return figure
