"""The gradient of a lookup: what comes back for each token goes to the token's row, where it adds up."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the gradients of three tokens on the left and the gradient of the table on the right."""
    figure = Figure(400, 170)
    figure.text(100, 14, "what comes back", "muted")
    figure.text(301, 14, "gradient of **E**", "muted")
    rows = (("n", (1, 0), "orange"), ("o", (0, 2), "green"), ("n", (3, 1), "orange"))
    for k, (token, row, color) in enumerate(rows):
        y = 34 + 44 * k
        figure.text(40, y + 14, f"*{token}*", color)
        figure.grid(65, y, [row], color)
    table = (("<unk>", (0, 0), "blue"), ("n", (4, 1), "orange"), ("o", (0, 2), "green"))
    for k, (token, row, color) in enumerate(table):
        y = 50 + 28 * k
        figure.grid(266, y, [row], color)
        label = token if k == 0 else f"*{token}*"
        figure.text(341, y + 14, label, color if k else "muted", anchor="start")
    figure.line((138, 48), (261, 88), color="orange", width=2, arrow=True)
    figure.line((138, 136), (261, 96), color="orange", width=2, arrow=True)
    figure.line((138, 92), (261, 120), color="green", width=2, arrow=True)
    return figure
