"""The cell of an LSTM with its three gates, and the numbers of one step."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the memory along the top, gates and candidate below it, and the inputs at the bottom."""
    figure = Figure(400, 290)
    top, row, ground = 70, 196, 262
    forget, write, new, read = 86, 158, 230, 318
    # The memory, from left to right
    figure.text(26, top - 38, "*C*_{t-1}", "muted")
    figure.text(26, top, "2.0", "blue")
    figure.line((42, top), (forget - 15, top), color="blue", width=3, arrow=True)
    figure.circle(forget, top, 13, "×", "muted")
    figure.line((forget + 13, top), (194 - 15, top), color="blue", width=3, arrow=True)
    figure.text((forget + 194) / 2, top - 14, "1.8", "blue")
    figure.circle(194, top, 13, "+", "muted")
    figure.line((207, top), (356, top), color="blue", width=3, arrow=True)
    figure.text(376, top - 38, "*C*_t", "muted")
    figure.text(376, top, "2.0", "blue")
    # What is written
    figure.circle(194, 132, 13, "×", "muted")
    figure.line((194, 119), (194, top + 15), color="green", arrow=True)
    figure.text(211, 102, "0.2", "green")
    figure.line((write, row - 17), (write, 132), (194 - 15, 132), color="orange", arrow=True)
    figure.line((new, row - 17), (new, 132), (194 + 15, 132), color="green", arrow=True)
    # What is erased
    figure.line((forget, row - 17), (forget, top + 15), color="orange", arrow=True)
    # What is read
    figure.line((read, top), (read, 117), color="blue", arrow=True)
    figure.text(read - 26, 95, "tanh", "muted", size=13)
    figure.circle(read, 132, 13, "×", "muted")
    figure.line((read, row - 17), (read, 147), color="orange", arrow=True)
    figure.line((read + 13, 132), (356, 132), color="blue", arrow=True)
    figure.text(376, 132, "0.48", "blue")
    figure.text(376, 158, "*H*_t", "muted")
    # The four layers and what they read
    for x, value, name, color in (
        (forget, "0.9", "*F*_t", "orange"),
        (write, "0.5", "*I*_t", "orange"),
        (new, "0.4", "*C̃*_t", "green"),
        (read, "0.5", "*O*_t", "orange"),
    ):
        figure.box(x, row, 44, 32, value, color)
        figure.text(x - 16, row - 30, name, "muted")
        figure.line((x, ground - 24), (x, row + 18), color="muted", arrow=True)
    figure.line((forget - 40, ground - 24), (read, ground - 24), color="muted")
    figure.text(202, ground, "*X*_t and *H*_{t-1}", "muted")
    return figure
