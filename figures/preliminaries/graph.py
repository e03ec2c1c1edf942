"""A computation as a graph: values forwards, derivatives backwards."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw (w x + b − y)² with its values above the nodes and the derivatives below."""
    figure = Figure(400, 250)
    nodes = {
        "w": (35, 45, "*w*", "1", "−8"),
        "x": (35, 125, "*x*", "2", ""),
        "u": (125, 85, "×", "2", "−4"),
        "b": (125, 195, "*b*", "1", "−4"),
        "p": (205, 125, "+", "3", "−4"),
        "y": (205, 210, "*y*", "5", ""),
        "e": (285, 125, "−", "−2", "−4"),
        "l": (368, 125, "×", "4", "1"),
    }
    edges = (("w", "u"), ("x", "u"), ("u", "p"), ("b", "p"), ("p", "e"), ("y", "e"))
    for start, stop in edges:
        (x0, y0, *_), (x1, y1, *_) = nodes[start], nodes[stop]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        dx, dy = 15 * (x1 - x0) / length, 15 * (y1 - y0) / length
        figure.line((x0 + dx, y0 + dy), (x1 - dx, y1 - dy), color="muted", arrow=True)
    for bend in (-14, 14):
        figure.line(
            (297, 125 + bend / 2), (326, 125 + bend), (354, 125 + bend / 2), color="muted", arrow=True
        )
    for name, (x, y, text, value, slope) in nodes.items():
        figure.circle(x, y, 14, text, "muted" if name in "xy" else "blue")
        figure.text(x, y - 24, value, "blue", size=13)
        figure.text(x, y + 25, slope, "orange", size=13)
    figure.text(300, 45, "values", "blue", size=13)
    figure.text(300, 66, "derivatives of the loss", "orange", size=13)
    return figure
