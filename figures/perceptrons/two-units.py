"""A network with two hidden units: values forwards, derivatives backwards."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the network with its weights on the edges, values above the nodes and derivatives below."""
    figure = Figure(400, 235)
    nodes = {
        "x1": (24, 60, "*x*_1", "1", ""),
        "x2": (24, 165, "*x*_2", "2", ""),
        "z1": (138, 60, "*z*_1", "3", "4"),
        "z2": (138, 165, "*z*_2", "−1", "0"),
        "h1": (214, 60, "*h*_1", "3", "4"),
        "h2": (214, 165, "*h*_2", "0", "6"),
        "o": (306, 112, "*o*", "6", "2"),
        "l": (376, 112, "*ℓ*", "2", "1"),
    }
    edges = (
        ("x1", "z1", "1", 0.5, -11),
        ("x1", "z2", "1", 0.3, -11),
        ("x2", "z1", "1", 0.3, 12),
        ("x2", "z2", "−1", 0.5, 12),
        ("z1", "h1", "", 0, 0),
        ("z2", "h2", "", 0, 0),
        ("h1", "o", "2", 0.5, -12),
        ("h2", "o", "3", 0.5, 13),
        ("o", "l", "", 0, 0),
    )
    for start, stop, weight, part, shift in edges:
        (x0, y0, *_), (x1, y1, *_) = nodes[start], nodes[stop]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        dx, dy = 16 * (x1 - x0) / length, 16 * (y1 - y0) / length
        figure.line((x0 + dx, y0 + dy), (x1 - dx, y1 - dy), color="muted", arrow=True)
        if weight:
            x, y = x0 + part * (x1 - x0), y0 + part * (y1 - y0)
            figure.text(x + (6 if y0 != y1 else 0), y + shift, weight, "muted", size=13)
    for name, (x, y, text, value, slope) in nodes.items():
        figure.circle(x, y, 15, text, "muted" if name.startswith("x") else "blue")
        figure.text(x, y - 26, value, "blue", size=13)
        if slope:
            figure.text(x, y + 27, slope, "orange", size=13)
    figure.text(8, 222, "values", "blue", size=13, anchor="start")
    figure.text(66, 222, "derivatives of the loss", "orange", size=13, anchor="start")
    figure.text(222, 222, "weights", "muted", size=13, anchor="start")
    figure.text(176, 82, "ReLU", "muted", size=12)
    figure.text(176, 187, "ReLU", "muted", size=12)
    return figure
