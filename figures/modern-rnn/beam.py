"""A tree of two steps, in which the best first token does not begin the best sequence."""

from figures.kit import Figure

FIRST = (("a", 0.5, 64), ("end", 0.1, 130), ("b", 0.4, 196))
SECOND = {
    "a": (("a", 0.3, 24), ("b", 0.3, 64), ("end", 0.4, 104)),
    "b": (("a", 0.05, 156), ("b", 0.05, 196), ("end", 0.9, 236)),
}
PATHS = {"a": ("orange", "greedy"), "b": ("green", "best")}


def draw() -> Figure:
    """Draw the start, the first tokens and the second ones, with products of probabilities at the right."""
    figure = Figure(390, 262)
    for token, chance, y in FIRST:
        color, _ = PATHS.get(token, ("muted", ""))
        figure.line((52, 130), (120, y), color=color, width=2.5 if token in PATHS else 1.5, arrow=True)
        figure.text(80, 130 + 0.55 * (y - 130) - (11 if y <= 130 else -13), f"{chance:g}", color, 13)
        figure.box(142, y, 40, 26, token, "ink" if token == "end" else "blue")
        for follower, its_chance, its_y in SECOND.get(token, ()):
            is_path = follower == "end"
            shade = color if is_path else "muted"
            figure.line((163, y), (246, its_y), color=shade, width=2.5 if is_path else 1.5, arrow=True)
            figure.text(212, y + 0.6 * (its_y - y) - (10 if its_y == y else 14), f"{its_chance:g}", shade, 12)
            figure.box(268, its_y, 40, 26, follower, "ink" if is_path else "blue")
            product = (
                f"{chance * its_chance:.2g}"
                if not is_path
                else f"{chance * its_chance:.2f} {PATHS[token][1]}"
            )
            figure.text(296, its_y, product, shade, 13, anchor="start")
    figure.text(28, 130, "start", "ink", 13)
    return figure
