"""A sublayer with the normalization behind its shortcut, and one with it on the branch."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw both forms from bottom to top; the main line is thick."""
    figure = Figure(380, 300)
    for x, title, branch in ((70, "post-norm", ("*F*",)), (250, "pre-norm", ("LN", "*F*"))):
        pre = len(branch) == 2
        figure.text(x + 30, 16, title, "ink", size=15)
        figure.text(x, 284, "**x**", "ink")
        figure.line((x, 270), (x, 121), color="blue", width=4)
        figure.line((x, 130), (x, 114), color="blue", width=2, arrow=True)
        figure.circle(x, 100, 13, "+", "muted")
        if not pre:
            figure.line((x, 87), (x, 78), color="blue", width=4)
            figure.box(x, 64, 46, 28, "LN", "orange")
            figure.line((x, 50), (x, 34), color="blue", width=2, arrow=True)
        else:
            figure.line((x, 87), (x, 48), color="blue", width=4)
            figure.line((x, 50), (x, 34), color="blue", width=2, arrow=True)
        side = x + 72
        heights = (206, 150) if pre else (178,)
        figure.line((x, 250), (side, 250), (side, heights[0] + 16), color="muted", arrow=True)
        for y, name in zip(heights, branch, strict=True):
            figure.box(side, y, 46, 28, name, "orange" if name == "LN" else "purple")
        if pre:
            figure.line((side, 192), (side, 166), color="muted", arrow=True)
        figure.line((side, heights[-1] - 14), (side, 100), (x + 15, 100), color="muted", arrow=True)
    return figure
