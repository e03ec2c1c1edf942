"""MyST becomes Markdown that every viewer reads; references become what readers understand."""

import re

import pytest
from core_helpers import SETTINGS
from markdown_it import MarkdownIt

from tabbook.export.context import Context, Footnotes
from tabbook.export.page import beside, published
from tabbook.export.references import References, Target, dump, load, merged, of_sources, parse
from tabbook.export.text import plain_text
from tabbook.read import read_section
from tabbook.read.slides import marked_text, strip_slide_marks

REFERENCES = References(
    labels={
        "sec_rnn": Target("chapters/rnn", "sec-rnn", "Recurrent Networks", "9.5", "section"),
        "fig_net": Target("chapters/rnn", "fig-net", "A net.", "9.5.1", "figure"),
        "tab_x": Target("chapters/rnn", "tab-x", "Numbers", "2.1", "table"),
        "plain": Target("chapters/other", "plain", "Plain"),
    },
    equations={"eq_h": Target("chapters/rnn", "equation-eq-h", "", "9.5.2", "equation")},
    pages={"chapters/rnn": Target("chapters/rnn", "", "Recurrent Networks")},
    citations={"Hochreiter": Target("chapters/references", "id3", "HS97", kind="citation")},
    formats={"section": "Section %s", "figure": "Fig. %s"},
)
URL = "https://book.org/chapters/rnn.html?tab=jax"


def plain(text: str, references: References = REFERENCES) -> str:
    address = published("https://book.org/", "jax")
    return plain_text(text, Context("chapters/page", references, address, lambda path: f"files/{path}"))


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("{numref}`sec_rnn`", f"[Section 9.5]({URL}#sec-rnn)"),
        ("{numref}`part %s <sec_rnn>`", f"[part 9.5]({URL}#sec-rnn)"),
        ("{numref}`fig_net` {numref}`tab_x`", f"[Fig. 9.5.1]({URL}#fig-net) [Table 2.1]({URL}#tab-x)"),
        ("{numref}`plain`", "[Plain](https://book.org/chapters/other.html?tab=jax#plain)"),
        ("{ref}`SEC_RNN`", f"[Recurrent Networks]({URL}#sec-rnn)"),
        ("{ref}`here <sec_rnn>`", f"[here]({URL}#sec-rnn)"),
        ("{eq}`eq_h`", f"[(9.5.2)]({URL}#equation-eq-h)"),
        ("{doc}`rnn` and {doc}`x </chapters/rnn>`", f"[Recurrent Networks]({URL}) and [x]({URL})"),
        ("[the *net*](#fig_net)", f"[the *net*]({URL}#fig-net)"),
        ("[](rnn.md) [a](rnn.md#b)", f"[Recurrent Networks]({URL}) [a]({URL}#b)"),
        ("<project:#fig_net>", f"[Fig. 9.5.1]({URL}#fig-net)"),
        (
            "{cite}`Hochreiter,Other`",
            f"[[HS97]]({URL.replace('rnn', 'references')}#id3), [Other]",
        ),
        ("{ref}`no_such`, {numref}`no_such`, {eq}`no_such`", "no_such, no_such, (no_such)"),
        ("[x](https://a.org/b#c) <https://a.org>", "[x](https://a.org/b#c) <https://a.org>"),
        ("[x](missing.md) [y](#missing)", "[x](missing.md) y"),
        ("{math}`a_b` {kbd}`Ctrl` {sub}`2` {unknown}`kept`", "$a_b$ `Ctrl` <sub>2</sub> kept"),
        ("`{ref}` and ``{numref}`sec_rnn` ``", "`{ref}` and ``{numref}`sec_rnn` ``"),
        (r"$x$ \$ {ref}`plain`", r"$x$ \$ [Plain](https://book.org/chapters/other.html?tab=jax#plain)"),
        (
            "![a net](../img/net.svg) ![b](https://a.org/b.png)",
            "![a net](files/img/net.svg) ![b](https://a.org/b.png)",
        ),
    ],
)
def test_inline(source: str, wanted: str) -> None:
    assert plain(source) == wanted


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("(label)=\n# Title\n% comment\ntext", "# Title\n\ntext"),
        ("```{math}\n:label: eq_h\na = b\n```", "$$\na = b\n\\tag{9.5.2}\n$$"),
        ("$$a = b$$ (eq_h)", "$$\na = b\n\\tag{9.5.2}\n$$"),
        ("$$\na\n\nb\n$$\nmore", "$$\na\nb\n$$\nmore"),
        (
            "```{math}\na &= b \\\\\nc &= d\n```",
            "$$\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n$$",
        ),
        ("```{math}\n\\begin{align*}a\\end{align*}\n```", "$$\n\\begin{aligned}a\\end{aligned}\n$$"),
        ("- item\n\n  ```{math}\n  a\n  ```\n\n- next", "- item\n\n  $$\n  a\n  $$\n\n- next"),
        (
            ":::{note}\nSee {ref}`plain`.\n\n- one\n:::",
            "> **Note**\n>\n> See [Plain](https://book.org/chapters/other.html?tab=jax#plain).\n>\n> - one",
        ),
        ("```{admonition} Mind\n:class: tip\nthe gap\n```", "> **Mind**\n>\n> the gap"),
        ("```{warning} At once.\n```", "> **Warning**\n>\n> At once."),
        (
            "```{figure} ../img/net.png\n:name: fig_net\n:alt: Layers\nA **net**\nof two.\n\nLegend.\n```",
            "![Layers](files/img/net.png)\n\n**Fig. 9.5.1.** A **net** of two.\n\nLegend.",
        ),
        ("```{image} a.png\n---\nalt: x\n---\n```", "![x](files/chapters/a.png)"),
        (
            "```{table} Some numbers\n:name: tab_x\n\n| a |\n| --- |\n| 1 |\n```",
            "**Table 2.1.** Some numbers\n\n| a |\n| --- |\n| 1 |",
        ),
        (
            "```{list-table}\n:header-rows: 1\n* - a\n  - b|c\n* - 1\n```",
            "| a | b\\|c |\n| --- | --- |\n| 1 |  |",
        ),
        ("```{list-table}\n* - a\n    more\n```", "|  |\n| --- |\n| a more |"),
        (
            "```{code-block} python\n:linenos:\nx = {ref}`plain`\n\n\ny\n```",
            "```python\nx = {ref}`plain`\n\n\ny\n```",
        ),
        ("````{code} text\n```\n````", "````text\n```\n````"),
        ("```python\n{ref}`plain`\n\n\n% no comment\n```", "```python\n{ref}`plain`\n\n\n% no comment\n```"),
        ("Term\n: What it is", "**Term**  \nWhat it is"),
        ("```{tableofcontents}\n```\ntext", "text"),
        ("```{raw} html\n<b>x</b>\n```\n\n```{raw} latex\n\\x\n```", "<b>x</b>"),
        ("```{only} html\n{ref}`no`\n```", "no"),
        ("```{strange} Words\nkept {ref}`no`\n```", "**Words**\n\nkept no"),
        (":::\nkept\n:::", "kept"),
        ("```{note}\nnever closed", "> **Note**\n>\n> never closed"),
        ("```{note}\n```", "> **Note**"),
    ],
)
def test_blocks(source: str, wanted: str) -> None:
    assert plain(source) == wanted


def test_without_a_published_site_references_lead_to_what_lies_beside() -> None:
    address = beside("a/b/c", ["a/b/c", "a/d", "x"], ".ipynb")
    assert address(Target("a/d", "place")) == "../d.ipynb"
    assert address(Target("x", "")) == "../../x.ipynb"
    assert address(Target("a/b/c", "place")) == "", "it is the same page"
    assert address(Target("not/exported", "")) == ""


TEXT = """(sec_top)=
# Top

$$a$$ (eq_one)

```{math}
:label: eq_two
b
```

(lonely)=

See {eq}`eq_two`.
"""


def test_without_a_build_titles_stand_for_numbers_and_equations_are_counted_on_their_page() -> None:
    found = of_sources([read_section(TEXT, "chapters/top.md", SETTINGS)])
    assert plain("{numref}`sec_top`, {ref}`lonely`: {eq}`eq_two`", found) == (
        "[Top](https://book.org/chapters/top.html?tab=jax#sec-top), "
        "[Top](https://book.org/chapters/top.html?tab=jax#lonely): "
        "[(2)](https://book.org/chapters/top.html?tab=jax#equation-eq-two)"
    )


def test_references_survive_their_file(tmp_path) -> None:
    assert parse(dump(REFERENCES)) == REFERENCES
    assert dump(parse(dump(REFERENCES))) == dump(REFERENCES)
    sections = [read_section(TEXT, "chapters/top.md", SETTINGS)]
    file = tmp_path / "references.json"
    assert load(file, sections) == of_sources(sections)
    file.write_text("[]")
    assert load(file, sections) == of_sources(sections), "a damaged file counts as none"
    file.write_text(dump(REFERENCES))
    assert load(file, sections) == merged(of_sources(sections), REFERENCES)
    assert load(file, sections).labels["sec_top"].number == "", "what no build has seen is known, too"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no mark, [**link**](x), f(**kw), `[**code**]`", []),
        ("[**one**] and (**two**)", [("one", True), ("two", False)]),
        ("## [**Heading**]\nText [**not heading**]", [("## Heading", True), ("not heading", True)]),
        ("(~~only~~) [~~starts~~]", [("only", False), ("starts", True)]),
        ("(**a (~~b~~) $c (**d**)$ e**)", [("a b $c (**d**)$ e", False)]),
        ("[**two\n\n$$x$$**]", [("two\n\n$$x$$", True)]),
    ],
)
def test_marks_for_slides(text: str, wanted: list[tuple[str, bool]]) -> None:
    assert [(mark.text, mark.starts) for mark in marked_text(text)] == wanted


BROKEN = "a  \nb\\\nc"
WITH_BREAKS = {
    "a paragraph": BROKEN,
    "a list": "- a  \n  b\\\n  c",
    "a quote": "> a  \n> b\\\n> c",
    "a quote in a list": "- > a  \n  > b\\\n  > c",
    "a note": f":::{{note}}\n{BROKEN}\n:::",
    "a note in a note": f"::::{{note}}\n:::{{tip}}\n{BROKEN}\n:::\n::::",
    "a motto": f"```{{epigraph}}\n{BROKEN}\n```",
    "a footnote": "[^1]\n\n[^1]: a  \n    b\\\n    c",
    "a glossary": "```{glossary}\nterm\n  a  \n  b\\\n  c\n```",
    "a legend": f":::{{figure}} a.png\nwords\n\n{BROKEN}\n:::",
    "a caption": f":::{{figure}} a.png\n{BROKEN}\n:::",
    "a cell of a table": "```{list-table}\n* - a  \n    b\\\n    c\n  - d\n```",
    "text for slides": "a (~~x~~)  \nb\\\nc",
    "marked text": "[**a  \nb**]\\\nc",
}


@pytest.mark.parametrize("text", WITH_BREAKS.values(), ids=WITH_BREAKS.keys())
def test_line_breaks_stay(text: str) -> None:
    """Two blanks, or a backslash, at a line's end are a line break: whoever strips lines loses it."""
    text = strip_slide_marks(text)
    context = Context(
        "chapters/page", REFERENCES, lambda _: "x", lambda path: path, notes=Footnotes.of([text])
    )
    made = f"{plain_text(text, context)}\n\n{context.notes.shown()}"
    shown = MarkdownIt("commonmark").enable("table").render(made)
    assert re.search(r"a<br ?/?>\s*b<br ?/?>\s*c", shown), made


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("Loss {glue:text}`loss:.2f`.", "Loss 0.91."),
        ("{glue:text}`loss` {glue:text}`count:d` {glue:text}`word`", "0.9123 3 Adam"),
        ("{glue}`word` {glue:md}`word`", "Adam Adam"),
        ("{glue:text}`word:.2f`", "'Adam'"),
        ("None: {glue:text}`lost:.2f`.", "None: ."),
    ],
)
def test_a_glued_value_is_text(source: str, wanted: str) -> None:
    glued = {"loss": "0.9123", "count": "3", "word": "'Adam'"}
    context = Context("a", REFERENCES, lambda _target: "", lambda path: path, glued=glued)
    assert plain_text(source, context) == wanted
