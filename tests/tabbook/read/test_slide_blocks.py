"""Slides written apart from the page: what a block holds, what is wrong with it, and the decks of it."""

# ruff: noqa: E501 - a source and what is said of it stand together, to be compared

from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from core_helpers import DECLARED, SETTINGS, faults_of
from export_helpers import exported
from render_helpers import FRONT, fill_store, write_book

from tabbook.book import Book
from tabbook.model import Cell, Embedded
from tabbook.plan.planner import job
from tabbook.read.section import read_section
from tabbook.render.site import build_site

# What Jupyter Book's own parts warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

CELLS = """# T

```{code-cell} python
:label: first
a = 1
```

```{code-cell} python
:label: loop
%%tab pytorch
for i in range(3): print('torch')
```

```{code-cell} python
:label: loop
%%tab jax, mxnet
print('no loop')
```

```{code-cell} python
hidden = 2
```

```{code-cell} python
:label: last
print(a)
```

Text of the page, see {eq}`eq_a`.

$$a = b$$ (eq_a)
"""
SLIDES = """
::::::{slide} Why loops?
[Chapter 1]{.kicker .big} with `[code]{.x}`, see {eq}`eq_a`.

```{embed} loop
```

. . .

:::::{columns}
::::{column} 40%
Left

. . .

later.
::::
::::{column}
```{embed} last
:remove-input:
```
```{image} net.png
:width: 62%

The loops of {eq}`eq_a`.
```
::::
:::::

::::{notes}
Say it slowly.
::::
::::::

:::{slide}
:tabs: jax, mxnet
:class: cover
Not in PyTorch.
:::

::::{subslide} Below
```{embed} loop
:tab: pytorch
:remove-output:
```
```{embed} first
```
:::{tab} jax
Only JAX.
:::
:::{fragment}
In the end.
:::
::::
"""


def shown(cell: Cell, tab: str) -> list[dict[str, Any]]:
    """Return what a cell prints."""
    if "print" not in cell.source:
        return []
    return [{"output_type": "stream", "name": "stdout", "text": f"{tab} says {cell.label}\n"}]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    root = tmp_path_factory.mktemp("slides")
    write_book(root, {"index": "# Welcome\n", "a": FRONT + CELLS + SLIDES})
    (root / "net.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    fill_store(root, shown)
    return Book.load(root)


@pytest.fixture(scope="module")
def files(book: Book) -> dict[str, bytes]:
    made = exported(book, "slides", book.sections, tuple(book.settings.tabs))
    assert made.faults == ()
    return made.files


def cells_of(files: dict[str, bytes], tab: str) -> list[Any]:
    found = nbformat.reads(files[f"{tab}/a.slides.ipynb"].decode(), as_version=4)
    nbformat.validate(found)
    return [cell for cell in found.cells if cell.id != "library"]


def test_a_slide_is_read_with_what_is_around_its_parts() -> None:
    section = read_section(DECLARED + CELLS + SLIDES, "a.md", SETTINGS)
    first, second, third = section.slides
    assert (first.title, first.tabs, first.is_below) == ("Why loops?", None, False)
    assert (second.title, second.tabs, second.items[0].boxes[0].classes) == ("", ("jax", "mxnet"), ("cover",))
    assert third.is_below and [item.tabs for item in third.items] == [None, None, None, ("jax",), None]
    contents = [item.content for item in first.items]
    assert contents[:4] == ["## Why loops?", contents[1], Embedded("loop"), "Left"]
    assert [item.step for item in first.items] == [0, 0, 0, 1, 2, 1, 1, 0], "a pause ends with its column"
    assert [[box.number for box in item.boxes] for item in first.items] == [
        *([], [], [], [1, 2], [1, 2], [1, 3], [1, 3, 4], []),
    ]
    assert first.items[3].boxes[1].width == "40%" and first.items[6].boxes[2].width == "62%"
    lines = (DECLARED + CELLS + SLIDES).split("\n")
    assert all(lines[item.line - 1].strip() for slide in section.slides for item in slide.items)
    assert lines[first.items[3].line - 1] == "Left"


FAULTS = {
    "a name that no cell has": (
        "```{slide} T\n:::{embed} lopp\n:::\n```",
        "a.md:40: no code cell has the label 'lopp'; perhaps you meant 'loop'",
    ),
    "a cell of another framework": (
        ":::::{slide}\n```{embed} loop\n:tab: pytroch\n```\n:::::",
        "a.md:40: unknown tab 'pytroch'; perhaps you meant 'pytorch': the tabs are pytorch, jax, mxnet",
    ),
    "a code cell inside": (
        "::::{slide}\n```{code-cell} python\n1\n```\n::::",
        "a.md:40: a code cell is inside a slide; show a cell of the page: ```{embed} its-label",
    ),
    "a slide inside": ("::::{slide}\n:::{slide}\n:::\n::::", "a.md:40: a slide is inside a slide; end that one first"),
    "a slide in a list": (
        "- :::{slide}\n  a\n  :::",
        "a.md:39: this slide is nested; it must not be inside a list or another block",
    ),
    "a slide in a tab block": (
        "::::{tab} jax\n:::{slide}\na\n:::\n::::",
        "a.md:40: a slide is inside a tab block; move it out and give it the option ':tabs:'",
    ),
    "an option": (":::{slide}\n:tab: jax\n:::", "a.md:39: unknown option 'tab'; this block takes class, tabs"),
    "a tab": (
        ":::{slide}\n:tabs: jx\na\n:::",
        "a.md:39: unknown tab 'jx'; perhaps you meant 'jax': the tabs are pytorch, jax, mxnet",
    ),
    "a block": ("::::{slide}\n:::{colums}\na\n:::\n::::", "a.md:40: unknown block 'colums' in a slide; perhaps you meant 'columns'"),
    "a width": ("::::{slide}\n:::{column} wide\na\n:::\n::::", "a.md:40: 'wide' is not a width; write one such as 40%"),
    "never closed": ("::::{slide} T\na\n", "a.md:39: this slide is never closed; end it with a line '::::'"),
    "never closed inside": (
        "::::{slide} T\n:::{notes}\na\n::::",
        "a.md:40: this block is never closed; end it with a line ':::'",
    ),
    "two cells of one label": (
        "```{code-cell} python\n:label: loop\n%%tab mxnet\n1\n```",
        "a.md:42: this code cell has the label 'loop' of the one in line 20; give one of them another label, or other tabs",
    ),
    "a label that is none": (
        "```{code-cell} python\n:label: a b\n1\n```",
        "a.md:41: 'a b' is not a label; write letters, digits, '-', '_', '.' and ':'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "fault"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_with_slides_is_said_with_its_line(text: str, fault: str) -> None:
    assert faults_of(DECLARED + CELLS + "\n\n\n\n" + text) == [fault]


def test_a_cell_that_a_framework_does_not_have_is_left_out_of_its_deck() -> None:
    """One deck serves all frameworks, also where one of them needs no such code."""
    assert faults_of(DECLARED + CELLS.replace("jax, mxnet", "jax") + SLIDES) == []


def test_slides_are_no_part_of_pages_and_of_other_exports(book: Book) -> None:
    (section,) = book.find(("a",))
    built = build_site(book, jobs=1, quiet=True)
    assert built.status == 0, "nor does Sphinx warn of what slides hold"
    texts = [(built.page.parent / "a.html").read_text()]
    for kind in ("ipynb", "markdown"):
        made = exported(book, kind, (section,), ("jax",)).files
        texts += [data.decode() for name, data in made.items() if name in ("jax/a.ipynb", "jax/a.md")]
    assert len(texts) == 3
    for text in texts:
        assert "Text of the page" in text
        for word in ("Why loops", "{slide}", "embed", "slowly", ":::"):
            assert word not in text


def test_a_picture_that_only_a_slide_shows_belongs_to_its_deck_alone(tmp_path: Path) -> None:
    write_book(tmp_path, {"index": "# Welcome\n", "a": FRONT + "# T\n\n:::{slide}\n\n![](net.png)\n:::\n"})
    book = Book.load(tmp_path)
    found = {kind: exported(book, kind, book.sections, ("jax",)) for kind in ("markdown", "slides")}
    assert found["markdown"].faults == () and "jax/a_files/net.png" not in found["markdown"].files
    (fault,) = found["slides"].faults
    assert str(fault).startswith("a.md:11: there is no picture net.png")


def test_the_label_of_a_cell_is_its_id_in_notebooks(book: Book) -> None:
    """Others refer to a cell of a notebook by its id: it stays when the code is edited."""
    (section,) = book.find(("a",))
    made = exported(book, "ipynb", (section,), ("jax",)).files["jax/a.ipynb"].decode()
    ids = [cell.id for cell in nbformat.reads(made, as_version=4).cells if cell.cell_type == "code"]
    assert (ids[1], ids[2], ids[4]) == ("code-first", "code-loop", "code-last")
    assert ids[3].startswith("code-") and len(set(ids)) == len(ids)


def test_slides_and_labels_change_no_key(book: Book) -> None:
    """A talk is edited without executing anything."""
    (section,) = book.find(("a",))
    bare = CELLS.replace(":label: first\n", "").replace(":label: loop\n", "").replace(":label: last\n", "")
    plain = read_section(FRONT + bare, "a.md", book.settings)
    for tab in section.tabs:
        keys = [planned.key("cpu") for one in (section, plain) if (planned := job(book, one, tab))]
        assert len(keys) == 2 and keys[0] == keys[1]


def test_a_deck_shows_the_cells_of_its_framework_in_order(files: dict[str, bytes]) -> None:
    found = cells_of(files, "jax")
    code = [(cell.source, cell.metadata.slideshow.slide_type) for cell in found if cell.cell_type == "code"]
    assert code == [
        ("a = 1", "skip"),
        ("print('no loop')", "-"),
        ("hidden = 2", "skip"),
        ("print(a)", "-"),  # in the other column: the pause in the first one is over
        ("for i in range(3): print('torch')", "-"),
        ("a = 1", "-"),
    ], "each cell of the page once, in order, and copies of what is shown out of order"
    by_source = [cell for cell in found if cell.cell_type == "code"]
    assert [cell.metadata.get("tags") for cell in by_source] == [
        *(None, None, None, ["remove-input"], ["skip-execution"], ["skip-execution"]),
    ]
    assert [[output.text for output in cell.outputs] for cell in by_source] == [
        *([], ["jax says loop\n"], [], ["jax says last\n"], [], []),
    ]
    kinds = [cell.metadata.slideshow.slide_type for cell in found]
    assert (kinds.count("slide"), kinds.count("subslide"), kinds.count("notes")) == (3, 1, 1)
    text = "\n".join(cell.source for cell in found if cell.cell_type == "markdown")
    assert '<span class="kicker big">Chapter 1</span> with `[code]{.x}`, see (1).' in text
    assert "Only JAX." in text and "Not in PyTorch." in text
    assert len({cell.id for cell in found}) == len(found)


def test_decks_of_other_frameworks_have_their_own(files: dict[str, bytes]) -> None:
    text = files["pytorch/a.slides.ipynb"].decode()
    assert "Not in PyTorch" not in text and "Only JAX" not in text and "no loop" not in text
    assert "pytorch says loop" in text and "pytorch says last" in text


def test_columns_pauses_and_notes_are_where_they_belong(files: dict[str, bytes]) -> None:
    """A pause inside a column must not end the column, or put the next one into it."""
    page = BeautifulSoup(files["jax/a.slides.html"].decode(), "html.parser")
    (columns,) = page.select(".slides .columns")
    left, right = columns.find_all("div", recursive=False)
    assert left["class"] == right["class"] == ["column"] and left["style"] == "flex: 0 0 40%"
    assert "Left" in left.text and "later." in left.text and "jax says last" in right.text
    assert "The loops of (1)." in right.text
    assert "print(a)" not in right.text and right.select_one('[style="width: 62%"] img') is not None
    steps = [(one["data-fragment-index"], " ".join(one.text.split())) for one in columns.select(".fragment")]
    assert steps[:3] == [("0", "Left"), ("1", "later."), ("0", "jax says last")]
    assert columns.find_parent("section").h2.text == "Why loops?"
    assert [" ".join(note.text.split()) for note in page.select("aside.notes")] == ["Say it slowly."]
    assert page.select_one(".cover").text.strip() == "Not in PyTorch."
    below = page.find("h2", string="Below").find_parent("section")
    assert below.parent.name == "section" and len(below.parent.find_all("section", recursive=False)) == 2


def test_a_first_slide_without_title_goes_below_the_sections_title(tmp_path: Path) -> None:
    write_book(
        tmp_path,
        {"index": "# Welcome\n", "a": FRONT + "# T\n\n```{code-cell}\n1\n```\n\n:::{slide}\nA cover.\n:::\n"},
    )
    book = Book.load(tmp_path)
    made = exported(book, "slides", book.sections, ("jax",)).files
    kinds = [cell.metadata.slideshow.slide_type for cell in cells_of(made, "jax")]
    assert kinds == ["slide", "-", "skip"]


def test_slides_go_on_behind_what_marks_select(tmp_path: Path) -> None:
    marked = FRONT + CELLS + "\n[**Marked.**]\n" + SLIDES
    write_book(tmp_path, {"index": "# Welcome\n", "a": marked})
    book = Book.load(tmp_path)
    found = cells_of(exported(book, "slides", book.sections, ("jax",)).files, "jax")
    texts = [cell.source for cell in found if cell.metadata.slideshow.slide_type == "slide"]
    assert texts == ["# T\n\nJAX", "Marked.", "## Why loops?", "Not in PyTorch."]
    once = [cell.source for cell in found if "skip-execution" not in cell.metadata.get("tags", [])]
    assert once.count("a = 1") == once.count("print(a)") == 1
