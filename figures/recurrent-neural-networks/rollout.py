"""Windows that move over a series and take in predictions."""

from figures.kit import Figure

CELL = 46


def draw() -> Figure:
    """Draw the windows of three steps, each with its prediction."""
    figure = Figure(400, 158)
    for step in range(3):
        y = 24 + 54 * step
        figure.text(8, y, f"{step + 1} step{'s' if step else ''} ahead", "muted", size=13, anchor="start")
        for i in range(2):
            column = step + i
            x = 138 + CELL * column
            predicted = column > 1
            name = f"x̂_{column + 1}" if predicted else f"x_{column + 1}"
            figure.box(x, y, 38, 30, name, "orange" if predicted else "blue")
        x = 138 + CELL * (step + 2)
        figure.line((x - 26, y), (x + 6, y), color="muted", arrow=True)
        figure.box(x + 28, y, 38, 30, f"x̂_{step + 3}", "orange")
    return figure
