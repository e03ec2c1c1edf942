"""Exports of the book itself: nothing of another framework is in any of them."""

import json
from pathlib import Path

import nbformat
import pytest

from tabbook.book import Book
from tabbook.export.exporter import Exporter
from tabbook.export.make import export
from tabbook.read.slides import strip_slide_marks

BOOK = Book.load(Path(__file__).parents[2])
TABS = tuple(BOOK.settings.tabs)
MIN_LENGTH = 25
"""Shorter lines may well be the same by chance."""


def lines(text: str) -> set[str]:
    found = (line.strip() for line in strip_slide_marks(text).split("\n"))
    return {line for line in found if len(line) >= MIN_LENGTH and "`{" not in line and "{" not in line[:1]}


def foreign(tab: str) -> dict[str, set[str]]:
    """Return for each section the lines that are in other frameworks' cells alone."""
    found = {}
    for section in BOOK.sections:
        own: set[str] = set()
        others: set[str] = set()
        for name in TABS:
            for cell in BOOK.project(section, name).cells:
                (own if name == tab else others).update(lines(cell.source))
        whole = "\n".join(own)
        found[section.path.removesuffix(".md")] = {line for line in others if line not in whole}
    return found


def text_of(path: str, data: bytes) -> str:
    """Return what readers see of a file."""
    if not path.endswith(".ipynb"):
        return data.decode("utf-8", errors="replace")
    notebook = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    return "\n".join([*(cell.source for cell in notebook.cells), json.dumps(notebook, ensure_ascii=False)])


@pytest.mark.parametrize("kind", ["ipynb", "slides", "markdown"])
def test_no_export_of_the_book_holds_another_framework(kind: str) -> None:
    files = export(Exporter(BOOK), kind, BOOK.sections, TABS, decks=False).files
    looked_for = 0
    leaks = []
    for tab in TABS:
        for page, found in foreign(tab).items():
            names = (f"{tab}/{page}.{ending}" for ending in ("ipynb", "slides.ipynb", "md"))
            name = next((name for name in names if name in files), "")
            if name:
                text = text_of(name, files[name])
                looked_for += len(found)
                leaks += [f"{name}: {line}" for line in found if line in text]
    assert looked_for > 100, "the book has code and text that belong to one framework"
    assert leaks == []
