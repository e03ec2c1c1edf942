"""Every construct of MyST that a section may use becomes Markdown that needs nothing of MyST."""

import base64
import re
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml
from markdown_it import MarkdownIt
from render_helpers import png, write_book

from tabbook.book import Book
from tabbook.export.exporter import Exporter
from tabbook.export.make import export

PAGE = Path(__file__).parent / "books" / "constructs.md"
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
    root = tmp_path_factory.mktemp("constructs")
    (root / "img").mkdir()
    (root / "img/net.png").write_bytes(base64.b64decode(png(4, 4, 9)))
    (root / "code.py").write_text("import a\nprint(1)\nprint(2)\n")
    (root / "part.inc").write_text("Included {ref}`sec_all` text.\n\n```{include} part.inc\n```\n")
    text = PAGE.read_text(encoding="utf-8")
    write_book(root, {"index": "# Welcome\n\nText.\n", "all": text, "other": "# Other page\n\nText.\n"})
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["parse"] = {"myst_substitutions": {"globalkey": "global *value*"}}
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    return Book.load(root)


def test_nothing_of_myst_is_left_in_markdown(book: Book, golden) -> None:
    made = export(Exporter(book), "markdown", book.sections, ("jax",)).files["jax/all.md"].decode()
    assert left(PAGE.read_text(encoding="utf-8").split("---", 2)[2]), "the page has what is looked for"
    assert left(made) == []
    golden("constructs.txt", made)


def test_nothing_of_myst_is_left_in_notebooks(book: Book) -> None:
    for name, data in export(Exporter(book), "ipynb", book.sections, tuple(book.settings.tabs)).files.items():
        if name.endswith(".ipynb"):
            cells = nbformat.reads(data.decode(), as_version=4).cells
            assert [
                left(cell.source) for cell in cells if cell.cell_type == "markdown" and left(cell.source)
            ] == []


def test_a_file_that_cannot_be_read_leaves_its_name(book: Book, tmp_path: Path) -> None:
    root = shutil.copytree(book.root, tmp_path / "book")
    (root / "part.inc").write_bytes(b"\xff\xfe")
    (root / "code.py").unlink()
    again = Book.load(root)
    made = export(Exporter(again), "markdown", again.sections, ("jax",)).files["jax/all.md"].decode()
    assert "`part.inc`" in made and "`code.py`" in made
