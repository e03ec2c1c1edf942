"""Which English word belongs to which German one: units and tens cross."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the English words above the German ones, with a line for each pair."""
    figure = Figure(360, 170)
    english = {"fifty": 60, "four": 150, "thousand": 280}
    german = {"vier": 50, "und": 120, "fünfzig": 200, "tausend": 300}
    for word, x in english.items():
        figure.box(x, 30, 84, 34, word, "blue")
    for word, x in german.items():
        figure.box(x, 140, 48 if word == "und" else 70, 34, word, "muted" if word == "und" else "green")
    for one, other in (("vier", "four"), ("fünfzig", "fifty"), ("tausend", "thousand")):
        figure.line((german[one], 123), (english[other], 50), color="ink", width=2, arrow=True)
    figure.line(
        (german["vier"] + 20, 123), (english["thousand"] - 24, 50), color="orange", dashed=True, arrow=True
    )
    return figure
