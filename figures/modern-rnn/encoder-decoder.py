"""A leaky encoder that reads b a d, and a decoder that writes it from its end."""

from itertools import pairwise

from figures.kit import Figure

READ = (("b", "0 1 0"), ("a", "1 ½ 0"), ("d", "½ ¼ 1"))
WRITTEN = (("<bos>", "½ ¼ 1", "d"), ("d", "1 ½ 0", "a"), ("a", "0 1 0", "b"), ("b", "0 0 0", "<eos>"))
CELL = 28


def draw() -> Figure:
    """Draw a column for each state, with what is read below and what is written above."""
    figure = Figure(400, 226)
    middle = 52 + 1.5 * CELL

    def column(x: float, read: str, state: str, color: str) -> None:
        for i, entry in enumerate(state.split()):
            figure.box(x, 52 + (i + 0.5) * CELL, 36, CELL, entry, color, corner=0)
        bottom = 52 + 3 * CELL
        figure.line((x, bottom + 28), (x, bottom + 4), color="muted", arrow=True)
        figure.text(x, bottom + 40, read, "ink")

    for i, letter in enumerate(("a", "b", "d")):
        figure.text(8, 52 + (i + 0.5) * CELL, letter, "muted")
    xs = [38 + 50 * i for i in range(3)] + [208 + 55 * i for i in range(4)]
    for x, (read, state) in zip(xs, READ, strict=False):
        column(x, read, state, "blue")
    for x, (read, state, written) in zip(xs[3:], WRITTEN, strict=True):
        column(x, read, state, "green")
        figure.line((x, 48), (x, 26), color="orange", arrow=True)
        figure.text(x, 14, written, "orange")
    for start, stop in pairwise(xs):
        wide = stop - start > 60
        figure.line(
            (start + 20, middle), (stop - 20, middle), color="red" if wide else "muted",
            width=2.5 if wide else 1.5, arrow=True,
        )  # fmt: skip
    figure.text(xs[1], 208, "encoder", "blue")
    figure.text((xs[3] + xs[6]) / 2, 208, "decoder", "green")
    return figure
