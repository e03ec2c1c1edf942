"""Books for Quarto that keep d2lbook's marks: whose cells are, what is saved, slides apart from pages."""

# ruff: noqa: E501 - a source and what it becomes stand on one line, to be compared

import ast
from pathlib import Path

import nbformat
import pytest
import yaml
from export_helpers import exported
from import_helpers import cell, imported, project

from tabbook.book import Book
from tabbook.cli import main
from tabbook.importers.report import Findings
from tabbook.library.generator import generate
from tabbook_d2lbook import import_book
from tabbook_d2lbook.cells import read_cells
from tabbook_d2lbook.marks import normalise_marks
from tabbook_d2lbook.source import Page

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
    "among lines that another mark saves": ("#@save\nv = 1  #@save\n\ndef f():\n    pass", "v"),
    "alone among such lines": ("#@save\nv = 1\n#@save\n\ndef f():\n    pass", "v"),
    "in a branch": ("if tab.selected('jax'):\n    import a  #@save\n    import b", "a"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "saved"), MARKS.values(), ids=MARKS)
def test_marks_save_what_the_scripts_of_these_books_save(source: str, saved: str) -> None:
    """Libraries would lack definitions, or have code that is for the page alone."""
    from tabbook.extract.saved import Origin, extract_code
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


def test_a_library_may_have_any_name(tmp_path: Path) -> None:
    text = cell("%%tab pytorch\nclass Base:  #@save\n    pass") + "\n"
    text += (
        cell("class Own(mine.Base):  #@save\n    pass") + "\n" + cell("class B(d2l.Base):  #@save\n    pass")
    )
    book, report = imported(tmp_path, QUARTO | pages(text), CONFIG.replace("d2l/", "mine/"))
    assert [str(fault) for fault in report.faults] == []
    made = generate(Book.load(book))
    assert "class Own" in made["d2l_lib/mine/torch.py"]
    assert "class Own" not in made["d2l_lib/mine/jax.py"]
    assert "class B(" in made["d2l_lib/mine/jax.py"], "another package's name is not ours"


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


NAMED = (
    cell("x = 1", ".python .input #first")
    + "\n"
    + cell("%%tab pytorch\ny = 1", ".python .input #two")
    + "\n"
    + cell("%%tab jax\ny = 2", ".python .input #two")
)
BEHIND = "\n<!-- slides -->\n\n"


def slides(folder: Path, text: str, cells: str = NAMED, files: dict[str, str] | None = None) -> str:
    """Return what a page's slides become; its tabs are pytorch and jax."""
    have = {"img/a.svg": "<svg/>", "img/auto/net.svg": "<svg/>", "img/auto/net-jax.svg": "<svg/>"}
    book, report = imported(folder, QUARTO | have | (files or {}) | pages(f"{cells}{BEHIND}{text}\n"), CONFIG)
    assert [str(fault) for fault in report.faults if "citation" not in fault.message] == []
    Book.load(book).read("a.md")
    return (book / "a.md").read_text().split("y = 2\n```\n")[1].strip()


SLIDES = {
    "a title and text": ('::: {.slide title="One `loop`"}\nText.\n:::', ":::{slide} One `loop`\nText.\n:::"),
    "no title": ("::: {.slide}\nText.\n:::", ":::{slide}\nText.\n:::"),
    "braces in a title": ("::: {.slide title=\"The $\\mathbf{x}$\"}\nText.\n:::", ":::{slide} The $\\mathbf{x}$\nText.\n:::"),
    "cells": ("::: {.slide}\n@first\n\n@!two\n\n@-two\n\n@two@jax\n:::", ":::{slide}\n```{embed} first\n```\n\n```{embed} two\n:remove-input:\n```\n\n```{embed} two\n:remove-output:\n```\n\n```{embed} two\n:tab: jax\n```\n:::"),
    "a pause": ("::: {.slide}\nA\n\n. . .\n\nB\n:::", ":::{slide}\nA\n\n. . .\n\nB\n:::"),
    "columns of Quarto": ('::: {.slide}\n:::: {.columns}\n::: {.column width="40%"}\nA\n:::\n\n::: {.column}\nB\n:::\n::::\n:::', ":::::{slide}\n::::{columns}\n:::{column} 40%\nA\n:::\n\n:::{column}\nB\n:::\n::::\n:::::"),
    "columns of those decks": ("::: {.slide}\n::: {.cols .vc}\n::: {.col .fig .big}\nA\n:::\n:::\n:::", ":::::{slide}\n::::{columns}\n:class: vc\n:::{column} 54%\n:class: fig big\nA\n:::\n::::\n:::::"),
    "spans and blocks with classes": ("::: {.slide}\n::: {.cover}\n[A · 1]{.kicker}\n:::\n:::", "::::{slide}\n:::{div} cover\n[A · 1]{.kicker}\n:::\n::::"),
    "notes and fragments": ("::: {.slide}\n::: notes\nA\n:::\n\n::: {.fragment .fade-up}\nB\n:::\n:::", "::::{slide}\n:::{notes}\nA\n:::\n\n:::{fragment}\nB\n:::\n::::"),
    "a callout": ("::: {.slide}\n::: {.callout-tip}\nA\n:::\n:::", "::::{slide}\n:::{tip}\nA\n:::\n::::"),
    "frameworks": ('::: {.slide only="jax"}\nA\n:::\n\n::: {.slide except="jax, mxnet"}\nB\n:::', ":::{slide}\n:tabs: jax\nA\n:::\n\n:::{slide}\n:tabs: pytorch\nB\n:::"),
    "for a framework that the page lacks": ('::: {.slide only="mxnet"}\nA\n:::', ""),
    "a slide below": ('::: {.slide title="A"}\nB\n\n::: {.subslide title="C"}\nD\n:::\n:::', ":::{slide} A\nB\n:::\n\n:::{subslide} C\nD\n:::"),
    "pictures": ("::: {.slide}\n![](img/a.svg){width=62%}\n\nSee ![](img/a.svg){.big} here.\n\n@fig:net\n\n@fig:net@jax\n\n@fig:net@mxnet\n:::", ":::{slide}\n```{image} img/a.svg\n:width: 62%\n```\n\nSee ![](img/a.svg) here.\n\n![](img/auto/net.svg)\n\n![](img/auto/net-jax.svg)\n\n![](img/auto/net.svg)\n:::"),
    "pictures with captions": ("::: {.slide}\n![A $x$ of :cite:`k`.](img/a.svg){width=62%}\n\n- ![B](img/a.svg)\n\n![C](img/a.svg)\n:::", ":::{slide}\n```{image} img/a.svg\n:width: 62%\n\nA $x$ of {cite}`k`.\n```\n\n- ![B](img/a.svg)\n\n```{image} img/a.svg\n\nC\n```\n:::"),
    "a listing": ("::: {.slide}\n```{.python #x}\n:::\n@first\n```\n:::", "::::{slide}\n```python\n:::\n@first\n```\n::::"),
    "mathematics": ("::: {.slide}\nSo $$a\n= b$$ holds, $5 and $x\ny$.\n:::", ":::{slide}\nSo\n\n$$\na\n= b\n$$\n\nholds, \\$5 and $x y$.\n:::"),
    "a heading of their own": ("# A\n\n::: {.slide}\nA\n:::", ":::{slide}\nA\n:::"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "wanted"), SLIDES.values(), ids=SLIDES)
def test_slides_of_those_books_become_ours(tmp_path: Path, source: str, wanted: str) -> None:
    assert slides(tmp_path, source) == wanted


def test_slides_are_no_part_of_the_page_where_ever_they_stand(tmp_path: Path) -> None:
    """Behind the comment or not: today they stand raw on pages, with their colons."""
    text = (
        "Above.\n\n::: {.slide}\nA\n:::\n\n"
        + NAMED
        + "\nBelow `<!-- slides -->`.\n\n```text\n<!-- slides -->\n::: {.slide}\n```\n"
    )
    book = quarto(tmp_path, text + BEHIND + '::: {.slide title="B"}\n@first\n:::\n')
    section = book.read("a.md")
    page = "\n".join(cell.source for cell in section.cells)
    assert "Above." in page and "Below `<!-- slides -->`." in page and "{.slide}\n```" in page
    assert "@first" not in page and "{slide}" not in page
    assert [slide.title for slide in section.slides] == ["", "B"]


def test_names_of_cells_become_labels(tmp_path: Path) -> None:
    """They are stable: slides, and whoever else refers to a cell, find it by them."""
    book = quarto(tmp_path, NAMED + "\n" + cell("z = 1"))
    assert [cell.label for cell in book.read("a.md").code_cells] == ["first", "two", "two", ""]


def test_a_name_that_comes_twice_in_a_tab_is_a_fault(tmp_path: Path) -> None:
    text = (
        NAMED
        + "\n"
        + cell("%%tab jax\nz = 1", ".python .input #two")
        + "\n"
        + cell("z = 2", ".python .input #two")
    )
    book, report = imported(tmp_path, QUARTO | pages(text), CONFIG)
    assert [str(fault) for fault in report.faults] == [
        "a.md:17: this cell has the name 'two' of the one in line 12; it gets no label",
        "a.md:22: this cell has the name 'two' of the one in line 7; it gets no label",
    ]
    assert [cell.label for cell in Book.load(book).read("a.md").code_cells] == ["first", "two", "two", "", ""]


def test_what_slides_ask_for_in_vain_is_reported_and_left_out(tmp_path: Path) -> None:
    text = "::: {.slide}\n@frist\n\n@two@mxnet\n\n@first@jax\n\nA\n:::\n\n::: {.slide}\n![](gone.svg)\n\n:numref:`none`\n"
    book, report = imported(tmp_path, QUARTO | pages(NAMED + BEHIND + text), CONFIG)
    assert [str(fault) for fault in report.faults] == [
        "a.md:20: the slide shows a code cell 'frist', which the page does not have; it is left out",
        "a.md:22: the slide shows a code cell 'two' for mxnet, which the page does not have; it is left out",
        "a.md:29: this slide is never closed; it goes on to the end",
        "a.md:30: the image gone.svg is missing; the page asks for it",
        "a.md:32: unknown label 'none'; no page has this label",
    ]
    assert len(Book.load(book).read("a.md").slides) == 2


def test_the_deck_of_each_framework_shows_its_cells(tmp_path: Path) -> None:
    """From the source to the deck: code in its framework, formulas, references to the page."""

    text = NAMED + "\n$$a = b$$\n:eqlabel:`eq_a`\n" + BEHIND
    text += '::: {.slide title="Two"}\n::: {.cols}\n::: {.col}\nBy :eqref:`eq_a`:\n:::\n\n::: {.col}\n@two\n:::\n:::\n:::\n'
    book = quarto(tmp_path, text)
    made = exported(book, "slides", book.sections, ("pytorch", "jax"))
    assert made.faults == ()
    deck = made.files["jax/a.slides.html"].decode()
    assert "By (1):" in deck and 'class="columns"' in deck
    found = [
        cell
        for cell in nbformat.reads(made.files["jax/a.slides.ipynb"], as_version=4).cells
        if cell.cell_type == "code"
    ]
    assert [(cell.source, cell.metadata.slideshow.slide_type) for cell in found if cell.id != "library"] == [
        ("x = 1", "skip"),
        ("y = 2", "-"),
    ]


def test_books_of_d2lbook_keep_what_looks_like_slides(tmp_path: Path) -> None:
    text = "A\n\n<!-- slides -->\n\nB\n"
    book, _ = imported(tmp_path, pages(text), CONFIG)
    assert "B" in Book.load(book).read("a.md").cells[0].source


def test_pages_that_only_the_quarto_project_lists_are_in_the_contents(tmp_path: Path) -> None:
    """Their scripts go by that list: what such pages save would be missing in the library."""
    quarto_yml = """project: {type: book}
book:
  chapters:
    - index.qmd
    - one/index.qmd
    - part: Some
      chapters: [one/a.qmd, one/b.qmd, two/index.qmd, two/c.qmd, gone.qmd]
    - three.qmd
  appendices: [more.qmd]
"""
    names = ("one/a", "one/b", "two/index", "two/c", "three", "more", "other")
    files = {f"{name}.md": f"# {name}\n" for name in names}
    files |= {"_quarto.yml": quarto_yml, "index.md": "# T\n\n```toc\n:numbered:\n\none/index\nthree\n```\n"}
    files["one/index.md"] = "# One\n\n```toc\na\n```\n"
    files["two/c.md"] += "\n" + cell("def f():  #@save\n    pass")
    book, report = imported(tmp_path, files, CONFIG)
    assert yaml.safe_load((book / "_toc.yml").read_text()) == {
        "format": "jb-book",
        "root": "index",
        "options": {"numbered": True},
        "chapters": [
            {"file": "one/index", "sections": [{"file": "one/a"}, {"file": "one/b"}]},
            {"file": "two/index", "sections": [{"file": "two/c"}]},
            {"file": "three"},
            {"file": "more"},
        ],
    }
    assert library(Book.load(book), "jax") == {"f": "pass"}
    listed = [note.path for note in report.notes if "_quarto.yml lists" in note.message]
    assert listed == ["more.md", "one/b.md", "two/c.md", "two/index.md"]


QUARTO_TEXT = {
    "references": ("See @fig-a, [-@sec-b] and @eq-c.", "See :numref:`fig-a`, :numref:`sec-b` and :eqref:`eq-c`."),
    "citations": ("By [@A.B.2020; @c21], @D.Evans.2019a.", "By :cite:`A.B.2020,c21`, :citet:`D.Evans.2019a`."),
    "what looks like them": ("me@fig-a.org, `@fig-a`, $x_@fig-a$, @jax, [a](b@fig-c)", "me@fig-a.org, `@fig-a`, $x_@fig-a$, @jax, [a](b@fig-c)"),
    "a figure": ("![Cap](a.svg){#fig-a width=80%}", "![Cap](a.svg) :width:`80%` :label:`fig-a`"),
    "an equation": ("$$a = b$$ {#eq-a}", "$$a = b$$ :eqlabel:`eq-a`"),
    "a root in a formula": ("$$\n\\sqrt[3]{.5} \\big[x]{y}\n$$", "$$\n\\sqrt[3]{.5} \\big[x]{y}\n$$"),
    "shortcodes": ("A {{< video https://a.b/c >}}, {{< pagebreak >}}{{< meta x >}}.", "A [https://a.b/c](https://a.b/c), `{{< meta x >}}`."),
    "spans": ("A [word]{.smallcaps} and `[x]{.y}`.", "A word and `[x]{.y}`."),
    "a callout": ("::: {.callout-tip}\nText.\n:::", ":::{tip}\nText.\n:::"),
    "a callout with a title above text": ('::: {.callout-note title="T"}\nText.\n:::', ":::{admonition} T\nText.\n:::"),
    "a callout with a title": ('::: {.callout-note title="T"}\n\nText.\n:::', ":::{admonition} T\n:class: note\nText.\n:::"),
    "a callout with a heading": ("::: {.callout-note}\n## T\n\nText.\n:::", ":::{admonition} T\n:class: note\n\nText.\n:::"),
    "text for frameworks": ('::: {.panel-tabset group="framework"}\n\n## PyTorch\n\nA\n\n## JAX\n\nB\n\n:::', "\n\n:begin_tab:`pytorch`\n\nA\n:end_tab:\n:begin_tab:`jax`\n\nB\n\n:end_tab:"),
    "other tabs": ("::: {.panel-tabset}\n## One\nA\n\n## Two\nB\n:::", "\n**One**\nA\n\n**Two**\nB\n"),
    "another block": ("::: {.column-margin}\nText.\n:::\n\n::: aside\nMore.\n:::", "\nText.\n\n\n\nMore.\n"),
    "HTML": ("```{=html}\n<b>x</b>\n```\n\n```{=latex}\n\\x\n```", "```{raw} html\n<b>x</b>\n```\n\n\n\n"),
    "a cell": ("```{python}\n#| label: fig-x\n#| echo: false\nx\n```", "```{.python .input #fig-x}\n\n\nx\n```"),
    "a cell with a name": ("```{#a .python .input}\n#| label: b\nx\n```", "```{#a .python .input}\n\nx\n```"),
    "a title": ('---\ntitle: "A: b"\ntoc: false\n---\n\nText.', "# A: b\n\n\n\n\nText."),
    "a title and a heading": ("---\ntitle: A\n---\n\n# B", "\n\n\n\n# B"),
    "no front matter": ("A\n\n---\n\nB\n\n---", "A\n\n---\n\nB\n\n---"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "wanted"), QUARTO_TEXT.values(), ids=QUARTO_TEXT)
def test_quartos_own_markdown_on_pages(source: str, wanted: str) -> None:
    """It would be text with braces and signs; no line moves, so that findings name those of the source."""
    from tabbook_d2lbook.quarto import QuartoPage

    made = QuartoPage(source, ("pytorch", "jax"), lambda *_: None).text
    assert made == wanted
    assert made.count("\n") >= source.count("\n")


def test_a_page_of_quartos_markdown_is_a_page_of_ours(tmp_path: Path) -> None:
    text = "---\ntitle: Front\n---\n\n```{=html}\n<img src='img/b.png'>\n```\n\n::: {.callout-note}\n## Careful\nText.\n:::\n\n"
    text += "![Cap](img/a.svg){#fig-a width=50%}\n\nSee @fig-a.\n\n```{python}\n#| label: one\nx = 1\n```\n"
    files = QUARTO | pages("") | {"a.md": text, "img/a.svg": "<svg/>", "img/b.png": ""}
    book, report = imported(tmp_path, files, CONFIG)
    assert [str(fault) for fault in report.faults] == []
    made = (book / "a.md").read_text()
    assert (
        "# Front\n\n```{raw} html\n<img src='img/b.png'>\n```\n\n:::{admonition} Careful\n:class: note\nText.\n:::\n"
        in made
    )
    assert "```{figure} img/a.svg\n:name: fig-a\n:width: 50%\n" in made and "See {numref}`fig-a`." in made
    assert ":label: one\n%%tab all\nx = 1" in made
    assert (book / "img/b.png").is_file()


def test_other_books_keep_what_looks_like_quartos(tmp_path: Path) -> None:
    book, _ = imported(tmp_path, pages("See @fig-a, [x]{.y}.\n"), CONFIG)
    assert "See @fig-a, x." in (book / "a.md").read_text()


@pytest.mark.parametrize(
    "text", ["date: 2026-13-40", "- [", "book: [1, {chapters: 3}]", "just words", "book: {chapters: [1]}"]
)
def test_yaml_that_says_nothing_ends_no_import(tmp_path: Path, text: str) -> None:
    files = {"_quarto.yml": text, "index.md": f"---\n{text}\n---\n\n# T\n", "a.md": "# A\n"}
    book, _ = imported(tmp_path, files, CONFIG)
    assert "# T" in (book / "index.md").read_text()


def test_code_that_shows_a_slide_is_no_slide(tmp_path: Path) -> None:
    """A cell that is not Python is shown in a tab block, where no slide may stand."""
    text = NAMED + "\n" + cell("%%tab jax\nx = (\n:::{slide}\n:::")
    book, report = imported(tmp_path, QUARTO | pages(text), CONFIG)
    assert [fault.kind for fault in report.faults] == ["python"]
    assert Book.load(book).readable_sections[1] == [] and Book.load(book).read("a.md").slides == ()
