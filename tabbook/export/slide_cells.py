"""Slides that are written apart from the page, as cells of a notebook of slides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any

from nbformat import NotebookNode

from tabbook.export.ipynb import code_cell, folded, text_cell
from tabbook.export.page import PagePart
from tabbook.export.slide_blocks import ShownSlide
from tabbook.model import Box, Embedded, Item, Output

LAYOUT = "tabbook"
"""The key of a cell's metadata that says which boxes it opens and closes, and when it is shown."""


@dataclass
class Deck:
    """Writes slides as cells of a notebook that also has all code of the page, each cell once, in order.

    A cell that a slide shows out of order, once more, or of another framework is a copy, which is not
    executed again.

    Attributes:
        codes: The code cells of the page, in order.
        others: Those of other frameworks, by framework.
        executed: Whether the outputs are there.
        pictures: The bytes of pictures, by name.
    """

    codes: Sequence[PagePart]
    others: Mapping[str, Sequence[PagePart]]
    executed: bool
    pictures: Mapping[str, bytes]
    written: int = 0
    """How many cells of the page are in the notebook already."""
    cells: list[NotebookNode] = field(default_factory=list)

    def write(self, slides: Sequence[ShownSlide]) -> list[NotebookNode]:
        """Return the cells of ``slides``; the first goes on with the title's slide if it has no title."""
        for number, slide in enumerate(slides):
            how = "subslide" if slide.is_below else "slide"
            self._slide(slide, f"slide-{number + 1}", "-" if not number and not slide.has_title else how)
        self._skip(len(self.codes))
        return self.cells

    def _skip(self, end: int) -> None:
        """Write the cells of the page up to ``end`` that are not there yet, on no slide."""
        for number in range(self.written, end):
            self._code(self.codes[number], self.codes[number].name, number + 1, {"slide_type": "skip"}, {})
        self.written = max(self.written, end)

    def _slide(self, slide: ShownSlide, name: str, begins: str) -> None:
        items = [one for one in slide.items if one.item.is_note or self._is_there(one.item.content)]
        shown = [one for one in items if not one.item.is_note]
        step = 0
        layouts = dict(zip(map(id, shown), _layouts([one.item for one in shown]), strict=True))
        for number, one in enumerate(items, 1):
            layout = layouts.get(id(one), {})
            how = "notes" if one.item.is_note else begins
            if how == "-" and one.item.step > step:
                how = "fragment"
            if not one.item.is_note:
                begins, step = "-", one.item.step
            if isinstance(one.item.content, Embedded):
                self._embed(one.item.content, f"{name}-{number}", how, layout)
            else:
                more = {"slideshow": {"slide_type": how}, **({LAYOUT: layout} if layout else {})}
                self.cells.append(text_cell(f"{name}-{number}", one.text, self.pictures, **more))

    def _is_there(self, content: str | Embedded) -> bool:
        return isinstance(content, str) or self._find(content) is not None

    def _find(self, shown: Embedded) -> int | None:
        """Return the place of a cell among those of its framework; None if that has none of the name."""
        codes = self.others.get(shown.tab, ()) if shown.tab else self.codes
        return next((number for number, code in enumerate(codes) if code.label == shown.label), None)

    def _embed(self, shown: Embedded, name: str, how: str, layout: Mapping[str, Any]) -> None:
        place = self._find(shown)
        assert place is not None
        code = (self.others[shown.tab] if shown.tab else self.codes)[place]
        is_first = not shown.tab and place >= self.written
        if is_first:
            self._skip(place)
            self.written = place + 1
        tags = {*code.tags, *(() if shown.has_input else ("remove-input",))}
        tags |= set() if is_first else {"skip-execution"}
        outputs = code.outputs if shown.has_output else ()
        slideshow = {"slide_type": how}
        self._code(
            code, code.name if is_first else name, place + 1, slideshow, layout, tags=tags, outputs=outputs
        )

    def _code(
        self,
        code: PagePart,
        name: str,
        count: int,
        slideshow: Mapping[str, str],
        layout: Mapping[str, Any],
        *,
        tags: set[str] | None = None,
        outputs: tuple[Output, ...] | None = None,
    ) -> None:
        tags_shown = sorted(set(code.tags) if tags is None else tags)
        metadata: dict[str, Any] = {"slideshow": dict(slideshow)}
        metadata |= {LAYOUT: dict(layout)} if layout else {}
        metadata |= folded(tags_shown)
        shown = code.outputs if outputs is None else outputs
        self.cells.append(code_cell(name, code.source, shown, count if self.executed else None, metadata))


def _layouts(items: Sequence[Item]) -> Iterator[dict[str, Any]]:
    """Yield for each item of a slide which boxes it opens, how many close behind it, and when it is shown."""
    paths = [(), *(item.boxes for item in items), ()]
    for item, (before, own), (_, after) in zip(items, pairwise(paths[:-1]), pairwise(paths[1:]), strict=True):
        opened = [_opening(box) for box in own[_common(before, own) :]]
        closed = len(own) - _common(own, after)
        layout: dict[str, Any] = {"open": opened} if opened else {}
        layout |= {"close": closed} if closed else {}
        yield layout | ({"step": item.step} if item.step else {})


def _common(one: Sequence[Box], other: Sequence[Box]) -> int:
    """Return how many boxes two paths share, from the outermost on."""
    same = 0
    while same < min(len(one), len(other)) and one[same].number == other[same].number:
        same += 1
    return same


def _opening(box: Box) -> str:
    """Return the tag that opens a box."""
    classes, width = escape(" ".join(box.classes)), escape(box.width)
    side = "flex: 0 0 " if "column" in box.classes else "width: "
    shown = f' class="{classes}"' if classes else ""
    return f'<div{shown} style="{side}{width}">' if width else f"<div{shown}>"
