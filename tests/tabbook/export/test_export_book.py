"""Exports of the book itself, and of real ones: nothing of another framework is in any of them."""

import json
from pathlib import Path

import nbformat
import pytest
from export_helpers import exported, foreign

from tabbook.book import Book
from tabbook_d2lbook import import_book

BOOK = Book.load(Path(__file__).parents[3])
CHAPTERS = Path(__file__).parents[4] / "shared" / "real-chapters"


def text_of(path: str, data: bytes) -> str:
    """Return what readers see of a file."""
    if not path.endswith(".ipynb"):
        return data.decode("utf-8", errors="replace")
    notebook = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    return "\n".join([*(cell.source for cell in notebook.cells), json.dumps(notebook, ensure_ascii=False)])


def leaks(book: Book, kind: str) -> tuple[int, list[str]]:
    """Return how many lines were looked for, and those that are in an export that they are not for."""
    tabs = tuple(book.settings.tabs)
    files = exported(book, kind, book.sections, tabs, decks=False).files
    looked_for, found = 0, []
    for tab in tabs:
        for page, wrong in foreign(book, tab).items():
            names = (f"{tab}/{page}.{ending}" for ending in ("ipynb", "slides.ipynb", "md"))
            name = next((name for name in names if name in files), "")
            if name:
                text = text_of(name, files[name])
                looked_for += len(wrong)
                found += [f"{name}: {line}" for line in wrong if line in text]
    return looked_for, found


@pytest.mark.parametrize("kind", ["ipynb", "slides", "markdown"])
def test_no_export_of_the_book_holds_another_framework(kind: str) -> None:
    looked_for, found = leaks(BOOK, kind)
    assert looked_for > 100, "the book has code and text that belong to one framework"
    assert found == []


@pytest.mark.skipif(not CHAPTERS.is_dir(), reason="the real chapters are not there: ../shared/real-chapters")
@pytest.mark.parametrize("number", ["000", "001", "002", "004"])
def test_no_export_of_a_real_chapter_holds_another_framework(number: str, tmp_path: Path) -> None:
    import_book(next(CHAPTERS.glob(f"{number}_*")), tmp_path / "book")
    # Outputs are as the authors left them: 004 has TensorFlow's error under a cell that is not for it.
    for outputs in (tmp_path / "book").glob("*.outputs.json"):
        outputs.unlink()
    book = Book.load(tmp_path / "book")
    for kind in ("ipynb", "slides", "markdown"):
        looked_for, found = leaks(book, kind)
        assert looked_for > 20 or kind == "slides"
        assert found == []
