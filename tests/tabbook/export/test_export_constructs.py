"""Every construct of MyST that a section may use becomes Markdown that needs nothing of MyST."""

import re

import nbformat
import pytest
from export_helpers import PAGE_OF_CONSTRUCTS as PAGE
from export_helpers import construct_book, exported
from markdown_it import MarkdownIt

from tabbook.book import Book

LEFT = re.compile(
    r"\{[A-Za-z][\w:+.-]*\}(?=`)|^:{3,}|\{\{|^\([\w-]+\)=|\[\^|^%|<!--|^\+\+\+|\{[#.]\w|^: |:[a-z]+:`"
    r"|<(?:project|path|inv):",
    re.MULTILINE,
)
"""What only MyST understands."""
CODE = re.compile(r"(`+).+?\1", re.DOTALL)


def left(text: str) -> list[str]:
    """Return what of MyST is in ``text``, read as CommonMark with tables; code may say anything."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "fence" and token.info.startswith("{"):
            found.append(token.info)
        elif token.type == "code_block":
            found.append(f"indented code: {token.content}")
        elif token.type in ("inline", "html_block"):
            found += [match[0] for match in LEFT.finditer(CODE.sub("", token.content))]
    return found


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return construct_book(tmp_path_factory.mktemp("constructs") / "book")


def test_nothing_of_myst_is_left_in_markdown(book: Book, golden) -> None:
    made = exported(book, "markdown", book.sections, ("jax",)).files["jax/all.md"].decode()
    assert left(PAGE.read_text(encoding="utf-8").split("---", 2)[2]), "the page has what is looked for"
    assert left(made) == []
    golden("constructs.txt", made)


def test_nothing_of_myst_is_left_in_notebooks(book: Book) -> None:
    for name, data in exported(book, "ipynb", book.sections, tuple(book.settings.tabs)).files.items():
        if name.endswith(".ipynb"):
            cells = nbformat.reads(data.decode(), as_version=4).cells
            assert [
                left(cell.source) for cell in cells if cell.cell_type == "markdown" and left(cell.source)
            ] == []
