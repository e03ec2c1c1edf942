"""One section in one framework as all formats need it: Markdown, code, outputs, pictures."""

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tabbook.errors import Fault
from tabbook.export.slide_blocks import ShownSlide, plain_slides
from tabbook.merge.notices import stand_in_notice
from tabbook.merge.visible import seen_and_glued
from tabbook.model import Cell, Output, Projection, Result
from tabbook.read.slides import MarkedText

_ID = re.compile(r"[A-Za-z0-9_-]{1,48}")
"""A label that may be part of the id of a notebook's cell, which has at most 64 letters."""
Address = Callable[[str, str], str]
"""From a page of the book and an anchor on it to an address; empty, if an export has none."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where what a page leads to is.

    ``address`` says it of pages, ``file`` of files to download, by the names that Sphinx gives them,
    and ``picture`` of pictures, by their paths in the book and the line that asks for them.
    ``with_slides`` says that the text of slides is wanted, too.
    """

    address: Address
    file: Callable[[str], str]
    picture: Callable[[str, int], str]
    with_slides: bool = False


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A stretch of a page's text as Markdown, or the caption of what the code above it draws.

    ``marked`` is what of the text is for slides.
    """

    source: str
    marked: tuple[MarkedText, ...] = ()
    is_caption: bool = False


@dataclass(frozen=True, slots=True)
class SlideItem:
    """A text of the slides that are written apart from the page, by its place among all of these."""

    index: int
    source: str


Piece = TextPiece | SlideItem | int
"""A stretch of text, a text of slides, or the index of a code cell."""
ReadPieces = Callable[[Projection, Links], tuple[Piece, ...]]
"""What gives the pieces of a section in one framework, in the order of the page."""


@dataclass(frozen=True, slots=True)
class PagePart:
    """A stretch of text, or a code cell with its outputs.

    ``name`` stays what it is when other cells change (see :func:`names_of`). ``marked`` is what of
    the text is for slides. ``label`` is the name by which slides show a code cell.
    """

    kind: Literal["text", "code"]
    name: str
    source: str
    tags: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    marked: tuple[MarkedText, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class ExportPage:
    """A section reduced to one framework, with the bytes of the pictures that its text shows, by name.

    ``faults`` says which of them are missing. ``slides`` are those that are written apart from the text.
    """

    projection: Projection
    parts: tuple[PagePart, ...]
    executed: bool
    pictures: Mapping[str, bytes]
    faults: tuple[Fault, ...] = ()
    slides: tuple[ShownSlide, ...] = ()

    @property
    def path(self) -> str:
        """The page's path in the book, without its ending."""
        return self.projection.section.page


def site_address(base: str, tab: str) -> Address:
    """Return how the published pages are reached, with the framework chosen; ``base`` is the site's."""

    def address(page: str, anchor: str) -> str:
        return f"{base.rstrip('/')}/{page}.html?tab={tab}{f'#{anchor}' if anchor else ''}"

    return address


def relative_address(page: str, pages: Collection[str], ending: str) -> Address:
    """Return how the other exported ``pages`` are reached from ``page``, where nothing is published."""

    def address(other: str, _anchor: str) -> str:
        if other == page or other not in pages:
            return ""
        return posixpath.relpath(f"{other}{ending}", posixpath.dirname(page) or ".")

    return address


def make_page(
    projection: Projection,
    result: Result | None,
    pieces: Iterable[Piece],
    pictures: Mapping[str, bytes],
    faults: Iterable[Fault] = (),
    language: str = "en",
) -> ExportPage:
    """Return ``projection`` with the outputs of ``result``, and the text that ``pieces`` has.

    Notes of ours are in ``language``.
    """
    pieces = list(pieces)
    parts = list(_parts(projection, result, pieces, language))
    if result is not None and result.stand_ins:
        missing = ", ".join(f"`{name}`" for name in result.stand_ins)
        parts.insert(
            min(1, len(parts)), PagePart("text", "stand-ins", f"> {stand_in_notice(missing, language)}")
        )
    texts = {piece.index: piece.source for piece in pieces if isinstance(piece, SlideItem)}
    slides = plain_slides(projection.section.slides, projection.tab, texts)
    return ExportPage(projection, tuple(parts), result is not None, pictures, tuple(faults), slides)


def _parts(
    projection: Projection, result: Result | None, pieces: Iterable[Piece], language: str
) -> Iterator[PagePart]:
    cells = {cell.index: cell for cell in projection.code_cells}
    outputs = dict(zip(cells, result.outputs if result else (), strict=False))
    names = names_of(projection.section.code_cells)
    above, texts = "start", Counter[str]()
    for piece in pieces:
        if isinstance(piece, SlideItem):
            continue
        if isinstance(piece, TextPiece):
            kind = "caption" if piece.is_caption else "text"
            yield PagePart("text", _numbered(kind, above, texts), piece.source, marked=piece.marked)
            continue
        cell, above = cells[piece], names[piece]
        visible, _glued = seen_and_glued(outputs.get(piece, ()), cell.tags, language)
        yield PagePart("code", f"code-{above}", cell.source, cell.tags, visible, label=cell.label)


def _numbered(kind: str, above: str, texts: Counter[str]) -> str:
    """Return the name of a text below the code ``above``."""
    name = f"{kind}-{above}"
    texts[name] += 1
    return name if texts[name] == 1 else f"{name}-{texts[name]}"


def names_of(cells: Iterable[Cell]) -> dict[int, str]:
    """Return a name for each code cell of a section, by its index: the same ones in every framework.

    Code has its label for a name. Without one it is named after what it says, and text after the
    code above it, so that an edit renames the code that it changes, and no other cell.
    """
    names: dict[int, str] = {}
    seen = Counter[str]()
    for cell in cells:
        text = f"{cell.source}\0{seen[cell.source]}"
        seen[cell.source] += 1
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        names[cell.index] = cell.label if _ID.fullmatch(cell.label) else digest
    return names
