"""A query for two prices: one head returns their average, and two heads return both."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw a price list, the weights of one head and of two, and the averages below them."""
    figure = Figure(400, 252)
    prices = {"apple": 5, "pear": 1, "fig": 3}
    columns = {
        176: ((0, 0.5, 0.5), "blue"),
        290: ((0, 1, 0), "orange"),
        352: ((0, 0, 1), "purple"),
    }
    figure.text(88, 44, "price", "muted", size=13)
    figure.text(176, 18, "one head")
    figure.text(321, 18, "two heads")
    for x in columns:
        figure.text(x, 44, "weight", "muted", size=13)
    for row, (name, price) in enumerate(prices.items()):
        y = 76 + 34 * row
        asked = name != "apple"
        figure.text(58, y, f"**{name}**" if asked else name, "ink" if asked else "muted", anchor="end")
        figure.box(88, y, 40, 30, str(price), "green" if asked else "muted")
        for x, (weights, color) in columns.items():
            figure.box(x, y, 48, 30, f"{weights[row]:g}", color if weights[row] else "muted")
    for x, (weights, color) in columns.items():
        average = sum(weight * price for weight, price in zip(weights, prices.values(), strict=True))
        figure.line((x, 162), (x, 186), color=color, arrow=True)
        figure.circle(x, 204, 17, f"{average:g}", color)
    figure.text(88, 204, "average", "muted", size=13)
    figure.text(176, 238, "0.5 · 1 + 0.5 · 3", "blue", size=13)
    figure.text(290, 238, "1 · 1", "orange", size=13)
    figure.text(352, 238, "1 · 3", "purple", size=13)
    return figure
