"""A lookup that weights all keys: a query, three keys with their values, and the weighted average."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the query on the left, keys and values in rows, and lines as thick as their weights."""
    figure = Figure(390, 246)
    for x, name in ((44, "query"), (204, "keys"), (272, "values"), (350, "parts")):
        figure.text(x, 14, name, "muted", 13)
    rows = (("1 km", "10 min", 0.10, 1), ("2 km", "20 min", 0.45, 9), ("4 km", "60 min", 0.45, 27))
    for y, (key, value, weight, part) in zip((50, 108, 166), rows, strict=True):
        figure.line((78, 108), (174, y), color="orange", width=1 + 10 * weight)
        figure.box(204, y, 58, 34, key, "orange")
        figure.box(272, y, 66, 34, value, "green")
        figure.line((308, y), (332, y), color="muted", arrow=True)
        figure.text(350, y, str(part), "green")
    for y, share in ((60, "0.10"), (96, "0.45"), (156, "0.45")):
        figure.text(126, y, share, "orange", 13)
    figure.box(44, 108, 66, 38, "3 km", "blue")
    figure.line((330, 190), (370, 190), color="muted")
    figure.text(350, 208, "37", "green")
    figure.text(324, 208, "answer", "muted", 13, anchor="end")
    figure.text(194, 234, "part = weight × value", "muted", 13)
    return figure
