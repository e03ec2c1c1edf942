"""Two rows that differ in brightness, and what is left of both without their means."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw two rows with their means, and the one row that both become."""
    figure = Figure(400, 176)
    for y, title, row, mean in ((44, "dark", (1, 2, 6), 3), (132, "bright", (11, 12, 16), 13)):
        figure.text(4, y - 30, title, "muted", anchor="start")
        figure.grid(4, y - 15, [row], cell=(36, 30))
        figure.text(140, y - 30, "mean", "orange")
        figure.box(140, y, 36, 30, str(mean), "orange")
        figure.line((160, y), (262, 88 + (y - 88) * 0.2), color="muted", arrow=True)
        figure.text(214, y - 2 if y < 88 else y + 4, f"− {mean}", "orange")
    figure.grid(270, 73, [("−2", "−1", "3")], color="green", cell=(40, 30))
    return figure
