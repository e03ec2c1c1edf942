"""What all figures share: colours for light and dark pages, text with indices, boxes, arrows and axes.

A figure is at most `MAX_WIDTH` units wide, and no text is smaller than `MIN_SIZE`: on a phone, a unit is
a little less than a pixel.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import drawsvg

MAX_WIDTH = 400
MIN_SIZE = 12
PAGES = ("#ffffff", "#121212")
"""The background of a light page and of a dark one, in the site's theme."""
COLORS = {
    # name: text and lines on a light page and on a dark one, then the same for areas
    "ink": ("#24292f", "#e1e4e8", "#e9ecef", "#343a41"),
    "muted": ("#5d6670", "#a3adb8", "#f3f4f6", "#252b32"),
    "blue": ("#0b5cad", "#79b8ff", "#d7e8fa", "#15365a"),
    "orange": ("#a54800", "#ffab70", "#fde5d2", "#55300f"),
    "green": ("#1a6e37", "#7fd99a", "#d8f1df", "#143f24"),
    "red": ("#b3261e", "#ff9a94", "#fbdedc", "#571e1b"),
    "purple": ("#6b3fa0", "#c9a7f5", "#eadff7", "#3b2758"),
}
"""The colours of figures; of curves drawn by `d2l` the first lines are the same."""

Point = tuple[float, float]
_PIECE = re.compile(
    r"\\(?P<plain>.)|\*\*(?P<bold>[^*]+)\*\*|\*(?P<italic>[^*]+)\*"
    r"|(?P<shift>[_^])(?:\{(?P<long>[^}]*)\}|(?P<short>.))"
)


def _style() -> str:
    def rules(text: int, area: int) -> str:
        return "".join(
            f".{name}-text{{fill:{values[text]}}}.{name}-line{{stroke:{values[text]};fill:none}}"
            f".{name}-area{{fill:{values[area]};stroke:{values[text]}}}.{name}-shade{{fill:{values[area]}}}"
            for name, values in COLORS.items()
        )

    font = (
        "text{font-family:system-ui,'DejaVu Sans',sans-serif;stroke:none}"
        ".bold{font-weight:bold}.italic{font-style:italic}"
    )
    return f"{font}{rules(0, 2)}@media (prefers-color-scheme: dark){{{rules(1, 3)}}}"


def _spans(text: str, size: float) -> str:
    """Return ``text`` with its marks as spans: *italic*, **bold**, W_x, W_{xh}; not after a backslash."""
    spans, end = [], 0
    for piece in _PIECE.finditer(text):
        spans.append(escape(text[end : piece.start()]))
        end = piece.end()
        if piece["plain"]:
            spans.append(escape(piece["plain"]))
        elif piece["shift"]:
            shift = 0.25 * size if piece["shift"] == "_" else -0.4 * size
            index = escape(piece["long"] or piece["short"])
            small = max(0.75 * size, MIN_SIZE * 0.75)
            # A shift holds for all that follows, so a space without width takes it back.
            back = f'<tspan dy="{-shift:g}">\u200b</tspan>'
            spans.append(f'<tspan dy="{shift:g}" font-size="{small:g}">{index}</tspan>{back}')
        else:
            kind = "bold" if piece["bold"] else "italic"
            spans.append(f'<tspan class="{kind}">{_spans(piece[kind], size)}</tspan>')
    return "".join([*spans, escape(text[end:])])


class Figure:
    """A drawing in the book's style; the y axis points down, and shapes are placed by their centres."""

    def __init__(self, width: float, height: float) -> None:
        assert width <= MAX_WIDTH, f"a figure is at most {MAX_WIDTH} units wide"
        self._drawing = drawsvg.Drawing(width, height)
        self._drawing.append_css(_style())
        self._heads: dict[str, drawsvg.Marker] = {}

    def text(
        self, x: float, y: float, text: str, color: str = "ink", size: float = 14, anchor: str = "middle"
    ) -> None:
        """Write one line of text around the height ``y``; `*a*`, `**a**`, `a_1` and `a_{12}` are marks."""
        assert size >= MIN_SIZE, f"text has at least the size {MIN_SIZE}"
        place = f'x="{x:g}" y="{y + 0.35 * size:g}" font-size="{size:g}" text-anchor="{anchor}"'
        element = f'<text {place} class="{color}-text">{_spans(text, size)}</text>'
        self._drawing.append(drawsvg.Raw(element))

    def line(
        self,
        *points: Point,
        color: str = "ink",
        width: float = 1.5,
        dashed: bool = False,
        arrow: bool = False,
    ) -> None:
        """Draw a line through the points; an arrow has its tip at the last one."""
        more: dict[str, object] = {"stroke_dasharray": "5 4"} if dashed else {}
        if arrow:
            more["marker_end"] = self._head(color)
        flat = [round(value, 2) for point in points for value in point]
        self._drawing.append(drawsvg.Lines(*flat, class_=f"{color}-line", stroke_width=width, **more))

    def area(self, *points: Point, color: str = "blue") -> None:
        """Fill the polygon whose corners are the points."""
        flat = [round(value, 2) for point in points for value in point]
        self._drawing.append(drawsvg.Lines(*flat, class_=f"{color}-shade", close=True))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str = "",
        color: str = "blue",
        corner: float = 4,
    ) -> None:
        """Draw a box around (x, y), with a line of text in its middle."""
        left, top = x - width / 2, y - height / 2
        self._drawing.append(
            drawsvg.Rectangle(left, top, width, height, rx=corner, class_=f"{color}-area", stroke_width=1.5)
        )
        self.text(x, y, text)

    def grid(
        self,
        left: float,
        top: float,
        rows: Sequence[Sequence[object]],
        color: str = "blue",
        cell: Point = (34, 28),
        colors: Mapping[tuple[int, int], str] | None = None,
    ) -> None:
        """Draw a matrix of numbers with its corner at (left, top); ``colors`` are those of single entries."""
        width, height = cell
        for i, row in enumerate(rows):
            for j, entry in enumerate(row):
                x, y = left + (j + 0.5) * width, top + (i + 0.5) * height
                self.box(x, y, width, height, str(entry), (colors or {}).get((i, j), color), corner=0)

    def circle(self, x: float, y: float, radius: float, text: str = "", color: str = "blue") -> None:
        """Draw a circle around (x, y), with a line of text in its middle."""
        self._drawing.append(drawsvg.Circle(x, y, radius, class_=f"{color}-area", stroke_width=1.5))
        if text:
            self.text(x, y, text)

    def dot(self, x: float, y: float, color: str = "ink", radius: float = 4) -> None:
        """Draw a dot."""
        self._drawing.append(drawsvg.Circle(round(x, 2), round(y, 2), radius, class_=f"{color}-text"))

    def svg(self) -> str:
        """Return the figure as the text of an SVG file."""
        return str(self._drawing.as_svg()) + "\n"

    def _head(self, color: str) -> drawsvg.Marker:
        if color not in self._heads:
            head = drawsvg.Marker(0, -0.5, 1, 0.5, scale=6, orient="auto", refX=0.85, id=f"head-{color}")
            head.append(drawsvg.Lines(0, -0.4, 0, 0.4, 1, 0, close=True, class_=f"{color}-text"))
            self._heads[color] = head
        return self._heads[color]


@dataclass(frozen=True)
class Axes:
    """A plot inside a figure: `left`, `top`, `width`, `height` in its units, ranges in those of the data."""

    figure: Figure
    left: float
    top: float
    width: float
    height: float
    xs: Point
    ys: Point

    def at(self, x: float, y: float) -> Point:
        """Return where a point of the data is in the figure."""
        (x0, x1), (y0, y1) = self.xs, self.ys
        return (
            self.left + (x - x0) / (x1 - x0) * self.width,
            self.top + self.height - (y - y0) / (y1 - y0) * self.height,
        )

    def frame(self, xlabel: str, ylabel: str) -> None:
        """Draw both axes as arrows, with their names at the ends."""
        bottom, right = self.top + self.height, self.left + self.width
        self.figure.line((self.left, bottom), (right + 12, bottom), color="muted", arrow=True)
        self.figure.line((self.left, bottom), (self.left, self.top - 12), color="muted", arrow=True)
        self.figure.text(right + 8, bottom + 15, xlabel, "muted")
        self.figure.text(self.left + 8, self.top - 8, ylabel, "muted", anchor="start")

    def curve(
        self, function: Callable[[float], float], color: str = "blue", *, between: Point | None = None
    ) -> None:
        """Draw the graph of a function of one number."""
        start, stop = between or self.xs
        steps = [start + (stop - start) * i / 60 for i in range(61)]
        self.figure.line(*(self.at(x, function(x)) for x in steps), color=color, width=2)

    def line(
        self, points: Sequence[Point], color: str = "ink", *, dashed: bool = False, arrow: bool = False
    ) -> None:
        """Draw a line through points of the data."""
        self.figure.line(*(self.at(*point) for point in points), color=color, dashed=dashed, arrow=arrow)

    def dot(self, x: float, y: float, color: str = "ink") -> None:
        """Mark a point of the data."""
        self.figure.dot(*self.at(x, y), color=color)
