"""Inputs and targets of the decoder for the output 3 0 5, and which inputs each position may see."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the inputs below a grid, the targets at its right, and the allowed cells in blue."""
    figure = Figure(360, 262)
    inputs, targets = ("<bos>", "3", "0", "5"), ("3", "0", "5", "<eos>")
    left, top, width, height = 84, 34, 48, 40
    for i in range(4):
        for j in range(4):
            x, y = left + (j + 0.5) * width, top + (i + 0.5) * height
            seen = j <= i
            figure.box(x, y, width, height, "", "blue" if seen else "muted", corner=0)
            if seen:
                figure.dot(x, y, "blue")
        y = top + (i + 0.5) * height
        figure.text(left - 12, y, f"*t* = {i + 1}", "muted", anchor="end")
        figure.line((left + 4 * width + 4, y), (left + 4 * width + 26, y), color="muted", arrow=True)
        figure.text(left + 4 * width + 34, y, targets[i], "orange", anchor="start")
        figure.text(left + (i + 0.5) * width, top + 4 * height + 18, inputs[i], "green")
    figure.text(left + 2 * width, top + 4 * height + 44, "what position *t* may see", "green", size=13)
    figure.text(left + 4 * width + 34, 16, "target", "orange", size=13, anchor="start")
    return figure
