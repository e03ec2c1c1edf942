"""Where a data file is looked for, one place after the other."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw four places from left to right, with what is found in each, and the stand-in at the end."""
    figure = Figure(400, 235)
    places = (
        ("your folder", "D2L\\_DATA"),
        ("the cache", "earlier downloads"),
        ("the server", ""),
        ("its mirrors", ""),
    )
    for i, (name, about) in enumerate(places):
        y = 26 + 48 * i
        figure.box(85, y, 150, 36, "")
        figure.text(85, y - 8 if about else y, name)
        if about:
            figure.text(85, y + 9, about, "muted", size=12)
        figure.line((160, y), (232, y), color="green", arrow=True)
        figure.line((85, y + 18), (85, y + 30), color="red", arrow=True)
    figure.box(290, 98, 110, 180, "", "green")
    figure.text(290, 80, "right digest?")
    figure.text(290, 110, "Then this file", "green", size=13)
    figure.text(290, 128, "is used.", "green", size=13)
    figure.box(85, 217, 150, 26, "stand-in, or error", "red")
    return figure
