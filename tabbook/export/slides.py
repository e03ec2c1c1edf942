"""A page as slides: a notebook that says what is on which slide, of its marked text or apart from it.

The notebook is both the source of the deck (see ``tabbook.export.decks``) and what RISE shows. All
code is in it, in order, so that it runs; code that is on no slide is skipped by the show.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from nbformat import NotebookNode

from tabbook.export.ipynb import code_cell, folded, notebook_of, text_cell
from tabbook.export.page import ExportPage, PagePart
from tabbook.export.slide_cells import Deck
from tabbook.model import with_hyphens


def shows_slides(page: ExportPage) -> bool:
    """Say whether any of the page's text is marked for slides, or some are written apart from it."""
    return bool(page.slides) or any(part.marked for part in page.parts)


def slides(
    page: ExportPage,
    first: Mapping[str, str],
    framework: str,
    others: Mapping[str, ExportPage] | None = None,
) -> NotebookNode:
    """Return the slides of ``page`` as a notebook.

    The first slide is the section's title. Marked text begins or continues a slide; the code
    cells that follow a marked text go with it, up to the next text. What the text says besides
    its marks is in the speaker's notes. Behind what marks select come the slides that are written
    apart from the text.

    Args:
        page: The section in one framework.
        first: The code of the cells above the page's own, by name, which no slide shows.
        framework: The framework's name, for the first slide.
        others: The page in other frameworks whose cells are shown, by framework.
    """
    title = f"# {page.projection.section.title}\n\n{framework}"
    cells = [text_cell("title", title, {}, **_show("slide"))]
    cells += [code_cell(name, source, (), None, _show("skip")) for name, source in first.items()]
    has_marks = any(part.marked for part in page.parts)
    cells += _marked(page) if has_marks else []
    codes = _codes(page)
    apart = {tab: _codes(other) for tab, other in (others or {}).items()}
    deck = Deck(codes, apart, page.executed, page.pictures, written=len(codes) if has_marks else 0)
    return notebook_of([*cells, *deck.write(page.slides)], page)


def _codes(page: ExportPage) -> list[PagePart]:
    return [part for part in page.parts if part.kind == "code"]


def _marked(page: ExportPage) -> list[NotebookNode]:
    """Return all code of a page, and what its marks select."""
    cells, count, on_slide = list[NotebookNode](), 0, False
    for kind, run in groupby(page.parts, lambda part: part.kind):
        parts = list(run)
        if kind == "text":
            on_slide = any(part.marked for part in parts)
            cells += _text(parts, page.pictures)
            continue
        for part in parts:
            count += 1
            hidden = "remove-cell" in with_hyphens(part.tags)
            metadata = _show("-" if on_slide and not hidden else "skip") | folded(part.tags)
            number = count if page.executed else None
            cells.append(code_cell(part.name, part.source, part.outputs, number, metadata))
    return cells


def _text(parts: Sequence[PagePart], pictures: Mapping[str, bytes]) -> list[NotebookNode]:
    """Return the marked pieces of a stretch of text, and behind them the whole of it as notes."""
    cells = []
    for part in parts:
        for number, piece in enumerate(part.marked):
            metadata = _show("slide" if piece.starts_slide else "-")
            cells.append(text_cell(f"{part.name}-{number}", piece.text, pictures, **metadata))
        if part.marked and part.source.strip():
            name = f"{part.name}-notes"
            cells.append(text_cell(name, part.source, pictures, **_show("notes")))
    return cells


def _show(how: str) -> dict[str, Any]:
    return {"slideshow": {"slide_type": how}}
