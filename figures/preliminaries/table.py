"""From a table with a gap and words to a matrix of numbers."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw three rows of the table above, and the matrix that they become below."""
    figure = Figure(400, 250)
    rows = (("80", "3", "north"), ("65", "?", "south"), ("120", "5", "north"))
    for j, (name, x) in enumerate((("area", 90), ("rooms", 160), ("district", 240))):
        figure.text(x, 14, name, "muted", size=13)
        for i, row in enumerate(rows):
            color = "red" if row[j] == "?" else "orange" if j == 2 else "blue"
            figure.box(x, 38 + 28 * i, 72, 28, row[j], color, corner=0)
    figure.line((110, 118), (90, 158), color="muted", arrow=True)
    figure.line((160, 118), (160, 158), color="red", arrow=True)
    figure.line((160, 118), (222, 158), color="red", arrow=True)
    figure.line((240, 118), (284, 158), color="orange", arrow=True)
    figure.line((240, 118), (342, 158), color="orange", arrow=True)
    matrix = (("80", "3", "0", "1", "0"), ("65", "4", "1", "0", "1"), ("120", "5", "0", "1", "0"))
    names = ("area", "rooms", "missing?", "north", "south")
    for j, column in enumerate(names):
        x = 90 + 64 * j
        figure.text(x, 168, column, "muted", size=12)
        for i, entries in enumerate(matrix):
            color = "red" if (j == 2 or (i, j) == (1, 1)) else "orange" if j > 2 else "blue"
            figure.box(x, 188 + 22 * i, 64, 22, entries[j], color, corner=0)
    return figure
