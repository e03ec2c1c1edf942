"""From scores to probabilities to the loss, with numbers."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw three logits, their exponentials, the probabilities and the loss of the first class."""
    figure = Figure(400, 215)
    columns = (
        (62, "logit *o*", ("2", "1", "0"), "blue"),
        (166, "exp *o*", ("7.39", "2.72", "1.00"), "muted"),
        (270, "probability", ("0.665", "0.245", "0.090"), "green"),
    )
    names = ("cat", "dog", "bird")
    for i, name in enumerate(names):
        figure.text(8, 58 + 40 * i, name, size=13, anchor="start")
    for x, title, values, color in columns:
        figure.text(x + 8, 18, title, "muted", size=13)
        for i, value in enumerate(values):
            figure.box(x + 8, 58 + 40 * i, 62, 30, value, color)
    for x in (62, 166):
        for y in (58, 98, 138):
            figure.line((x + 41, y), (x + 79, y), color="muted", arrow=True)
    figure.text(174, 174, "sum 11.11", "muted", size=13)
    figure.text(278, 174, "sum 1", "muted", size=13)
    figure.line((313, 58), (346, 58), color="orange", arrow=True)
    figure.text(372, 58, "0.41", "orange")
    figure.text(372, 36, "loss", "orange", size=13)
    figure.text(200, 203, "loss = −log 0.665, if the picture shows a cat", "orange", size=13)
    return figure
