"""Two pairs of trainings, with and without a common beginning, and the averages of what they end with."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw both pairs as paths, and the average of each in the middle between their ends."""
    figure = Figure(400, 210)
    for left, title, color in ((0, "shared epochs", "green"), (206, "none shared", "red")):
        figure.text(left + 97, 12, title, "muted")
        ends = ((left + 30, 60), (left + 164, 60))
        if color == "green":
            figure.dot(left + 97, 196)
            figure.line((left + 97, 196), (left + 97, 138), color="orange", width=2.5)
            starts = [(left + 97, 138)] * 2
        else:
            starts = [(left + 30, 196), (left + 164, 196)]
        for start, end in zip(starts, ends, strict=True):
            figure.line(start, (end[0] + (start[0] - end[0]) * 0.12, end[1] + 14), width=1.5, arrow=True)
            if color == "red":
                figure.dot(*start)
        figure.line((left + 44, 60), (left + 150, 60), color="muted", dashed=True)
        for x, y in ends:
            figure.circle(x, y, 14, "**θ**", "blue")
        figure.circle(left + 97, 60, 7, color=color)
        figure.text(left + 97, 38, "average", color)
    return figure
