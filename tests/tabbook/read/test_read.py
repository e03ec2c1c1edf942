"""The text of a section, as the model has it."""

from pathlib import Path

import pytest
from core_helpers import DECLARED, HERE, SETTINGS, section
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from tabbook.book import Book
from tabbook.config import SectionSettings
from tabbook.errors import ReadError
from tabbook.model import Cell, Section
from tabbook.read.markdown import blocks
from tabbook.read.section import read_section

ROOT = HERE.parents[1]


def read(text: str) -> Section:
    return read_section(text, "chapters/a.md", SETTINGS)


def cells(text: str) -> list[tuple[str, str, int, tuple[str, ...] | None]]:
    return [(cell.kind, cell.source, cell.line, cell.tabs) for cell in read(text).cells]


def code(text: str) -> list[tuple[str, int, tuple[str, ...] | None]]:
    return [(cell.source, cell.line, cell.tabs) for cell in read(text).code_cells]


def test_a_section() -> None:
    page = read(
        "---\ntabbook: {tabs: [mxnet, jax], data: [poem.txt], timeout: 7}\n---\n\n"
        "(sec_a)=\n# A [**title**]\n\n"
        "Text.\n\n```{code-cell} python\nx = 1\n```\n\nMore.\n"
    )
    assert (page.path, page.name, page.title, page.label) == ("chapters/a.md", "a", "A title", "sec_a")
    assert page.tabs == ("jax", "mxnet")  # the book's order
    assert (page.settings.data, page.settings.timeout) == (("poem.txt",), 7)
    assert page.cells == (
        Cell("text", "(sec_a)=\n# A [**title**]\n\nText.", 5, 0),
        Cell("code", "x = 1", 11, 1),
        Cell("text", "More.", 14, 2),
    )


@pytest.mark.parametrize(
    ("text", "title", "label"),
    [
        ("# One\n", "One", None),
        ("One\n===\n", "One", None),
        ("(sec_x)=\n\n# One ##\n", "One", "sec_x"),
        ("Text first.\n\n# One\n", "One", None),
        ("# One\n\n> # quoted\n\n- # listed\n", "One", None),
        ("# One\n\n```python\n# a comment\n```\n", "One", None),
        ("---\ntabbook:\n---\n# One", "One", None),
        ("---\nA text\n---\n# One", "One", None),
        ("---\n---\n# One", "One", None),
    ],
)
def test_titles(text: str, title: str, label: str | None) -> None:
    assert (read(text).title, read(text).label) == (title, label)
    assert read(text).tabs == tuple(SETTINGS.tabs)


@pytest.mark.parametrize(
    ("cell", "source", "line", "tabs"),
    [
        ("%%tab jax\na", "a", 8, ("jax",)),
        ("%%tab mxnet, pytorch\na", "a", 8, ("pytorch", "mxnet")),
        ("%%tab mxnet pytorch\na", "a", 8, ("pytorch", "mxnet")),
        ("%%tab all\na", "a", 8, None),
        ("#@tab jax\na", "a", 8, ("jax",)),
        ("# @tab jax,mxnet\na", "a", 8, ("jax", "mxnet")),
        ("\n\n%%tab jax\n\n\na\n\n", "a", 12, ("jax",)),
        ("a\n# @tab jax", "a\n# @tab jax", 7, None),
        ("a = '''\n%%tab jax\n'''", "a = '''\n%%tab jax\n'''", 7, None),
        ("", "", 7, None),
        ("%%tab jax", "", 8, ("jax",)),
        ("%%time\na", "%%time\na", 7, None),
        ("    a = 1", "    a = 1", 7, None),
    ],
)
def test_whose_cell_it_is(cell: str, source: str, line: int, tabs: tuple[str, ...] | None) -> None:
    assert code(section(cell)) == [(source, line, tabs)]


@pytest.mark.parametrize(
    ("cell", "metadata", "line"),
    [
        (":tags: [hide-input, raises-exception]\n\na", {"tags": ["hide-input", "raises-exception"]}, 9),
        (":tags: hide-input, b\na", {"tags": ["hide-input", "b"]}, 8),
        (
            "---\ntags: [b]\nmystnb: {image: {width: 3}}\n---\na",
            {"tags": ["b"], "mystnb": {"image": {"width": 3}}},
            11,
        ),
        ("---\n---\na", {}, 9),
        (":class: x\n:tags: []\n%%tab jax\na", {"class": "x", "tags": []}, 10),
        (":tags: [b]", {"tags": ["b"]}, 8),
    ],
)
def test_options(cell: str, metadata: dict[str, object], line: int) -> None:
    (read_cell,) = read(section(cell)).code_cells
    assert (read_cell.metadata, read_cell.line) == (metadata, line)
    assert read_cell.tags == tuple(metadata.get("tags", ()))  # type: ignore[arg-type]


@pytest.mark.parametrize("fence", ["```", "`````", "~~~"])
def test_fences(fence: str) -> None:
    assert code(f"{DECLARED}# T\n\n{fence}{{code-cell}} ipython3\na = '''\n``\n'''\n{fence}\n") == [
        ("a = '''\n``\n'''", 7, None)
    ]


def test_what_looks_like_a_cell_is_what_myst_takes_it_for() -> None:
    shown = "````markdown\n```{code-cell} python\na\n```\n:::{tab} jax\n:::\n````\n"
    shown = f"# T\n\n{shown}\n```{{code-block}} md\n:::{{tab}} x\n```\n"
    assert [kind for kind, *_ in cells(shown)] == ["text"]


def test_tab_blocks() -> None:
    text = "# T\n\n:::{tab} mxnet,jax\n\n- one\n\n  two\n:::\n"
    text += "::::{tab} pytorch\n:::{note}\nText.\n:::\n::::\nEnd"
    assert cells(text) == [
        ("text", "# T", 1, None),
        ("text", "- one\n\n  two", 5, ("jax", "mxnet")),
        ("text", ":::{note}\nText.\n:::", 10, ("pytorch",)),
        ("text", "End", 14, None),
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "%load_ext tabbook.tab",
        "%reload_ext tabbook.tab\ntab.interact_select('jax')",
        "# choose\n%load_ext tabbook.tab\ntab.interact_select(\n    'jax',\n    'mxnet',\n)\n",
        "tab.interact_select(['jax'])",
    ],
)
def test_the_cell_for_interactive_use_is_dropped(cell: str) -> None:
    assert code(section(cell, "a")) == [("a", 11 + cell.count("\n"), None)]


def test_code_beside_the_interactive_lines_stays_on_its_line() -> None:
    text = section(
        "import a\n%load_ext tabbook.tab\ntab.interact_select(\n    'jax')\nb",
        "s = '''\n%load_ext tabbook.tab\n'''",
    )
    assert code(text) == [("import a\n\n\n\nb", 7, None), ("s = '''\n%load_ext tabbook.tab\n'''", 15, None)]
    assert code(section("%load_ext tabbook.tab\nb")) == [("b", 8, None)]
    assert code(section("tab.interact_select(")) == [
        ("tab.interact_select(", 7, None)
    ]  # a fault of the check


def test_line_ends_of_any_system() -> None:
    text = "---\ntabbook: {tabs: [jax]}\n---\n# T\n\n```{code-cell} python\na\nb\n```\nText\rmore\n"
    text = text.replace("\n", "\r\n")
    assert cells(text) == [
        ("text", "# T", 4, None),
        ("code", "a\nb", 7, None),
        ("text", "Text\nmore", 10, None),
    ]


def test_a_page_ends_without_a_line_end() -> None:
    assert cells(DECLARED + "# T\n```{code-cell} python\na\n```") == [
        ("text", "# T", 4, None),
        ("code", "a", 6, None),
    ]


MATHS = "$$\na\n=\nb\n$$"
"""Valid mathematics whose lines underline a heading to a parser that knows none."""
FRAGMENTS = (
    MATHS, "$$ a = b $$ (eq_a)", "$$", "\\begin{align}\na\n=\n# b\n\\end{align}", "# Title", "Title\n===",
    "Text\n-", "text", "", "| a |\n| - |\n| b |", "a\n% # x\n===", "% comment", "+++", "(target)=",
    "[^1]: note\n    # more\n", "Term\n: # what\n", ":field: # x\n  text", "{{ sub }}", "{#id}\n# T",
    "- [ ] task\n\n  # in it", "> # quoted", "<!-- # x\n\ny -->", "<div>\n# x\n</div>", "    # code",
    "```python\n# x\n```", "~~~{code-cell} python\nx\n~~~", ":::{tab} jax\n# x\n:::", "```", ":::", "---",
    "::::{note}\n:::{tip}\n:::\n::::", "* * *", "1. one\n   ```\n   x\n   ```", "[a]: b",
)  # fmt: skip
EXTENSIONS = (
    "amsmath",
    "attrs_block",
    "deflist",
    "dollarmath",
    "fieldlist",
    "linkify",
    "substitution",
    "tasklist",
)


def boundaries(tokens: list[Token]) -> list[tuple[object, ...]]:
    return [(token.type, token.tag, token.map, token.level, token.info) for token in tokens]


def by_myst(text: str, extensions: frozenset[str]) -> list[tuple[object, ...]]:
    """Return the blocks as MyST-Parser finds them; text for some frameworks takes its `colon_fence`."""
    config = MdParserConfig(enable_extensions={*extensions, "colon_fence"})
    return boundaries(create_md_parser(config, RendererHTML).parse(text))


@given(
    st.lists(st.sampled_from(FRAGMENTS)),
    st.sets(st.sampled_from(EXTENSIONS)),
    st.sampled_from(["\n", "\n\n"]),
)
def test_blocks_are_those_of_myst(parts: list[str], extensions: set[str], between: str) -> None:
    text, enabled = between.join(parts), frozenset(extensions)
    assert boundaries(blocks(text, enabled)) == by_myst(text, enabled)


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").rglob("*.md")), ids=lambda path: path.stem)
def test_blocks_of_the_book_are_those_of_myst(path: Path) -> None:
    book = Book.load(ROOT).settings
    text, enabled = path.read_text(encoding="utf-8"), frozenset(book.myst_extensions)
    assert "amsmath" in enabled, "the book's own, from _config.yml"
    assert boundaries(blocks(text, enabled)) == by_myst(text, enabled)


def test_headings_are_not_looked_for_in_mathematics_tables_and_comments() -> None:
    page = read(
        f"# T\n\n{MATHS}\n\n$$\n# c\n$$ (eq_c)\n\n% # d\n\n<!--\n# e\n-->\n\n| f |\n| - |\n| g |\n===\n"
    )
    assert page.title == "T"
    with pytest.raises(ReadError, match="a second level-1 heading"):
        read("---\nmyst: {enable_extensions: [amsmath]}\n---\n# T\n\n" + MATHS)  # which says: no dollarmath
    aligned = "\\begin{align}\na\n=\nb\n\\end{align}"
    with pytest.raises(ReadError, match="a second level-1 heading"):
        read(f"# T\n\n{aligned}")
    assert read(f"---\nmyst: {{enable_extensions: [amsmath]}}\n---\n# T\n\n{aligned}").title == "T"


@pytest.mark.parametrize(
    "cell",
    [
        's = """\n```{code-cell} python\n~~~\n:::\n"""',
        "def f():\n    '''Show.\n\n    ```python\n    f()\n    '''",
        "%%bash\necho :::",
        "# ```",
    ],
)
def test_what_looks_like_a_fence_in_a_string_ends_no_cell(cell: str) -> None:
    assert code(section(cell)) == [(cell, 7, None)]


def test_blocks_inside_blocks_are_closed() -> None:
    text = ":::::{note}\n::::{tip}\n:::{tab-set}\n:::\n::::\n:::::\n\n````{note}\n```python\n```\n````\n\n"
    text += "```text\n```python\n```\n\n````md\n```{code-cell} python\na\n```\n````\n\n<pre>\n</pre>\n"
    assert [kind for kind, *_ in cells(f"# T\n\n{text}")] == ["text"]


def test_a_page_without_code_declares_nothing() -> None:
    assert read("# T\n\n:::{tab} jax\nText.\n:::\n").settings == SectionSettings()
    with pytest.raises(ReadError, match=r"a\.md:1: a section with code has no key 'tabbook'"):
        read("---\nfile_format: mystnb\n---\n# T\n\n```{code-cell} python\na\n```\n")
    assert read("---\ntabbook:\n---\n# T\n\n```{code-cell} python\na\n```\n").settings == SectionSettings()


def test_tab_names_that_no_tab_comes_close_to() -> None:
    with pytest.raises(ReadError, match=r"a.md:7: unknown tab 'xyz'; the tabs are pytorch, jax, mxnet"):
        read(section("%%tab xyz\na"))


@pytest.mark.parametrize(
    "language", ["", "python", "Python", "python3", "ipython3", "ipython", "py", "python3.11"]
)
@pytest.mark.parametrize(
    "kernel",
    [
        "",
        "kernelspec: {name: python3}",
        "kernelspec: {name: tabbook-jax}",
        "kernelspec: {name: irises}",
        "kernelspec: {name: julia-env, language: python}",
        "language_info: {name: ipython}",
        "kernelspec: julia",
        "jupytext: {main_language: python}",
    ],
)
def test_every_name_of_python_is_one(language: str, kernel: str) -> None:
    """What JupyterLab, Jupytext and VS Code write for Python is no other language."""
    text = f"---\n{kernel}\ntabbook: {{}}\n---\n# T\n\n```{{code-cell}} {language}\nx = 1\n```\n"
    assert [source for source, *_ in code(text)] == ["x = 1"]


@pytest.mark.parametrize("magic", ["%%R", "%%bash", "%%julia", "%%javascript", "%%script perl"])
def test_a_cell_in_python_may_hold_another_language_by_a_magic(magic: str) -> None:
    assert read(f"{DECLARED}# T\n\n```{{code-cell}} python\n{magic}\nx <- c(1, 2)\n```\n").code_cells


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("kernelspec: {name: ir, display_name: R}", "the kernel 'ir' is for R"),
        ("kernelspec: {name: xcpp17}", "the kernel 'xcpp17' is for C++"),
        ("kernelspec: {name: x, language: R}", "kernelspec.language is 'R'"),
        ("language_info: {name: rust}", "language_info.name is 'rust'"),
        ("jupytext: {main_language: julia}", "jupytext.main_language is 'julia'"),
    ],
)
def test_a_page_for_another_language_is_refused_if_it_has_code(front: str, said: str) -> None:
    text = f"---\ntabbook: {{}}\n{front}\n---\n# T\n\n"
    with pytest.raises(ReadError) as caught:
        read(f"{text}```{{code-cell}}\nx <- 1\n```\n")
    assert [str(fault).split(",")[0] for fault in caught.value.faults] == [f"chapters/a.md:3: {said}"]
    assert read(f"{text}```r\nx <- 1\n```\n").title == "T"
