"""A hidden layer before and after dropout."""

from figures.kit import Figure

SILENT = (1, 3)


def draw() -> Figure:
    """Draw the network twice, with two of its five hidden units crossed out the second time."""
    figure = Figure(400, 225)
    for left, silent, name in ((4, (), "all units"), (208, SILENT, "with dropout")):
        inputs = [(left + 40 + 54 * i, 178) for i in range(3)]
        hidden = [(left + 18 + 38 * i, 108) for i in range(5)]
        outputs = [(left + 67 + 54 * i, 42) for i in range(2)]
        for i, (x, y) in enumerate(hidden):
            if i not in silent:
                for a, b in inputs:
                    figure.line((a, b - 13), (x, y + 13), color="muted", width=1)
                for a, b in outputs:
                    figure.line((x, y - 13), (a, b + 13), color="muted", width=1)
        for x, y in inputs:
            figure.circle(x, y, 13, color="blue")
        for i, (x, y) in enumerate(hidden):
            figure.circle(x, y, 13, color="muted" if i in silent else "orange")
            if i in silent:
                figure.line((x - 9, y - 9), (x + 9, y + 9), color="red", width=2)
                figure.line((x - 9, y + 9), (x + 9, y - 9), color="red", width=2)
            elif silent:
                figure.text(x, y, "5/3", "orange", 12)
        for x, y in outputs:
            figure.circle(x, y, 13, color="green")
        figure.text(left + 94, 212, name, "muted", 13)
    return figure
