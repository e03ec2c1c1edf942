"""A section reduced to one framework: golden projections of the small book, and the rules one by one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from core_helpers import SETTINGS, SMALL, same_bytes, section, shown

from tabbook.book import Book
from tabbook.config import BookSettings
from tabbook.errors import ConfigError, ProjectError
from tabbook.project.projection import check_idioms, project, selected_cells
from tabbook.read.section import read_section
from tabbook.section_faults import check_section

BOOK = Book.load(SMALL)
PAIRS = [(section, tab) for section in BOOK.sections for tab in section.tabs if section.code_cells]


@pytest.mark.parametrize(("page", "tab"), PAIRS, ids=[f"{s.name}-{t}" for s, t in PAIRS])
def test_the_small_book(page, tab: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{page.name}-{tab}.txt", shown(BOOK.project(page, tab)))


def codes(text: str, tab: str) -> list[str]:
    return [cell.source for cell in project(read_section(text, "a.md", SETTINGS), tab, SETTINGS).code_cells]


def test_text_alone_needs_no_tab() -> None:
    page = BOOK.sections[0]
    assert [shown(project(page, tab, SETTINGS)) for tab in page.tabs].count(
        shown(project(page, "jax", SETTINGS))
    ) == 3


def test_a_cell_that_nothing_is_left_of_is_gone() -> None:
    text = section("if tab.selected('jax'):\n    a = 1", "b = 2", "")
    assert codes(text, "pytorch") == ["b = 2"]
    assert codes(text, "jax") == ["a = 1", "b = 2"]


def test_cells_keep_their_place_and_their_tags() -> None:
    page = read_section(
        section("%%tab jax\na = 1", ":tags: [raises-exception]\n\n%%tab mxnet\nb = 2"), "a.md", SETTINGS
    )
    (cell,) = project(page, "mxnet", SETTINGS).code_cells
    assert (cell.index, cell.line, cell.tags, cell.tabs) == (2, 15, ("raises-exception",), ("mxnet",))


def test_the_library_sees_portable_names_as_they_are_written() -> None:
    page = read_section(section("a = d2l.tanh(1)"), "a.md", SETTINGS)
    assert [c.source for c in selected_cells(page, page.cells, "jax") if c.kind == "code"] == [
        "a = d2l.tanh(1)"
    ]
    assert codes(section("a = d2l.tanh(1)"), "jax") == ["a = cmath.tanh(1)"]


def test_all_cells_at_fault_are_named() -> None:
    page = read_section(section("a = (1", "if tab.selected(x):\n    b", "c = 1"), "a.md", SETTINGS)
    assert codes(section("a = 1"), "jax") == ["a = 1"]
    with pytest.raises(ProjectError) as caught:
        project(page, "jax", BookSettings.model_validate(SETTINGS.model_dump() | {"names": {}}))
    # Only cells that ask for a tab are parsed here; check_section parses all.
    assert [fault.line for fault in caught.value.faults] == [11]
    assert [fault.line for fault in check_section(page, SETTINGS)] == [7, 11]


def test_ways_that_are_none_are_named_with_their_line() -> None:
    names = "{a: {jax: print}, b: {jax: 'x.sum(1)', mxnet: 'a +'}, c: {jax: 'x.y'}}"
    text = f"sphinx:\n  config:\n    tabbook:\n      names: {names}\n"
    book = SETTINGS.model_copy(
        update={
            "names": {"a": {"jax": "print"}, "b": {"jax": "x.sum(1)", "mxnet": "a +"}, "c": {"jax": "x.y"}}
        }
    )
    with pytest.raises(ConfigError) as caught:
        check_idioms(book, text)
    where, none = (
        "_config.yml:4: sphinx.config.tabbook.names",
        "is not an attribute (np.tanh), a method (x.sum(...)) or a lambda",
    )
    assert [str(fault) for fault in caught.value.faults] == [
        f"{where}.a.jax: 'print' {none}",
        f"{where}.b.jax: 'x.sum(1)' {none}",
        f"{where}.b.mxnet: 'a +' is not Python: invalid syntax",
    ]


# What rewritten code needs to be imported


def roots_missing(*cells: str) -> list[str]:
    return [str(fault) for fault in check_section(read_section(section(*cells), "a.md", SETTINGS), SETTINGS)]


def test_a_framework_that_no_cell_imports_is_a_fault_at_its_first_use() -> None:
    assert roots_missing(
        "%%tab pytorch, mxnet\nimport math\nd2l.tanh(1)",
        "%%tab jax\nif tab.selected('jax'):\n    x = 2\n    d2l.log(2) + d2l.tanh(3)",
    ) == [
        "a.md:16: d2l.log becomes cmath.log for jax, but no cell imports cmath; import it in a cell for jax"
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "import cmath",
        "import a as cmath",
        "from x import *",
        "cmath = 1",
        "def f(cmath): return 1",
        "class cmath: pass",
    ],
)
def test_whatever_binds_the_name_will_do(cell: str) -> None:
    assert roots_missing("%%tab jax\nd2l.tanh(1)", cell) == []


def test_names_that_stay_portable_need_no_import() -> None:
    assert roots_missing("%%tab jax\nf'{d2l.tanh(1)=}' + d2l.zeros(*a) + d2l.unknown(1)") == []


@pytest.mark.parametrize(
    "other", ["a\nb  \nc\n", "a  \nb\nc", "a  \r\nb\nc\n", "a \nb\nc\n", "a  \nb\nc\n\n"]
)
def test_golden_files_are_compared_to_the_last_blank(other: str, tmp_path: Path) -> None:
    """Two blanks at a line's end are a line break: a comparison without them does not see it go."""
    for name, text in {"made": other, "same": "a  \nb\nc\n", "golden": "a  \nb\nc\n"}.items():
        (tmp_path / name).write_bytes(text.encode())
    same_bytes(tmp_path / "same", tmp_path / "golden")
    with pytest.raises(AssertionError):
        same_bytes(tmp_path / "made", tmp_path / "golden")
