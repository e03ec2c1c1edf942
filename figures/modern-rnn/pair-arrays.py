"""The arrays of one pair: the source with its length, and inputs and targets shifted by one step."""

from figures.kit import Figure

SOURCE = ("three", "hundred", "twenty", "one", "<eos>", "<pad>", "<pad>")
TARGET = ("drei", "hundert", "ein", "und", "zwanzig", "<eos>", "<pad>")
CELL = 56
SPECIAL = {"<bos>": "orange", "<eos>": "purple", "<pad>": "muted"}


def draw() -> Figure:
    """Draw three rows of tokens, and arrows from each input to its target."""
    figure = Figure(396, 226)

    def row(y: float, name: str, tokens: tuple[str, ...], color: str) -> None:
        figure.text(2, y - 27, name, "muted", size=13, anchor="start")
        for i, token in enumerate(tokens):
            x = 2 + (i + 0.5) * CELL
            figure.box(x, y, CELL, 30, "", SPECIAL.get(token, color), corner=0)
            figure.text(x, y, token, "muted" if token == "<pad>" else "ink", size=12)

    row(46, "source, length 5", SOURCE, "blue")
    row(122, "inputs of the writing network", ("<bos>", *TARGET[:-1]), "green")
    row(188, "", TARGET, "green")
    figure.text(2, 216, "targets", "muted", size=13, anchor="start")
    for i in range(7):
        x = 2 + (i + 0.5) * CELL
        color = "muted" if TARGET[i] == "<pad>" else "ink"
        figure.line((x, 138), (x, 171), color=color, arrow=True)
    return figure
