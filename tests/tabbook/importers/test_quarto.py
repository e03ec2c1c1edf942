"""Books for Quarto that keep d2lbook's marks: whose cells are, what is saved, slides apart from pages."""

# ruff: noqa: E501 - a source and what it becomes stand on one line, to be compared

import ast
from pathlib import Path

import pytest
import yaml
from import_helpers import cell, imported, project

from tabbook.book import Book
from tabbook.cli import main
from tabbook.importers.d2lbook import import_book
from tabbook.importers.d2lbook.cells import read_cells
from tabbook.importers.d2lbook.marks import normalise_marks
from tabbook.importers.d2lbook.source import Page
from tabbook.importers.report import Findings
from tabbook.library import generate

CONFIG = """[project]
title = A Book
[build]
tabs = pytorch, mxnet, jax
[library]
[library-pytorch]
lib_file = d2l/torch.py
lib_name = torch
[library-mxnet]
lib_file = d2l/mxnet.py
lib_name = np
[library-jax]
lib_file = d2l/jax.py
lib_name = jnp
"""
QUARTO = {"_quarto.yml": "project:\n  type: book\n"}
TOP = "# A\n\n"


def pages(text: str, **more: str) -> dict[str, str]:
    """Return a book with a page ``a`` of this ``text``, and others."""
    listed = "\n".join(["a", *more])
    others = {f"{name}.md": other for name, other in more.items()}
    return {"index.md": f"# Book\n\n```toc\n{listed}\n```\n", "a.md": TOP + text, **others}


def quarto(folder: Path, text: str, **more: str) -> Book:
    """Return the import of such a book, which is one for Quarto."""
    book, report = imported(folder, QUARTO | pages(text, **more), CONFIG)
    assert [str(fault) for fault in report.faults] == []
    return Book.load(book)


def tabs_of(book: Path) -> list[tuple[str, ...] | None]:
    """Return for each cell of page ``a`` the tabs that it belongs to."""
    return [cell.tabs for cell in Book.load(book).read("a.md").code_cells]


def library(book: Book, module: str) -> dict[str, str]:
    """Return what a module of the library defines: imports, and for each name of the rest its code."""
    text = generate(book)[f"d2l_lib/d2l/{module}.py"]
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.name: "" for alias in node.names}
        elif isinstance(node, ast.ClassDef):
            found[node.name] = ", ".join(
                child.name for child in node.body if isinstance(child, ast.FunctionDef)
            )
        elif isinstance(node, ast.FunctionDef):
            found[node.name] = ast.unparse(node.body[-1])
        elif isinstance(node, ast.Assign):
            found |= {target.id: "" for target in node.targets if isinstance(target, ast.Name)}
    return {name: code for name, code in found.items() if name not in ("sys", "d2l", "__all__")}


UNMARKED = cell("x = 1")
MARKED = cell("%%tab pytorch\ny = 1") + "\n" + cell("%%tab jax\ny = 2")


@pytest.mark.parametrize(
    ("files", "config"),
    [
        pytest.param(QUARTO | pages(UNMARKED + "\n" + MARKED), CONFIG, id="a Quarto project"),
        pytest.param(pages(cell("x = 1", ".python .input #x") + "\n" + MARKED), CONFIG, id="named cells"),
        pytest.param(
            pages(cell("x = 1", "#x .python .input n=3") + "\n" + MARKED), CONFIG, id="a name in front"
        ),
        pytest.param(
            pages(UNMARKED + "\n" + MARKED + "\n<!-- slides -->\n\n::: {.slide}\nA.\n:::\n"),
            CONFIG,
            id="slides",
        ),
        pytest.param(
            pages(UNMARKED + "\n" + MARKED, b="# B\n\n" + cell("z", ".python .input #z")),
            CONFIG,
            id="another page",
        ),
    ],
)
def test_cells_without_a_mark_belong_to_every_tab_of_a_book_for_quarto(
    tmp_path: Path, files: dict[str, str], config: str
) -> None:
    """Code for all readers would be shown to those of the default tab only, and saved for them only."""
    book, report = imported(tmp_path, files, config)
    assert [str(fault) for fault in report.faults] == []
    assert tabs_of(book) == [None, ("pytorch",), ("jax",)]
    assert any("every framework" in note.message for note in report.notes), (
        "it is said, and how to say otherwise"
    )


def test_they_belong_to_the_default_tab_of_other_books(tmp_path: Path) -> None:
    """What makes a book one for Quarto must not be found in d2lbook's own books."""
    text = cell("x = 1  #@save #x", ".python .input  n=1") + "\n" + MARKED
    text += "\n```{.python .input}\n#x\nz = '::: {.slide}'\n```\n\n## Title {#sec-x}\n\nA # b.\n"
    book, report = imported(tmp_path, pages(text), CONFIG)
    assert tabs_of(book)[0] == ("pytorch",)
    assert not any("every framework" in note.message for note in report.notes)


@pytest.mark.parametrize(("dialect", "tabs"), [("d2lbook", ("pytorch",)), ("quarto", None)])
def test_an_option_says_how_a_book_is_read(
    tmp_path: Path, dialect: str, tabs: tuple[str, ...] | None
) -> None:
    more = QUARTO if dialect == "d2lbook" else {}
    source = project(tmp_path / "source", more | pages(UNMARKED + "\n" + MARKED), CONFIG)
    main(["import", "d2lbook", str(source), str(tmp_path / "book"), "--dialect", dialect])
    assert tabs_of(tmp_path / "book")[0] == tabs
    page = import_book(source / "a.md", tmp_path / "page", dialect=dialect)  # type: ignore[arg-type]
    assert page.counts["pages"] == 1 and tabs_of(tmp_path / "page")[0] == tabs


def test_a_page_whose_cells_name_no_tab_has_all(tmp_path: Path) -> None:
    """d2lbook's rule makes it the default tab's."""
    assert quarto(tmp_path, UNMARKED).read("a.md").tabs == ("pytorch", "mxnet", "jax")


def test_plain_python_is_a_cell_and_other_listings_are_not(tmp_path: Path) -> None:
    """The scripts of these books run each fence of Python at the margin."""
    text = "```python\na = 1\n```\n\n```{.python #b}\nb = 1\n```\n\n- ```python\n  c = 1\n  ```\n\n````python\nd = 1\n````\n\n```python\n>>> e\n```\n\n```bash\nls\n```\n"
    section = quarto(tmp_path, text).read("a.md")
    assert [cell.source for cell in section.code_cells] == ["a = 1", "b = 1"]
    classic, _ = imported(tmp_path / "classic", pages(text), CONFIG)
    assert "{code-cell}" not in (classic / "a.md").read_text()


MARKS = {
    "at a definition": ("def f():  #@save\n    pass\n\ndef g():\n    pass", "f"),
    "at an import, d2lbook goes on": ("import a  #@save\nimport b", "a"),
    "at an assignment, d2lbook goes on": ("x = 1  #@save\ny = 2", "x"),
    "at an assignment, with the definition behind": ("x = 1  #@save\n\ndef f():\n    pass\n\ndef g():\n    pass", "x f"),
    "a comment in between ends it": ("x = 1  #@save\n# g\ndef f():\n    pass", "x"),
    "above a definition, with those behind": ("#@save\ndef f():\n    pass\n\n\n@dec\ndef g():\n    pass\nx = 1\ndef h():\n    pass", "f g"),
    "above, a blank line between": ("# @save\n\nclass C:\n    pass", "C"),
    "above statements, up to a blank line": ("#@save\nimport a\nx = 1\n\ny = 2", "a x"),
    "above a blank line and no definition": ("#@save\n\nx = 1", ""),
    "each at its own": ("def f():  #@save\n    pass\n\ndef g(): #@save\n    pass\n\nf()", "f g"),
    "in a branch": ("if tab.selected('jax'):\n    import a  #@save\n    import b", "a"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "saved"), MARKS.values(), ids=MARKS)
def test_marks_save_what_the_scripts_of_these_books_save(source: str, saved: str) -> None:
    """Libraries would lack definitions, or have code that is for the page alone."""
    from tabbook.extract import Origin, extract_code
    from tabbook.project.branches import select

    text, _ = normalise_marks(source, "quarto")
    found = extract_code(select(text, "jax"), Origin("", 0, 1, None))
    assert [name for one in found for name in one.names] == saved.split()


def test_the_library_has_what_cells_for_all_save_in_every_tab(tmp_path: Path) -> None:
    """Even in tabs that a page does not have: later pages use it there."""
    text = (
        cell("#@save\nimport math\nimport time")
        + "\n"
        + cell("class Base:  #@save\n    def f(self):\n        pass")
    )
    b = "# B\n\n" + cell("%%tab pytorch\nx = 1") + "\n" + cell("class Tuner(d2l.Base):  #@save\n    pass")
    c = "# C\n\n" + cell("@d2l.add_to_class(d2l.Base)  #@save\ndef f(self):\n    return 2")
    book = quarto(tmp_path, text, b=b, c=c)
    for module in ("torch", "mxnet", "jax"):
        assert library(book, module) == {"math": "", "time": "", "Base": "f", "Tuner": ""}
    section = book.read("b.md")
    assert section.tabs == ("pytorch",) and section.library_tabs == ("pytorch", "mxnet", "jax")
    assert yaml.safe_load((book.root / "_config.yml").read_text())["sphinx"]["config"]["tabbook"][
        "library"
    ] == {
        "path": "d2l_lib",
        "package": "d2l",
        "allow_undefined": True,
    }, "a method that is defined anew replaces the earlier one, as in their libraries"


def test_the_library_lacks_what_it_cannot_define(tmp_path: Path) -> None:
    """A base class that one framework has would end the import of the others' libraries."""
    text = cell("%%tab pytorch\nclass Scheduler:  #@save\n    pass") + "\n"
    text += cell("class Halving(d2l.Scheduler):  #@save\n    pass") + "\n"
    text += cell("@d2l.add_to_class(Halving)  #@save\ndef f(self):\n    pass") + "\n"
    text += cell("class Later(d2l.Halving):  #@save\n    pass") + "\n"
    text += cell("@d2l.register\ndef g():  #@save\n    pass") + "\n" + cell("def h():  #@save\n    pass")
    book = quarto(tmp_path, text)
    assert library(book, "torch") == {"Scheduler": "", "Halving": "f", "Later": "", "h": "pass"}
    assert library(book, "jax") == library(book, "mxnet") == {"h": "pass"}
    assert [cell.tabs for cell in book.read("a.md").code_cells][:2] == [("pytorch",), ("pytorch",)]


def test_the_names_of_fences_are_read_from_any_of_their_forms() -> None:
    forms = (
        ".python .input #a-b",
        "#a-b .python .input",
        ".python #a-b .input n=3",
        ".python .input  n=3 #a-b",
    )
    source = "\n".join(cell("x", form) for form in (*forms, ".python .input n=3"))
    page = Page("a.md", source, ("jax",), Findings())
    cells, _ = read_cells("a.md", ("jax",), page.cell_fences)
    assert [cell.fence.name for cell in cells] == ["a-b"] * 4 + [""]
