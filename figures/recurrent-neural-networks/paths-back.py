"""One weight that is used in three steps, and what comes back to it from each use."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw four states in a row with the loss, derivatives above them, and the weight with its uses below."""
    figure = Figure(400, 232)
    places = [40, 133, 226, 319]
    figure.text(4, 18, "derivative", "orange", size=13, anchor="start")
    for t, x in enumerate(places):
        figure.box(x, 92, 48, 38, "4", "blue" if t else "ink")
        figure.text(x - 14, 60, f"*h*_{t}", "muted", size=13)
        if t:
            figure.text(x + 18, 18, ("", "0.5", "1", "2")[t], "orange")
            figure.line((places[t - 1] + 24, 92), (x - 25, 92), color="muted", arrow=True)
            figure.text(x - 62 + 16, 80, "×*w*", "muted", size=12)
    for t in (2, 3):
        figure.line((places[t] + 8, 32), (places[t - 1] + 34, 32), color="orange", arrow=True)
        figure.text((places[t] + places[t - 1]) / 2 + 21, 46, "×0.5", "orange", size=12)
    figure.line((places[3] + 24, 92), (374, 92), color="muted", arrow=True)
    figure.text(385, 92, "*l*", "ink")
    middle = (places[1] + places[2]) / 2
    for t in (1, 2, 3):
        use = (places[t - 1] + places[t]) / 2
        figure.dot(use, 92, "orange")
        figure.line((use, 98), (use, 166), (middle + 34 * (t - 2), 196), color="orange", arrow=True)
        term = ("", "4·0.5 = 2", "4·1 = 4", "4·2 = 8")[t]
        figure.box(use, 142, 78, 26, "", "orange")
        figure.text(use, 142, term, "ink", size=13)
    figure.box(middle, 212, 140, 30, "", "green")
    figure.text(middle, 212, "*w*:  2 + 4 + 8 = 14", "ink", size=13)
    return figure
