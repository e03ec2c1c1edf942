"""BLEU of a prediction, by hand: matched tokens, matched pairs, and the factor for its length."""

from collections.abc import Sequence
from itertools import pairwise

from figures.kit import Figure

LABEL = ("sieben", "und", "vierzig", "tausend", "elf")
PREDICTION = ("sieben", "und", "vierzig", "und")
FACTORS = (
    (66, "e^{1 − 5/4} ≈ 0.78", "4 tokens, not 5", "purple"),
    (200, "(3/4)^{1/2} ≈ 0.87", "tokens", "blue"),
    (334, "(2/3)^{1/4} ≈ 0.90", "pairs", "green"),
)


def draw() -> Figure:
    """Draw the label above the prediction, as tokens and as pairs, and the three factors below."""
    figure = Figure(400, 378)

    def compare(
        top: float, kind: str, words: Sequence[Sequence[str]], edges: Sequence[float], color: str
    ) -> None:
        """Draw label and prediction: all n-grams but its last are matched by those in the same place."""
        label, prediction = words
        places = [(left + right) / 2 for left, right in pairwise(edges)]
        widths = [right - left - 6 for left, right in pairwise(edges)]
        last = len(prediction) - 1
        figure.text(2, top, f"{kind} of the label", "muted", 13, "start")
        figure.text(2, top + 120, f"{kind} of the prediction", "muted", 13, "start")
        for y, ngrams, other in ((top + 26, label, "muted"), (top + 92, prediction, "red")):
            for i, (x, width, ngram) in enumerate(zip(places, widths, ngrams, strict=False)):
                figure.box(x, y, width, 28, "", color if i < last else other)
                figure.text(x, y, ngram, size=12)
        for x in places[:last]:
            figure.line((x, top + 77), (x, top + 41), color=color, width=2, arrow=True)
        figure.text(places[-1], top + 92, f"{last} of {last + 1}", color)
        if prediction[-1] in label:
            partner = places[label.index(prediction[-1])]
            figure.line(
                (places[last], top + 77), (partner + 14, top + 42), color="red", dashed=True, arrow=True
            )
            figure.text(places[last] - 4, top + 60, "matched already", "red", 12, "start")

    tokens = (LABEL, PREDICTION)
    pairs = [[" ".join(pair) for pair in pairwise(words)] for words in tokens]
    compare(14, "tokens", tokens, (0, 80, 160, 240, 320, 400), "blue")
    compare(164, "pairs", pairs, (0, 92, 190, 304, 400), "green")
    for x, factor, name, color in FACTORS:
        figure.box(x, 322, 124, 32, factor, color)
        figure.text(x, 350, name, color, 13)
    for x in (133, 267):
        figure.text(x, 322, "·", size=20)
    figure.text(200, 369, "BLEU ≈ 0.61")
    return figure
