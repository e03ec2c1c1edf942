"""What a layer reads for one example and for four, and how many multiplications it does with it."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the entries of X and W for a minibatch of one and of four, with counts below."""
    figure = Figure(400, 236)
    for left, size in ((12, 1), (222, 4)):
        figure.text(left + 83, 16, f"*B* = {size}", size=14)
        figure.grid(left, 92 - 12 * size, [[""] * 3] * size, "blue", (24, 24))
        figure.text(left + 36, 30 + 36 * (size == 1), "**X**", "blue")
        figure.grid(left + 112, 56, [[""] * 2] * 3, "orange", (24, 24))
        figure.text(left + 136, 42, "**W**", "orange")
        figure.text(left + 92, 92, "·", size=20)
        for row, text in enumerate(
            (
                f"numbers to read: {3 * size} + 6",
                f"multiplications: {6 * size}",
                f"for each number: {6 * size / (3 * size + 6):.2f}",
            )
        ):
            figure.text(left + 2, 168 + 24 * row, text, size=13, anchor="start")
    return figure
