"""Two ways to keep parameters: inside a module, and outside a recipe."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw a module with its parameters, and a recipe that is given them; below, what training does."""
    figure = Figure(400, 236)
    y = 74
    for x, title in ((98, "inside"), (302, "outside")):
        figure.text(x, 16, f"**{title}**", size=15)
        figure.line((x - 90, y), (x - 44, y), color="muted", arrow=True)
        figure.line((x + 44, y), (x + 90, y), color="muted", arrow=True)
        figure.text(x - 70, y - 14, "**X**")
        figure.text(x + 70, y - 14, "**Y**")
        figure.box(x, y, 88, 72, "")
    figure.text(98, y - 18, "module", size=13)
    figure.box(98, y + 12, 44, 30, "**θ**", "orange")
    figure.text(302, y - 8, "recipe", size=13)
    figure.text(302, y + 12, "*f*")
    figure.line((302, 144), (302, 110), color="orange", arrow=True)
    figure.box(302, 160, 44, 30, "**θ**", "orange")
    figure.line((98, 160), (98, 112), color="green", arrow=True)
    figure.text(98, 174, "training changes", "green", 13)
    figure.text(98, 192, "the module", "green", 13)
    figure.line((324, 160), (346, 160), color="green", arrow=True)
    figure.box(370, 160, 48, 30, "**θ**′", "orange")
    figure.text(302, 200, "training returns", "green", 13)
    figure.text(302, 218, "new parameters", "green", 13)
    return figure
