"""Whole books in d2lbook's format, where some are at hand: each imports, and our tools take the result.

``PEER_BOOKS`` names their folders, or a folder of them, as ``PATH`` does. Nothing of them is kept here.
"""

import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tabbook.book import Book
from tabbook.library.generator import generate
from tabbook_d2lbook import import_book

PROJECT_FILES = "config.ini", "_quarto.yml"
MARK = re.compile(r":(?:numref|eqref|label|eqlabel|begin_tab|end_tab):$")


def raw_marks(text: str) -> Iterator[str]:
    """Yield the marks in the text of a page, as CommonMark shows them; code and comments may hold some."""
    for token in MarkdownIt("commonmark").parse(text):
        for one, following in pairwise(token.children or ()):
            if one.type == "text" and following.type == "code_inline" and (found := MARK.search(one.content)):
                yield f"{found[0]}`{following.content}`"


def books() -> Iterator[Path]:
    named = [Path(path) for path in os.environ.get("PEER_BOOKS", "").split(os.pathsep) if path]
    for path in named:
        found = [path, *sorted(path.iterdir())] if path.is_dir() else []
        yield from (one for one in found if any((one / name).is_file() for name in PROJECT_FILES))


BOOKS = list(books())
pytestmark = pytest.mark.skipif(not BOOKS, reason="PEER_BOOKS names no folder of a book in d2lbook's format")


@pytest.fixture(scope="module", params=BOOKS, ids=lambda path: path.name)
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peer") / "book"
    import_book(request.param, folder)
    return folder


def test_every_page_can_be_read_and_the_library_is_python(imported: Path) -> None:
    book = Book.load(imported)
    assert len(book.sections) == len(book.files)
    for path, text in generate(book).items():
        compile(text, path, "exec")


def test_no_mark_of_the_old_format_is_left_in_the_text(imported: Path) -> None:
    left = [
        (path.relative_to(imported).as_posix(), mark)
        for path in sorted(imported.rglob("*.md"))
        for mark in raw_marks(path.read_text(encoding="utf-8"))
    ]
    assert left == []


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.name)
def test_two_imports_are_the_same_bytes(path: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        import_book(path, tmp_path / name)
    one, two = (
        {
            file.relative_to(tmp_path / name): file.read_bytes()
            for file in (tmp_path / name).rglob("*")
            if file.is_file()
        }
        for name in ("one", "two")
    )
    assert one == two
