"""A decoder in training and when it writes: what it reads next, and which steps count in the loss."""

from itertools import pairwise

from figures.kit import Figure

COLUMNS = (128, 200, 272, 374)
SPECIAL = {"<bos>": "orange", "<eos>": "purple", "<pad>": "muted", "any": "muted"}


def draw() -> Figure:
    """Draw training, where targets go back to the inputs, above writing, where the own tokens do."""
    figure = Figure(400, 414)

    def row(y: float, name: str, entries: str, color: str) -> None:
        figure.text(2, y, name, color, 12, "start")
        for x, entry in zip(COLUMNS, entries.split(), strict=True):
            figure.box(x, y, 50, 26, "", SPECIAL.get(entry, color))
            figure.text(x, y, entry, "muted" if entry in ("<pad>", "any") else "ink", 13)
        figure.text(323, y, "…", "muted")

    def part(top: float, name: str, reads: str, color: str) -> None:
        """Draw the steps of the decoder: what each reads, its state for the next one, its best token."""
        figure.text(2, top, f"**{name}**", anchor="start", size=13)
        for x, step in zip(COLUMNS, ("1", "2", "3", "10"), strict=True):
            figure.text(x, top, step, "muted", 13)
            figure.line((x, top + 42), (x, top + 57), color="muted", arrow=True)
            figure.circle(x, top + 68, 9, color="muted")
            figure.line((x, top + 78), (x, top + 95), color="muted", arrow=True)
        for left, right in pairwise(COLUMNS):
            figure.line((left + 11, top + 68), (right - 11, top + 68), color="muted", arrow=True)
        row(top + 28, "reads", reads, color)
        figure.text(2, top + 68, "decoder", "muted", 12, "start")

    def back(start: float, stop: float, color: str) -> None:
        """Draw arrows from tokens to what is read in the next step."""
        for left in COLUMNS[:2]:
            lane = left + 34
            figure.line((left + 26, start), (lane, start), (lane, stop), (left + 46, stop),
                        color=color, width=2, arrow=True)  # fmt: skip

    part(12, "training", "<bos> elf <eos> <pad>", "green")
    row(122, "most probable", "zwölf <eos> any any", "red")
    row(158, "target", "elf <eos> <pad> <pad>", "green")
    back(158, 40, "green")
    figure.text(2, 192, "loss", "ink", 12, "start")
    figure.text(2, 218, "counts", "blue", 12, "start")
    for x, loss, count in zip(COLUMNS, ("0.8", "0.4", "any", "any"), "1100", strict=True):
        figure.text(x, 192, loss, "muted" if loss == "any" else "ink", 13)
        figure.box(x, 218, 50, 24, count, "blue" if count == "1" else "muted")
    for y in (192, 218):
        figure.text(323, y, "…", "muted")
    figure.text(103, 248, "(0.8 · 1 + 0.4 · 1) / (1 + 1) = 0.6", "blue", 13, "start")
    part(290, "writing", "<bos> zwölf <eos> any", "red")
    row(400, "most probable", "zwölf <eos> any any", "red")
    back(400, 318, "red")
    return figure
