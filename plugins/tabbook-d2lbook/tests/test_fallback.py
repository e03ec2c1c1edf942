"""Whatever the source holds: our reader takes what is written, no text is lost, and no cell changes its place."""

# ruff: noqa: E501 - a source and what it becomes stand on one line, to be compared

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from import_helpers import TABS, body, cell, convert

from tabbook.config import BookSettings
from tabbook.project.projection import project
from tabbook.read.section import read_section

BOOK = BookSettings.model_validate(
    {"tabs": {tab: {"name": tab, "module": tab, "requirements": "r.txt"} for tab in TABS}}
)
FRAGMENTS = [
    "\n", "\n", "text $x$ and `code`\n", "# Title\n", "## Head\n:label:`sec_a`\n", "Under\n===\n", "---\n", "-\n",
    ":begin_tab:`jax`\n", ":begin_tab:`mxnet, pytorch`\n", ":begin_tab:`xx`\n", ":end_tab:\n",
    "```\n", "````\n", "~~~\n", "- ```\n", "> ```\n", "* ```bash\n  ls\n  ```\n", "1. one\n", "* item\n",
    "```{.python .input}\n", "```{.python .input n=3}\n#@tab jax\n", "    ```{.python .input}\n    x = 1\n    ```\n",
    "%%tab all\nx = 2  #@save\n```\n", "```{.json .output n=1}\n", "```eval_rst\n.. raw:: html\n\n   <b>\n",
    "```toc\n:numbered:\na\n", "```python\nif x:\n", 'def f():\n    """\n', '"""\n', "x = 1\n",
    "$$\nx = 1\n", "$$x$$\n:eqlabel:`e`\n", "[**mark\n", "more**]\n", "(~~x~~)\n", ":numref:`sec_a`,:eqref:`e`\n",
    ":By :cite:`A` and `c`\n\n|a|b|\n|-|-|\n|1|2|\n:label:`t`\n", "![Cap](img/a.svg)\n:label:`f`\n", "![ a [b] (c\n",
    ":::\n", ":::{tab} jax\n", ":::{note}\n", "```{code-cell} python\n1\n", "```{code-cell}\n", "```{eval-rst}\n",
    "---\ntitle: x\n---\n", "+++\n", "% comment\n", "(x)=\n", "<!-- c\n", "-->\n", "<div>\n", "{eq}`x`\n", "{{ a }}\n",
    ":numref:`x, y\n", ":width:`3px\n", ":begin_tab: `jax`\n", ":begin_tab:\n", "*a *b **c **d\n", "(** a** b**)\n", "<!-- c --> d\n",
    "\\begin{align}\na_1\n", "\\end{align}\n", "\\begin{figure}\n", "\\end{figure}\n:eqlabel:`e`\n", "> $$\n> x\n", "> so $$x$$, $\\text{a_b}$\n",
    "[x](#head) [y](#title)\n", "![C]a$](b.png){width=3}\n",
    "\tcode\n", "    code\n", "`code\n", "\ufeff", "\r\n", "\x0c", "\0", "a\u2028b\n", "第$i^\\mathrm{th}$个**“元”**素\n",
]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_our_reader_takes_what_any_source_becomes(source: str) -> None:
    result = convert(source)
    section = read_section(result.text, "a.md", BOOK)
    for tab in section.tabs:
        project(section, tab, BOOK)
    written = [cell.source for cell in section.cells if cell.kind == "code"]
    pieces = [p.source for c in result.page.cells if c.state == "code" for p in c.pieces]
    assert sorted(written) == sorted(piece.rstrip() for piece in pieces)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("* ```bash\n  ls\n  ```\n\ntext", "* ```bash\n  ls\n  ```\n\ntext"),
        (f"````\n{cell('x')}````", f"````\n{cell('x')}````"),
        ("> ```{.bash .x}\n> ls\n> ```\n\ntext", "> ```bash\n> ls\n> ```\n\ntext"),
        ("- ```\n  ls\ntext", "- ```\n  ls\n  ```\n\ntext"),
        ("```{code-cell} python\nx\n```", "```\nx\n```"),
        ("::: {.note\ntext", "\\::: {.note\ntext"),
        ("one\ntwo\n---\nmore", "one\ntwo\n\\---\nmore"),
        ("text\ngoes on\n===", "text\ngoes on\n\\==="),
    ],
)
def test_text_is_not_taken_for_blocks_of_ours(source: str, expected: str) -> None:
    assert body(source) == expected


def test_text_that_cannot_be_taken_over_is_shown_as_it_stands_and_the_rest_is_whole() -> None:
    source = (
        f"# Title\n:label:`t`\n\n{cell('x = 1')}\nbefore\n\n<!-- never ends\n\n{cell('x = 2')}\nafter *it*\n"
    )
    result = convert(source)
    assert result.faults == [
        "a.md:7: the text that begins here cannot be taken over: this comment is never closed; it is shown as it stands"
    ]
    assert "```text\nbefore\n\n<!-- never ends\n```\n" in result.text
    assert result.text.startswith("---\n")
    assert "(t)=\n# Title\n" in result.text
    assert result.text.endswith("x = 2\n```\n\nafter *it*\n")


def test_a_tab_block_of_ours_for_a_tab_that_the_page_lacks_becomes_a_listing() -> None:
    source = f":begin_tab:`mxnet, pytorch`\n```\n:::\n:::{{tab}} jax\n{cell('x')}"
    section = read_section(convert(source).text, "a.md", BOOK)
    assert section.tabs == ("mxnet", "pytorch")


def test_a_caption_or_a_heading_in_a_tab_block_may_hold_code() -> None:
    table = body(":The `f` of :numref:`t`\n\n|a|b|\n|-|-|\n|1|2|\n:label:`t`")
    assert table.startswith("~~~{table} The `f` of {numref}`t`\n:name: t\n")
    assert "~~~{rubric} Of `f`\n~~~" in body(":begin_tab:`jax`\n## Of `f`\n:end_tab:")


def test_a_listing_of_code_that_is_no_python_ends_no_block_of_ours() -> None:
    for code in (":::", "::::{tab} jax", "```{code-cell}"):
        result = convert(
            f"# T\n\n{cell('%%tab all' + chr(10) + 'x')}\n{cell('#@tab jax' + chr(10) + code)}\nend\n"
        )
        section = read_section(result.text, "a.md", BOOK)
        assert [c.kind for c in section.cells if c.kind == "code"] == ["code"]
        assert section.cells[-1].source.endswith("end")
