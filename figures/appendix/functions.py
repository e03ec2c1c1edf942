"""The three functions of an older recurrent model, and what goes from one to the other."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the functions for parameters and state on the left, and the one that computes on the right."""
    figure = Figure(400, 200)
    figure.box(70, 62, 116, 36, "get\\_params", "muted")
    figure.box(70, 138, 116, 36, "init\\_state", "muted")
    figure.box(290, 100, 116, 100, "forward\\_fn", "blue")
    figure.line((128, 62), (180, 62), (230, 84), arrow=True)
    figure.line((128, 138), (180, 138), (230, 116), arrow=True)
    figure.text(182, 48, "params", size=13)
    figure.text(182, 154, "state", size=13)
    figure.line((290, 24), (290, 49), arrow=True)
    figure.text(290, 12, "inputs", size=13)
    figure.line((290, 150), (290, 177), arrow=True)
    figure.text(290, 189, "scores", size=13)
    figure.line((349, 84), (380, 84), (380, 118), (350, 118), color="orange", arrow=True)
    figure.text(398, 38, "new state", "orange", size=13, anchor="end")
    return figure
