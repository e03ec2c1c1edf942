"""Which pieces of a corpus are neighbours in minibatches: sequential against random sampling."""

from figures.kit import Figure


def draw() -> Figure:
    """Two minibatches of two rows, cut from twelve tokens in both ways."""
    figure = Figure(400, 238)
    colors = ["blue", "orange"]
    for top, title, batches in (
        (0, "sequential", [((0, 1, 2), (6, 7, 8)), ((3, 4, 5), (9, 10, 11))]),
        (122, "random", [((9, 10, 11), (0, 1, 2)), ((6, 7, 8), (3, 4, 5))]),
    ):
        figure.text(8, top + 16, f"**{title}**", anchor="start")
        for number, rows in enumerate(batches):
            left = 32 + 200 * number
            figure.text(left + 68, top + 40, f"minibatch {number + 1}", "muted")
            for i, row in enumerate(rows):
                for j, token in enumerate(row):
                    figure.box(left + 22 + 46 * j, top + 66 + 34 * i, 42, 28, str(token), colors[i])
        if title == "sequential":
            for i in range(2):
                y = top + 66 + 34 * i
                figure.line((170, y), (228, y), arrow=True)
    return figure
