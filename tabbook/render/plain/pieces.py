"""A page's resolved tree in one framework, as pieces of Markdown with the code cells between them."""

from collections.abc import Iterable, Mapping, Sequence

from docutils import nodes
from sphinx.environment import BuildEnvironment

from tabbook.export.page import Links, Piece, SlideItem, TextPiece
from tabbook.model import Projection
from tabbook.read.slides import MarkedText
from tabbook.render.aside import slide_text
from tabbook.render.compact import CELLS_ATTRIBUTE, compact_node
from tabbook.render.plain.blocks import Blocks
from tabbook.render.tabs import PART_ATTRIBUTE


def pieces_of(
    document: nodes.document, env: BuildEnvironment, projection: Projection, places: Links
) -> tuple[Piece, ...]:
    """Return the text of ``projection``'s page as Markdown, and the indices of its code cells, in order.

    ``document`` is the page's tree, resolved for exports.
    """
    pieces = _Pieces(env, projection, places)
    pieces.walk(document.children)
    return pieces.finished()


class _Pieces:
    """Collects pieces while it walks through a page."""

    def __init__(self, env: BuildEnvironment, projection: Projection, places: Links) -> None:
        page, tab = projection.section.page, projection.tab
        self.blocks, self.tab = Blocks(env, page, tab, places), tab
        self.waiting = [cell.index for cell in projection.code_cells]
        self.ends = _ends_of_runs(projection)
        self.run_end = -1
        self.pieces: list[Piece] = []
        self.lines: list[str] = []
        self.marked: list[MarkedText] = []

    def walk(self, children: Iterable[nodes.Node]) -> None:
        """Take what some nodes next to each other say."""
        for child in children:
            if isinstance(child, nodes.section):
                self.walk(child.children)
            elif isinstance(child, slide_text):
                self._slide(child)
            elif self._has_cells(child):
                self._flush()
                self._code(child)
            else:
                self._text(self.blocks.block(child))

    def finished(self) -> tuple[Piece, ...]:
        self._flush()
        self._cells(max(self.waiting, default=-1))
        return tuple(self.pieces)

    def _text(self, lines: Sequence[str]) -> None:
        if lines:
            self._cells(self.run_end)
            self.lines += ["", *lines] if self.lines else lines

    def _slide(self, node: slide_text) -> None:
        if self.blocks.places.with_slides and self.tab in node["tabs"]:
            self._cells(self.run_end)
            text, (kind, _, place) = "\n".join(self.blocks.blocks(node.children)), node["how"].partition("-")
            if kind == "item":
                self.pieces.append(SlideItem(int(place), text))
            else:
                self.marked.append(MarkedText(text, kind == "start"))

    def _flush(self) -> None:
        if self.lines or self.marked:
            self.pieces.append(TextPiece("\n".join(self.lines), tuple(self.marked)))
        self.lines, self.marked = [], []
        self.blocks.list_before = ""

    def _cells(self, last: int) -> None:
        """Take the code cells up to the one with the index ``last`` that are not taken yet."""
        while self.waiting and self.waiting[0] <= last:
            self.pieces.append(self.waiting.pop(0))

    def _has_cells(self, node: nodes.Node) -> bool:
        if not isinstance(node, nodes.Element):
            return False
        if isinstance(node, compact_node):
            return bool(node[CELLS_ATTRIBUTE])
        return CELLS_ATTRIBUTE in node or (
            node.get(PART_ATTRIBUTE) == "group" and "tabbook-code" in node["classes"]
        )

    def _code(self, node: nodes.Node) -> None:
        """Take the code cells of a node, and the captions of the figures that they draw."""
        panels = [one for one in node.findall(nodes.Element) if one.get(PART_ATTRIBUTE) == "panel"]
        own = [one for one in panels if self.tab in one["tabs"]] if panels else [node]
        for part in own:
            for one in part.findall(nodes.Element):
                if indices := one.get(CELLS_ATTRIBUTE, ()):
                    self._begin(indices)
                elif isinstance(one, nodes.figure) and self._is_output(one):
                    self._caption(one)
        for one in node.findall(nodes.Element):
            self._begin(one.get(CELLS_ATTRIBUTE, ()))

    def _begin(self, indices: Sequence[int]) -> None:
        for index in indices:
            self._cells(index)
            self.run_end = max(self.run_end, self.ends.get(index, index))

    def _is_output(self, node: nodes.figure) -> bool:
        return not isinstance(node.parent, nodes.figure)

    def _caption(self, node: nodes.figure) -> None:
        caption = next(iter(node.findall(nodes.caption)), None)
        if caption is not None and (words := self.blocks.caption(node, caption)):
            self.pieces.append(TextPiece(words, is_caption=True))


def _ends_of_runs(projection: Projection) -> Mapping[int, int]:
    """Return for each code cell of the section the last one of those that follow it without text between."""
    ends: dict[int, int] = {}
    end = -1
    for cell in reversed(projection.section.cells):
        if cell.kind == "text":
            end = -1
            continue
        end = max(end, cell.index)
        ends[cell.index] = end
    return ends
