"""What the tree of a page becomes in Markdown: every viewer reads it, and shows what the site shows."""

import base64
import re

import nbformat
import pytest
import yaml
from export_helpers import construct_book, exported
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from render_helpers import FRONT, fill_store, png, write_book

from tabbook.book import Book
from tabbook.export.page import relative_address, site_address
from tabbook.model import Cell
from tabbook.read.slides import marked_text
from tabbook.render.site import build_site

OTHER = "(sec_other)=\n# Costs \\$5 and \\$6\n\n```{figure} img/net.png\n:name: fig_other\nA caption.\n```\n"
PICTURE = "![PICTURE](page_files/img-net.png)"
TEXTS = {
    "an equation in a list, and what follows": (
        "* $$\n  a = b\n  $$ (eq_list)\n\n  behind\n* last\n\nThe end.",
        "* $$\n  a = b\n  \\tag{NUMBER}\n  $$\n\n  behind\n\n* last\n\nThe end.",
    ),
    "a picture by reference": ("![PICTURE][pic]\n\n[pic]: img/net.png", PICTURE),
    "a picture between angle brackets": ("![PICTURE](<img/net.png>)", PICTURE),
    "a picture with a blank in its name": ("![x](<img/a b.png>)", "![x](page_files/img-a-b.png)"),
    "a picture in HTML": ('<img src="img/net.png" alt="x">', '<img src="page_files/img-net.png" alt="x">'),
    "a picture's width": (
        "```{image} img/net.png\n:alt: x\n:width: 50%\n```",
        '<img src="page_files/img-net.png" alt="x" width="50%">',
    ),
    "a linked picture": (
        "```{image} img/net.png\n:alt: PICTURE\n:target: https://a.org\n```",
        f"[{PICTURE}](https://a.org)",
    ),
    "a picture from elsewhere": ("![x](https://a.org/b.png)", "![x](https://a.org/b.png)"),
    "indented code": (
        "Text.\n\n    *no* {ref}`sec_other` % [^1]\n\n      more",
        "Text.\n\n```\n*no* {ref}`sec_other` % [^1]\n\n  more\n```",
    ),
    "code with fences": ("````text\n```\n````", "````text\n```\n````"),
    "a link between angle brackets": ("[x](<https://a.org/b c>)", "[x](https://a.org/b%20c)"),
    "an address with brackets": ("[x](https://a.org/b_(c))", "[x](<https://a.org/b_(c)>)"),
    "a link to a file": ("[the data](data.csv)", "the data"),
    "what is folded": (
        ":::{dropdown} Answer\nIt is $a\n= b$.\n:::",
        "<details>\n<summary>Answer</summary>\n\nIt is $a = b$.\n\n</details>",
    ),
    "a box that is folded": (
        "```{note}\n:class: dropdown\ntext\n```",
        "<details>\n<summary>Note</summary>\n\ntext\n\n</details>",
    ),
    "a table in a cell": (
        "```{list-table}\n* - a\n  - | x | y |\n    |---|---|\n    | 1 | 2 |\n* - b\n  - c\n```",
        "|  |  |\n| --- | --- |\n"
        "| a | <table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table> |\n"
        "| b | c |",
    ),
    "bars in a displayed formula in a cell": (
        "```{list-table}\n* - $$|a| = \\|b\\|$$\n  - c\n```",
        "|  |  |\n| --- | --- |\n| $$\\vert a\\vert  = \\Vert b\\Vert$$ | c |",
    ),
    "lines of an array in a cell": (
        "```{list-table}\n* - $\\begin{array}{c|c} a & |b|\\end{array}$\n  - c\n```",
        "|  |  |\n| --- | --- |\n| $\\begin{array}{c:c} a & \\vert b\\vert \\end{array}$ | c |",
    ),
    "bars in what else a cell can hold": (
        "```{list-table}\n* - ![a|b](img/net.png)\n  - `a\\|b`, a\\\\|b, a|b\n```",
        "|  |  |\n| --- | --- |\n| ![a\\|b](page_files/img-net.png) | `a\\\\|b`, a\\\\\\|b, a\\|b |",
    ),
    "a comment behind the end of a line": (
        "> $$\n> \\begin{aligned}\n> a &= b \\\\% why\n> c &= 5\\% % how\n> \\end{aligned}\n> $$",
        "> $$\\begin{aligned} a &= b \\\\ c &= 5\\% \\end{aligned}$$",
    ),
    "names with two underscores": (
        "\\_\\_init\\_\\_, a\\_\\_b and \\_\\_x",
        "\\_\\_init\\_\\_, a\\_\\_b and \\_\\_x",
    ),
    "brackets in the text of a link": (
        "[in \\[0, 1)](https://a.org), [1\\]](https://a.org), [\\[1\\]](https://a.org)",
        "[in \\[0, 1)](https://a.org), [1\\]](https://a.org), [[1]](https://a.org)",
    ),
    "a link behind an exclamation mark": ("Wow\\![x](https://a.org)", "Wow\\![x](https://a.org)"),
    "lists below each other": (
        "1. a\n2. b\n\n% c\n\n1. d\n\n::::{tab} jax\n1. e\n::::\n\n- f\n  1. g\n- h\n\n1. i\n\nText.\n\n1. k",
        "1. a\n2. b\n\n1) d\n\n1. e\n\n- f\n  1. g\n- h\n\n1. i\n\nText.\n\n1. k",
    ),
    "lines that begin like lists and titles": (
        "```{eval-rst}\n| - a\n| # b\n| 1. c\n```",
        "\\- a  \n\\# b  \n1\\. c",
    ),
    "two amounts in HTML": (
        '```{raw} html\n<p title="$1">$5, $6</p>\n```',
        '<p title="$1"><span>&#36;</span>5, <span>&#36;</span>6</p>',
    ),
    "a formula that begins with a bracket below another": (
        "```{math}\na = 1\n\n[b] = 2\n```",
        "$$\n\\begin{aligned}\na = 1 \\\\\n{}[b] = 2\n\\end{aligned}\n$$",
    ),
    "a number of a row": (
        "$$\n\\begin{align}\na &= b \\tag{A} \\\\\nc &= d\n\\end{align}\n$$",
        "$$\n\\begin{aligned}\na &= b  \\\\\nc &= d\n\\end{aligned}\n\\tag{A}\n$$",
    ),
    "numbers of bare rows": (
        "```{math}\na &= b \\tag{A} \\\\\nc &= d \\tag{B}\n```",
        "$$\n\\begin{align*}\na &= b \\tag{A} \\\\\nc &= d \\tag{B}\n\\end{align*}\n$$",
    ),
    "numbers of formulas below each other": (
        "```{math}\na \\tag{A}\n\nb \\tag{B}\n```",
        "$$\na\n\\tag{A}\n$$\n\n$$\nb\n\\tag{B}\n$$",
    ),
    "numbers of rows": (
        "\\begin{gather}\na \\tag{A} \\\\\nb \\tag{$*$}\n\\end{gather}",
        "$$\n\\begin{gather*}\na \\tag{A} \\\\\nb \\tag{$*$}\n\\end{gather*}\n$$",
    ),
    "notes that begin with a block": (
        "Text[^a] [^b].\n\n[^a]: - a list\n\n[^b]: Words.",
        "Text<sup>1</sup> <sup>2</sup>.\n\n---\n\n<sup>1</sup>\n\n- a list\n\n<sup>2</sup> Words.",
    ),
    "references in a formula": (
        "$$a$$ (eq_ref)\n\n$\\eqref{eq_ref}$ $\\ref{eq_ref}$ $\\eqref{no}$",
        "$$\na\n\\tag{NUMBER}\n$$\n\n$\\text{(REF)}$ $\\text{REF}$ $\\text{(???)}$",
    ),
    "a picture's width in other units": (
        "```{image} img/net.png\n:alt: x\n:width: 2em\n:height: 3cm\n```",
        '<img src="page_files/img-net.png" alt="x" width="32" height="113">',
    ),
    "emphasis next to emphasis": (
        "*a*{emphasis}`b` {strong}`c`{strong}`d`",
        "*a*<em>b</em> **c**<strong>d</strong>",
    ),
    "two amounts": ("From \\$5 to \\$6.", "From <span>\\$</span>5 to <span>\\$</span>6."),
    "an amount": ("Only \\$5.", "Only \\$5."),
    "an amount and a formula": ("\\$5 for $x$.", "<span>\\$</span>5 for $x$."),
    "marks that are text": (
        "\\*no\\* \\`no\\` 3 \\< 4, \\<b> a_b \\_c\\_ [x] \\[x](y)",
        "\\*no\\* \\`no\\` 3 < 4, \\<b> a_b \\_c\\_ [x] [x\\](y)",
    ),
    "lines that begin no block": ("a\n\\# b\n1\\. c\n\\- d\n\\> e", "a\n\\# b\n1\\. c\n\\- d\n\\> e"),
    "bold letters inside words": ("中文{strong}`注意：`中文", "中文<strong>注意：</strong>中文"),
    "two formulas": ("```{math}\na\n\nb\n```", "$$\n\\begin{aligned}\na \\\\\nb\n\\end{aligned}\n$$"),
    "lines of a formula": (
        "```{math}\na &= b \\\\\n&= c\n```",
        "$$\n\\begin{aligned}\na &= b \\\\\n&= c\n\\end{aligned}\n$$",
    ),
    "an environment with a number": (
        "\\begin{align}\na &= b \\label{x}\n\\end{align}",
        "$$\n\\begin{aligned}\na &= b\n\\end{aligned}\n\\tag{NUMBER}\n$$",
    ),
    "a formula in a quotation": ("> $$\n> a % why\n> = b\n> $$", "> $$a = b$$"),
    "a formula in a note": (
        "```{note}\n$$\na\n= b\n$$ (eq_n)\n```",
        "> **Note**\n>\n> $$a = b \\tag{NUMBER}$$",
    ),
    "a formula in a table": (
        "```{list-table}\n* - $|a|$\n  - $\\|b\\|$\n```",
        "|  |  |\n| --- | --- |\n| $\\vert a\\vert$ | $\\Vert b\\Vert$ |",
    ),
    "blocks in a table": (
        "````{list-table}\n* - ```python\n    x|y\n    z\n    ```\n  - :::{note}\n    n\n    :::\n````",
        "|  |  |\n| --- | --- |\n| `x\\|y`<br>`z` | **Note**<br>n |",
    ),
    "formulas next to each other": ("{math}`a`{math}`b`", "$a$ $b$"),
    "a title with amounts": (
        "See {ref}`sec_other`.",
        "See [TITLE](other.md).",
    ),
    "a numbered reference": (
        "{numref}`fig_other` {numref}`Figure %s <fig_other>`",
        "[Fig. 1.1](other.md) [Figure 1.1](other.md)",
    ),
    "a document": (
        "{doc}`other` [](other.md) [x](other.md#sec_other)",
        "[TITLE](other.md) [TITLE](other.md) [x](other.md)",
    ),
    "blocks without a title": ("Term\n: What it is", "**Term**  \nWhat it is"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what each text becomes, by its name."""
    root = tmp_path_factory.mktemp("texts") / "book"
    (root / "img").mkdir(parents=True)
    for name in ("net.png", "a b.png"):
        (root / "img" / name).write_bytes(base64.b64decode(png(4, 4, 9)))
    (root / "data.csv").write_text("1\n")
    texts = {f"case{number}": f"# Case\n\n{text}\n" for number, (text, _) in enumerate(TEXTS.values())}
    book = numbered_book(root, {"index": "# Welcome\n", "other": OTHER, **texts})
    files = exported(book, "markdown", book.sections, ("jax",)).files
    pages = [
        files[f"jax/case{number}.md"].decode().removeprefix("# Case\n\n") for number in range(len(TEXTS))
    ]
    return {
        name: page.rstrip("\n").replace(f"case{number}_files", "page_files")
        for number, (name, page) in enumerate(zip(TEXTS, pages, strict=True))
    }


def numbered_book(root, pages: dict[str, str]) -> Book:
    write_book(root, pages)
    toc = (root / "_toc.yml").read_text()
    (root / "_toc.yml").write_text(toc.replace("root: index", "root: index\noptions: {numbered: true}"))
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["parse"] = {"myst_enable_extensions": ["amsmath", "colon_fence", "deflist", "dollarmath"]}
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    return Book.load(root)


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_what_every_viewer_reads(made: dict[str, str], name: str) -> None:
    wanted = TEXTS[name][1].replace("TITLE", "Costs <span>\\$</span>5 and <span>\\$</span>6")
    shown = re.sub(r"\\tag\{[\d.]+\}", r"\\tag{NUMBER}", made[name])
    assert re.sub(r"(\\text\{\(?)\d+\.\d+", r"\1REF", shown) == wanted


def test_without_a_published_site_references_lead_to_what_lies_beside() -> None:
    address = relative_address("a/b/c", ["a/b/c", "a/d", "x"], ".ipynb")
    assert address("a/d", "place") == "../d.ipynb"
    assert address("x", "") == "../../x.ipynb"
    assert address("a/b/c", "place") == "", "it is the same page"
    assert address("not/exported", "") == ""
    assert site_address("https://book.org/", "jax")("a/d", "at") == "https://book.org/a/d.html?tab=jax#at"


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
    assert [(mark.text, mark.starts_slide) for mark in marked_text(text)] == wanted


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
    "a legend": f":::{{figure}} img/net.png\nwords\n\n{BROKEN}\n:::",
    "a caption": f":::{{figure}} img/net.png\n{BROKEN}\n:::",
    "a cell of a table": "```{list-table}\n* - a  \n    b\\\n    c\n  - d\n```",
    "text for slides": "a (~~x~~)  \nb\\\nc",
    "marked text": "[**a  \nb**]\\\nc",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("breaks") / "book"
    (root / "img").mkdir(parents=True)
    (root / "img/net.png").write_bytes(base64.b64decode(png(4, 4, 9)))
    cell = "\n\n```{code-cell} python\n1\n```\n"
    texts = {f"p{i}": f"{FRONT}# Page\n\n{text}{cell}" for i, text in enumerate(WITH_BREAKS.values())}
    book = numbered_book(root, {"index": "# Welcome\n", **texts})
    files = exported(book, "markdown", book.sections, ("jax",)).files
    return {name: files[f"jax/p{number}.md"].decode() for number, name in enumerate(WITH_BREAKS)}


@pytest.mark.parametrize("name", WITH_BREAKS)
def test_line_breaks_stay(broken: dict[str, str], name: str) -> None:
    """Two blanks, or a backslash, at a line's end are a line break: whoever strips lines loses it."""
    shown = MarkdownIt("commonmark").enable("table").render(broken[name])
    assert re.search(r"a<br ?/?>\s*b<br ?/?>\s*c", shown), broken[name]


GLUED = (
    FRONT
    + """
# Glued

Loss {glue:text}`loss:.2f`, {glue:text}`word`, {glue}`word`. Elsewhere {glue:text}`theirs`.

```{code-cell} python
glue_values()
```
"""
)


def test_a_glued_value_is_that_of_the_framework(tmp_path) -> None:
    def show(cell: Cell, tab: str) -> list[dict]:
        values = {
            "loss": {"jax": "0.9123", "pytorch": "0.8"}.get(tab, "0.7"),
            "word": "'Adam'",
            "theirs": f"'{tab}'",
        }
        return [
            {
                "output_type": "display_data",
                "metadata": {"scrapbook": {"name": key, "mime_prefix": "application/papermill.record/"}},
                "data": {"application/papermill.record/text/plain": value},
            }
            for key, value in values.items()
        ]

    write_book(tmp_path / "book", {"index": "# Welcome\n", "glued": GLUED})
    fill_store(tmp_path / "book", show)
    book = Book.load(tmp_path / "book")
    files = exported(book, "markdown", book.sections, ("pytorch", "jax")).files
    assert "Loss 0.91, Adam, " in files["jax/glued.md"].decode()
    assert "Elsewhere jax." in files["jax/glued.md"].decode()
    assert "Loss 0.80, Adam, " in files["pytorch/glued.md"].decode()


SLIDES = (
    FRONT
    + """
(sec_slides)=
# On slides

[**The formula[^note]

$$a = b$$ (eq_slides)

holds**], (**see {eq}`eq_slides`, {ref}`sec_slides` and {numref}`fig_net`**).

[^note]: A note.

```{figure} img/net.png
:name: fig_net
A net.
```

:::{tab} jax
(**- one
- two with $x$**)
:::

## [**A heading**]

```{code-cell} python
1
```
"""
)


def test_slides_have_the_numbers_of_the_page_and_change_nothing_on_it(tmp_path) -> None:
    """What is on slides is read twice: it must not be counted twice, nor be named twice."""
    root = tmp_path / "book"
    (root / "img").mkdir(parents=True)
    (root / "img/net.png").write_bytes(base64.b64decode(png(4, 4, 9)))
    book = numbered_book(root, {"index": "# Welcome\n", "slides": SLIDES})
    made = exported(book, "slides", book.sections, ("jax", "mxnet"), decks=False).files
    cells = nbformat.reads(made["jax/slides.slides.ipynb"].decode(), as_version=4).cells
    shown = [cell.source for cell in cells if cell.metadata.slideshow.slide_type in ("slide", "-")]
    assert any("\\tag{1.1}" in source for source in shown)
    assert any("see (1.1), On slides and Fig. 1.1" in source for source in shown)
    assert any(source.startswith("## A heading") for source in shown)
    assert any("two with $x$" in source for source in shown)
    others = nbformat.reads(made["mxnet/slides.slides.ipynb"].decode(), as_version=4).cells
    assert not any("two with" in cell.source for cell in others)


MARKED = (
    FRONT
    + """
(sec_all)=
# All

[**See {cite}`Key`, {index}`entry`, {term}`Loss`, {download}`code.py`, [a list](#lab), {numref}`fig_a`,
{prf:ref}`thm` and a note[^n].**]

[**
```{figure} img/net.png
:name: fig_a
A net.
```
**]

[**
```{prf:theorem} Of nets
:label: thm
They work.
```

```{list-table} Numbers
:name: tab
* - a
```

$$a = b$$ (eq)

(lab)=
- a list
**]

See {numref}`tab` and {eq}`eq`.

[^n]: A note.

```{glossary}
Loss
  What is minimised.
```

```{bibliography}
```

```{code-cell} python
1
```
"""
)


def test_a_page_is_the_same_with_and_without_marks_for_slides(tmp_path) -> None:
    """Whatever has a name, a number or an entry in an index has it once."""
    pages = {}
    for name, text in {"with": MARKED, "without": MARKED.replace("[**", "").replace("**]", "")}.items():
        book = construct_book(tmp_path / name)
        (book.root / "all.md").write_text(text)
        site = build_site(Book.load(book.root), jobs=1, quiet=True).page.parent
        html = (site / "all.html").read_text()
        index = (site / "genindex.html").read_text()
        pages[name] = [one[one.find("<article") : one.rfind("</article>")] for one in (html, index)]
    assert pages["with"] == pages["without"]
    book = Book.load(tmp_path / "with")
    made = exported(book, "slides", book.find(("all",)), ("jax",), decks=False).files
    cells = nbformat.reads(made["jax/all.slides.ipynb"].decode(), as_version=4).cells
    shown = "\n".join(cell.source for cell in cells if cell.metadata.slideshow.slide_type == "slide")
    for words in (
        "See [Aut97], entry, Loss, `code.py`, a list, Fig. 1.1,\nTheorem 1.1 and a note.",
        "**Fig. 1.1.** A net.",
        "![](attachment:img-net.png)",
        "**Theorem 1.1 (Of nets)**",
        "**Table 1.1.** Numbers",
        "\\tag{1.1}",
    ):
        assert words in shown


def test_formulas_are_formulas_to_other_readers(made: dict[str, str]) -> None:
    """A dollar that is money must not pair with another one."""
    reader = MarkdownIt("commonmark").use(dollarmath_plugin)
    assert "math" not in reader.render(made["two amounts"])
    assert reader.render(made["an amount and a formula"]).count('class="math') == 1
