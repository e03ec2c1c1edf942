"""Two biases that are only used as a sum, and what a step of gradient descent does to the sum."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the sum of two biases on the left and a single bias on the right, and below a step of each."""
    figure = Figure(400, 250)
    for y, name, value in ((58, "*b*_{ih}", "0.1"), (128, "*b*_{hh}", "0.3")):
        figure.text(26, y, name, "muted")
        figure.box(74, y, 44, 34, value)
    figure.box(214, 93, 44, 34, "0.4", "green")
    figure.text(214, 62, "sum", "muted")
    figure.line((97, 53), (191, 83), color="ink", arrow=True)
    figure.line((97, 133), (191, 103), color="ink", arrow=True)
    figure.line((191, 92), (102, 65), color="orange", arrow=True)
    figure.line((191, 94), (102, 121), color="orange", arrow=True)
    figure.text(122, 93, "0.5", "orange")
    figure.text(342, 62, "one bias", "muted")
    figure.box(342, 93, 44, 34, "0.4", "green")
    figure.line((396, 93), (366, 93), color="orange", arrow=True)
    figure.text(384, 115, "0.5", "orange")
    figure.line((266, 93), (238, 93), color="orange", arrow=True)
    figure.text(254, 115, "0.5", "orange")
    figure.line((290, 26), (290, 234), color="muted", dashed=True)
    figure.text(26, 196, "after", "muted")
    figure.text(26, 214, "a step", "muted")
    figure.box(74, 205, 44, 34, "0.0")
    figure.text(109, 205, "+")
    figure.box(144, 205, 44, 34, "0.2")
    figure.text(179, 205, "=")
    figure.box(214, 205, 44, 34, "0.2", "green")
    figure.box(342, 205, 44, 34, "0.3", "green")
    return figure
