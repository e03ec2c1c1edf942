"""A traced function: the first call runs Python and leaves a list, later calls run the list."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the Python function, the list of operations, and who enters where."""
    figure = Figure(400, 210)
    figure.box(95, 110, 170, 80)
    figure.text(95, 58, "Python", "blue")
    figure.text(24, 92, "print('hello')", anchor="start", size=13)
    figure.text(24, 112, "X = 2 * X", anchor="start", size=13)
    figure.text(24, 132, "return X + 1", anchor="start", size=13)
    figure.box(320, 110, 120, 80, "", "green")
    figure.text(320, 58, "list", "green")
    figure.text(320, 100, "multiply by 2", size=13)
    figure.text(320, 122, "add 1", size=13)
    figure.line((182, 110), (258, 110), arrow=True)
    figure.text(220, 96, "trace", "muted", size=13)
    figure.text(95, 14, "call 1", "orange")
    figure.line((95, 24), (95, 46), color="orange", arrow=True)
    figure.text(320, 14, "calls 2, 3, …", "orange")
    figure.line((320, 24), (320, 46), color="orange", arrow=True)
    figure.line((320, 152), (320, 180), color="green", arrow=True)
    figure.text(320, 196, "result", size=13)
    return figure
