"""Windows of a text that are for training, one that would leak, and those that are held out."""

from figures.kit import Figure

TEXT = "the␣sun␣had␣c"
STEPS, TRAIN = 3, 3
CELL = (25, 25)
LEFT = 74


def window(figure: Figure, start: int, top: float, color: str) -> None:
    """Draw the characters of a window at their places in the text; the first is no label."""
    for i in range(start, start + STEPS + 1):
        figure.grid(LEFT + 25 * i, top, [[TEXT[i]]], color if i > start else "muted", cell=CELL)


def draw() -> Figure:
    """Draw the text, three training windows, the next one, and two windows behind the gap."""
    figure = Figure(400, 264)
    figure.text(4, 18, "text", "ink", size=13, anchor="start")
    figure.grid(LEFT, 5, [list(TEXT)], "muted", cell=CELL)
    rows = [*(("train", "blue", start) for start in range(TRAIN)), ("leaks", "red", TRAIN)]
    first = TRAIN + STEPS
    rows += [("held out", "green", first), ("held out", "green", first + STEPS)]
    for k, (name, color, start) in enumerate(rows):
        top = 46 + 33 * k + (12 if k >= TRAIN else 0) + (4 if k > TRAIN else 0)
        figure.text(4, top + 13, name, color, size=13, anchor="start")
        window(figure, start, top, color)
    edge = LEFT + 25 * first
    figure.line((edge, 36), (edge, 258), color="ink", dashed=True)
    return figure
