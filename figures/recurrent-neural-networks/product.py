"""The gradient on its way back through the steps, shrinking or growing by the same factor."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw five states with the powers of 0.5 and of 2 below them."""
    figure = Figure(400, 190)
    places = [38 + 81 * i for i in range(5)]
    for i, x in enumerate(places):
        name = ("*T* − 4", "*T* − 3", "*T* − 2", "*T* − 1", "*T*")[i]
        figure.box(x, 34, 46, 34, "", "ink")
        figure.text(x, 34, f"**h**_{{{name}}}".replace("*T*", "T"), size=13)
        power = 4 - i
        shrunk = ("1", "0.5", "0.25", "0.125", "0.0625")[power]
        figure.text(x, 108, shrunk, "blue")
        figure.text(x, 162, str(2**power), "red")
        if i:
            left = places[i - 1]
            figure.line((left + 23, 27), (x - 24, 27), color="muted", arrow=True)
            figure.line((x - 23, 42), (left + 24, 42), color="orange", arrow=True)
            figure.text((left + x) / 2, 86, "×0.5", "muted", size=12)
            figure.text((left + x) / 2, 140, "×2", "muted", size=12)
            for y in (108, 162):
                figure.line((x - 26, y), (left + 32, y), color="muted", width=1, arrow=True)
    return figure
