"""A page as slides: what its marks select, as a notebook that says what is on which slide.

The notebook is both the source of the deck (see ``tabbook.export.decks``) and what RISE shows. All
code is in it, in order, so that it runs; code that is on no slide is skipped by the show.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from nbformat import NotebookNode

from tabbook.export.ipynb import code_cell, finished, text_cell
from tabbook.export.page import Page, Part


def has_slides(page: Page) -> bool:
    """Say whether any of the page's text is marked for slides."""
    return any(part.marked for part in page.parts)


def slides(
    page: Page, first: Mapping[str, str], framework: str, pictures: Mapping[str, bytes]
) -> NotebookNode:
    """Return the slides of ``page`` as a notebook.

    The first slide is the section's title. Marked text begins or continues a slide; the code
    cells that follow a marked text go with it, up to the next text. What the text says besides
    its marks is in the speaker's notes.

    Args:
        page: The section in one framework.
        first: The code of the cells above the page's own, by name, which no slide shows.
        framework: The framework's name, for the first slide.
        pictures: The bytes of the page's pictures, by name.
    """
    title = f"# {page.projection.section.title}\n\n{framework}"
    cells = [text_cell("title", title, (), {}, **_show("slide"))]
    cells += [code_cell(name, source, (), None, _show("skip")) for name, source in first.items()]
    count, on_slide = 0, False
    for kind, run in groupby(page.parts, lambda part: part.kind):
        parts = list(run)
        if kind == "text":
            on_slide = any(part.marked for part in parts)
            cells += _text(parts, pictures)
            continue
        for part in parts:
            count += 1
            hidden = "remove-cell" in {tag.replace("_", "-") for tag in part.tags}
            metadata: dict[str, Any] = _show("-" if on_slide and not hidden else "skip")
            if part.tags:
                metadata["tags"] = sorted(part.tags)
            number = count if page.executed else None
            cells.append(code_cell(part.name, part.source, part.outputs, number, metadata))
    return finished(cells, page)


def _text(parts: Sequence[Part], pictures: Mapping[str, bytes]) -> list[NotebookNode]:
    """Return the marked pieces of a stretch of text, and behind them the whole of it as notes."""
    cells = []
    for part in parts:
        for number, piece in enumerate(part.marked):
            metadata = _show("slide" if piece.starts else "-")
            cells.append(text_cell(f"{part.name}-{number}", piece.text, part.pictures, pictures, **metadata))
        if part.marked and part.source.strip():
            name = f"{part.name}-notes"
            cells.append(text_cell(name, part.source, part.pictures, pictures, **_show("notes")))
    return cells


def _show(how: str) -> dict[str, Any]:
    return {"slideshow": {"slide_type": how}}
