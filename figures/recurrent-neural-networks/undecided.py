"""Perplexity as the number of tokens between which a model is undecided."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw three predictions for the letter after 'th', each with the perplexity if an e follows."""
    figure = Figure(400, 190)
    models = (
        ("knows nothing", (0.25, 0.25, 0.25, 0.25), "4", "muted"),
        ("undecided", (0.5, 0.5, 0, 0), "2", "orange"),
        ("certain", (1, 0, 0, 0), "1", "green"),
    )
    for k, (name, chances, perplexity, color) in enumerate(models):
        left = 12 + 132 * k
        for i, (letter, chance) in enumerate(zip("eao␣", chances, strict=True)):
            x = left + 14 + 28 * i
            figure.line((x, 120), (x, 120 - 90 * chance), color=color, width=18)
            figure.text(x, 134, letter, size=13)
        figure.line((left, 121), (left + 112, 121), color="muted")
        figure.text(left + 56, 156, name, color, size=13)
        figure.text(left + 56, 176, f"perplexity {perplexity}", size=13)
    figure.text(12, 14, "What follows “th”? The text says: e.", "muted", size=13, anchor="start")
    return figure
