"""Pieces of a text, each with its labels, the same text one step later."""

from figures.kit import Figure

TEXT = "the␣time"
CELL = (34, 26)


def draw() -> Figure:
    """Draw the text, and two pieces of four steps with their labels."""
    figure = Figure(400, 262)
    figure.text(8, 14, "text", "muted", size=13, anchor="start")
    figure.grid(100, 2, [list(TEXT)], "muted", cell=CELL)
    for i, (top, color) in enumerate(((56, "blue"), (160, "purple"))):
        figure.text(8, top + 13, f"piece {i + 1}: X", color, size=13, anchor="start")
        figure.text(8, top + 57, "labels: Y", "green", size=13, anchor="start")
        left = 100 + 34 * i
        figure.grid(left, top, [list(TEXT[i : i + 4])], color, cell=CELL)
        figure.grid(left, top + 44, [list(TEXT[i + 1 : i + 5])], "green", cell=CELL)
        for step in range(4):
            x = left + 17 + 34 * step
            figure.line((x, top + 27), (x, top + 43), color="muted", arrow=True)
    return figure
