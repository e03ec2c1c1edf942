"""What the state of a decoder has kept in each of three calls with a single token."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw a row for each call: the kept vectors in blue, the new one in orange, and what is written."""
    figure = Figure(380, 190)
    tokens, written = ("<bos>", "3", "0"), ("3", "0", "5")
    for i in range(3):
        y = 46 + 48 * i
        figure.text(58, y, f"call {i + 1}", "muted", anchor="end")
        for j in range(i + 1):
            figure.box(102 + 66 * j, y, 58, 32, tokens[j], "orange" if j == i else "blue")
        end = 102 + 66 * i + 29
        figure.line((end + 3, y), (316, y), color="orange", arrow=True)
        figure.circle(336, y, 15, written[i], "green")
    figure.text(336, 16, "written", "green", size=13)
    figure.text(135, 16, "keys and values", "muted", size=13)
    return figure
