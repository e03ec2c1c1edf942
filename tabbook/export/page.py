"""One section in one framework as all formats need it: plain text, code, outputs, pictures."""

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tabbook.export.blocks import caption
from tabbook.export.context import Context, Footnotes
from tabbook.export.references import Target, normal
from tabbook.export.slide_blocks import ShownSlide, plain_slides
from tabbook.export.text import plain_text
from tabbook.merge.glue import apart, texts_of
from tabbook.merge.visible import shown
from tabbook.model import Cell, Output, Projection, Result
from tabbook.read.slides import Marked, marked_text, strip_slide_marks

_ID = re.compile(r"[A-Za-z0-9_-]{1,48}")
"""A label that may be part of the id of a notebook's cell, which has at most 64 letters."""

Address = Callable[[Target], str]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, or a code cell with its outputs.

    ``name`` stays what it is when other cells change (see :func:`names_of`). ``pictures`` are
    those that the text shows, as the names that it calls them by. ``marked`` is what of the
    text is for slides. ``label`` is the name by which slides show a code cell.
    """

    kind: Literal["text", "code"]
    name: str
    source: str
    line: int
    tags: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    pictures: tuple[str, ...] = ()
    marked: tuple[Marked, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A section reduced to one framework. ``pictures`` says where in the book each picture is.

    ``slides`` are those that are written apart from the text, if the page was made with them.
    """

    projection: Projection
    parts: tuple[Part, ...]
    executed: bool
    pictures: Mapping[str, str]
    slides: tuple[ShownSlide, ...] = ()

    @property
    def path(self) -> str:
        """The page's path in the book, without its ending."""
        return self.projection.section.path.removesuffix(".md")

    def line_of(self, picture: str) -> int:
        """Return the line of what shows a picture, given its name; 0 if nothing does."""
        shown = [(part.line, part.pictures) for part in self.parts]
        shown += [(one.item.line, one.pictures) for slide in self.slides for one in slide.items]
        return next((line for line, pictures in shown if picture in pictures), 0)


def published(base: str, tab: str) -> Address:
    """Return how the published pages are reached, with the framework chosen; ``base`` is the site's."""

    def address(target: Target) -> str:
        anchor = f"#{target.anchor}" if target.anchor else ""
        return f"{base.rstrip('/')}/{target.page}.html?tab={tab}{anchor}"

    return address


def beside(page: str, pages: Collection[str], ending: str) -> Address:
    """Return how the other exported ``pages`` are reached from ``page``, where nothing is published."""

    def address(target: Target) -> str:
        if target.page == page or target.page not in pages:
            return ""
        return posixpath.relpath(f"{target.page}{ending}", posixpath.dirname(page) or ".")

    return address


@dataclass
class _Pictures:
    """Collects the pictures of a page while its text is converted."""

    prefix: str
    paths: dict[str, str] = field(default_factory=dict)
    new: dict[str, None] = field(default_factory=dict)

    def __call__(self, path: str) -> str:
        name = path.removeprefix("./").replace("../", "").replace("/", "-")
        self.paths[name] = path
        self.new[name] = None
        return f"{self.prefix}{name}"

    def taken(self) -> tuple[str, ...]:
        """Return the names since the last call."""
        names, self.new = tuple(self.new), {}
        return names


def make_page(
    projection: Projection,
    result: Result | None,
    context: Context,
    pictures: str = "attachment:",
    *,
    with_slides: bool = False,
) -> Page:
    """Return ``projection`` with the outputs of ``result``, its text as plain Markdown.

    ``context`` says what the text refers to; ``pictures`` is what the address of a picture
    begins with. Slides that are written apart from the text come ``with_slides`` only.
    """
    collected = _Pictures(pictures)
    notes = Footnotes.of(cell.source for cell in projection.cells if cell.kind == "text")
    glued = texts_of(output for cell in (result.outputs if result else ()) for output in cell)
    context = replace(context, picture=collected, notes=notes, glued=glued)
    names = names_of(projection.section.cells)
    parts: list[Part] = []
    outputs = iter(result.outputs if result else ())
    for cell in projection.cells:
        if cell.kind == "text":
            text = plain_text(strip_slide_marks(cell.source), context)
            marked = tuple(
                Marked(plain_text(part.text, context), part.starts) for part in marked_text(cell.source)
            )
            if text or marked:
                name, shows = names[cell.index], collected.taken()
                parts.append(Part("text", name, text, cell.line, pictures=shows, marked=marked))
            continue
        visible = shown(apart(next(outputs, ()), hidden=False)[0], cell.tags)
        name = names[cell.index]
        parts.append(Part("code", name, cell.source, cell.line, cell.tags, visible, label=cell.label))
        words = _caption(cell, visible, context)
        if words:
            name = name.replace("code", "caption", 1)
            parts.append(Part("text", name, words, cell.line, pictures=collected.taken()))
    if listed := notes.shown():
        parts.append(Part("text", "footnotes", listed, 1, pictures=collected.taken()))
    if result is not None and result.stand_ins:
        missing = ", ".join(f"`{name}`" for name in result.stand_ins)
        warning = f"> **Note.** The outputs were made with stand-in data: {missing} could not be had."
        parts.insert(min(1, len(parts)), Part("text", "stand-ins", warning, 1))
    slides = plain_slides(
        projection.section.slides if with_slides else (),
        projection.tab,
        lambda text: (plain_text(text, context), collected.taken()),
    )
    return Page(projection, tuple(parts), result is not None, collected.paths, slides)


def names_of(cells: Iterable[Cell]) -> dict[int, str]:
    """Return a name for each cell of a section, by its index: the same ones in every framework.

    Code has its label for a name. Without one it is named after what it says, and text after the
    code above it, so that an edit renames the code that it changes, and no other cell.
    """
    names: dict[int, str] = {}
    seen = Counter[str]()
    above, texts = "start", 0
    for cell in cells:
        if cell.kind == "code":
            text = f"{cell.source}\0{seen[cell.source]}"
            seen[cell.source] += 1
            above, texts = hashlib.sha256(text.encode()).hexdigest()[:10], 0
            if _ID.fullmatch(cell.label):
                above = cell.label
            names[cell.index] = f"code-{above}"
        else:
            names[cell.index] = f"text-{above}-{texts}"
            texts += 1
    return names


def _caption(cell: Cell, outputs: tuple[Output, ...], context: Context) -> str:
    """Return the caption of the figure that a cell draws; empty if it has none."""
    options: Any = cell.metadata.get("mystnb")
    figure = options.get("figure") if isinstance(options, Mapping) else None
    if not isinstance(figure, Mapping) or not figure.get("caption") or not outputs:
        return ""
    name = str(figure.get("name") or "")
    known = normal(name) in context.references.labels
    return caption(str(figure["caption"]), "figure", name if known else "", context)
