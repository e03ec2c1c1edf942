"""A network as a tree of modules, with the number of parameters in each."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the root, its three parts, and the layers inside the blocks."""
    figure = Figure(400, 210)
    root, middle, leaves = 34, 108, 182
    parts = ((80, "block", 31, "orange"), (240, "block", 31, "orange"), (350, "dense", 8, "green"))
    for x, name, count, color in parts:
        figure.line((210, root + 18), (x, middle - 18), color="muted")
        figure.box(x, middle, 84, 36, f"{name}: {count}", color)
        if name == "block":
            for shift, size in ((-39, 16), (39, 15)):
                figure.line((x, middle + 18), (x + shift, leaves - 16), color="muted")
                figure.box(x + shift, leaves, 72, 32, "", "green")
                figure.text(x + shift, leaves, f"dense: {size}", size=13)
    figure.box(210, root, 110, 36, "sequence: **70**", "blue")
    return figure
