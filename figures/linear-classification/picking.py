"""One probability of each row, picked by the labels."""

from figures.kit import Figure

ROWS = (("0.5", "0.3", "0.2"), ("0.5", "0.25", "0.25"))
LABELS = (0, 2)


def draw() -> Figure:
    """Draw the probabilities of two examples, their labels and the two numbers that are picked."""
    figure = Figure(400, 150)
    figure.text(117, 14, "probabilities", "muted", 13)
    colors = dict.fromkeys(enumerate(LABELS), "orange")
    for j in range(3):
        figure.text(69 + 48 * j, 34, str(j), "muted", 13)
    figure.grid(45, 46, ROWS, "muted", cell=(48, 34), colors=colors)
    for i in range(2):
        figure.text(28, 63 + 34 * i, str(i), "muted", 13)
    figure.text(236, 14, "labels", "muted", 13)
    figure.grid(219, 46, [[label] for label in LABELS], "blue", cell=(34, 34))
    figure.line((262, 80), (306, 80), color="muted", arrow=True)
    figure.text(346, 14, "picked", "muted", 13)
    figure.grid(316, 46, [[ROWS[i][label]] for i, label in enumerate(LABELS)], "orange", cell=(60, 34))
    figure.text(200, 138, "rows 0, 1 and columns 0, 2", "muted", 13)
    return figure
