"""Text: every construct of d2lbook's Markdown becomes its MyST counterpart, and nothing else changes."""

# ruff: noqa: E501 - a source and what it becomes stand on one line, to be compared

import re

import pytest
from import_helpers import body, convert

from tabbook.read.slides import strip_slide_marks

ROLES = [
    ("see :numref:`a_b`.", "see {numref}`a_b`."),
    (":numref:`x` begins", "{numref}`x` begins"),
    ("在:numref:`sec_rnn`中", "在{numref}`sec_rnn`中"),
    (":ref:`a, b`", "{ref}`a`, {ref}`b`"),
    (":numref:``a``", "{numref}`a`"),
    (":eqref:`eq_x`", "{eq}`eq_x`"),
    (":cite:`A.B.2020, C`", "{cite}`A.B.2020,C`"),
    (":citet:`A` and :citep:`B`", "{cite:t}`A` and {cite:p}`B`"),
    (":class:`a.B` :func:`f`", "{py:class}`a.B` {py:func}`f`"),
    ("see :cite:`A,\nB` and :numref:`x\n`.", "see {cite}`A,B` and {numref}`x`."),
    ("> see :cite:`A,\n> B`", "> see {cite}`A,B`"),
    (":numref: `a` and 10:ref: `b`", "{numref}`a` and 10:ref: `b`"),
    ("``:ref:`a` `` and `:ref:` b", "``:ref:`a` `` and `:ref:` b"),
    (":bibliography:`../x.bib`", "```{bibliography}\n```"),
    ("code `:numref:`x` stays", "code `:numref:`x` stays"),
]


@pytest.mark.parametrize(("source", "expected"), ROLES)
def test_roles(source: str, expected: str) -> None:
    assert body(source) == expected


def test_an_unknown_role_is_a_fault_and_stays() -> None:
    result = convert("# Title\n\n:foo:`bar` and key:`value`\n")
    assert result.body == ":foo:`bar` and key:`value`"
    assert result.faults == ["a.md:3: unknown role 'foo'; it is left as text"]


COMMANDS = [
    (r"\textbf{a} or \emph{b $x$} or \texttt{c}", "**a** or *b $x$* or `c`"),
    (r"by \cite{A, B} and \citet{C}", "by {cite}`A,B` and {cite:t}`C`"),
    (
        "in \\eqref{eq:a} or \\ref{s}\n\n$$x$$\n:eqlabel:`eq:a`",
        "in {eq}`eq:a` or {numref}`s`\n\n$$\nx\n$$ (eq:a)",
    ),
    (r"`\textbf{a}` and $\textbf{a}$ and \\textbf{a}", r"`\textbf{a}` and $\textbf{a}$ and \\textbf{a}"),
]


@pytest.mark.parametrize(("source", "expected"), COMMANDS)
def test_commands_of_latex_in_text(source: str, expected: str) -> None:
    assert body(source) == expected


UNCLOSED = [
    (
        "As in :numref:`fig_x, steps:\n\n1. First.\n\n![Cap](a.png)\n:label:`fig_x`",
        "As in :numref:\\`fig_x, steps:\n\n1. First.\n\n"
        '```{figure} a.png\n:name: fig_x\n:alt: "Cap"\n\nCap\n```',
    ),
    ("- by :cite:`A\n- two\n- and `b`", "- by :cite:\\`A\n- two\n- and `b`"),
    ("by :citet:`A\n## Head\n`b`", "by :citet:\\`A\n\n## Head\n\n`b`"),
    ("see :ref:`a, and :eqref:`b` too", "see :ref:\\`a, and {eq}`b` too"),
    ("see :eqref:`a\n$$x$$\n`b`", "see :eqref:\\`a\n\n$$\nx\n$$\n\n`b`"),
    (
        ":begin_tab:`jax`\nsee :ref:`a\n:end_tab:\n\nand `b`",
        ":::{tab} jax\nsee :ref:\\`a\n:::\n\nand `b`",
    ),
    ("see :numref:`a\n```python\nx = `1`\n```", "see :numref:\\`a\n```python\nx = `1`\n```"),
    ("text\n\n## A\n:label:`sec_a\n\nsee :ref:`b`", "text\n\n(sec_a)=\n## A\n\nsee {ref}`b`"),
    (
        "![Cap](a.png)\n:width:`4px\n:label:`f`\n\nmore",
        '```{figure} a.png\n:name: f\n:width: 4px\n:alt: "Cap"\n\nCap\n```\n\nmore',
    ),
    (":begin_tab:`jax\ntext\n:end_tab:\n\n`b`", ":::{tab} jax\ntext\n:::\n\n`b`"),
]


@pytest.mark.parametrize(("source", "expected"), UNCLOSED)
def test_a_role_that_is_never_closed_takes_nothing_with_it(source: str, expected: str) -> None:
    """It ends with its paragraph at the latest, or where the next role begins; a mark ends with its line."""
    result = convert(f"# Title\n\n{source}\n")
    assert result.body == expected
    assert ["is never closed" in fault for fault in result.faults if "missing" not in fault] == [True]


DOLLARS = [
    ("It costs $5 and $10.", r"It costs \$5 and \$10."),
    ("US$3 then $x$, 2$\\times$2", r"US\$3 then $x$, 2$\times$2"),
    ("$a\n- b$ on", "$a - b$ on"),
    ("a $ x$ and $y $", "a $x$ and $y$"),
    ("a $ x_1 + 1$ b", "a $x_1 + 1$ b"),
    (r"$y = \$350 then $x_2 = 2$", r"\$y = \$350 then $x_2 = 2$"),
    ("pay $5 or x_1 more $", r"pay \$5 or x_1 more \$"),
    ("`$5` and `$6`", "`$5` and `$6`"),
    (r"\$5 or \$6", r"\$5 or \$6"),
    ("[a](b$c$d)", "[a](b$c$d)"),
]


@pytest.mark.parametrize(("source", "expected"), DOLLARS)
def test_money_is_no_mathematics(source: str, expected: str) -> None:
    assert body(source) == expected


CHARACTERS = [
    ("% of the data", r"\% of the data"),
    ("+++ more", r"\+++ more"),
    ("(x)=", r"\(x)="),
    ("a {role}`b`", r"a \{role}`b`"),
    ("f(**kw) and g(*a)", "f(**kw) and g(*a)"),
    ("<!-- $5 :numref:`x` -->", "<!-- $5 :numref:`x` -->"),
    ("<!-- c --> **b** text", "<!-- c -->\n**b** text"),
    ("- <!-- c --> text", "- <!-- c -->\n  text"),
    ("a <!-- b\n- c\n\nd --> e", "a <!-- b - c d --> e"),
    (
        "<!--```sh\nx\n```-->\n\n*B*\n\n```\ny\n\n\nz\n```",
        "<!--```sh\nx\n```-->\n\n*B*\n\n```\ny\n\n\nz\n```",
    ),
    (
        "<!--\n```toc\nx\n``` -->\n\n:numref:`sec_a`\n\n```\ny\n```",
        "<!--\n```toc\nx\n``` -->\n\n{numref}`sec_a`\n\n```\ny\n```",
    ),
    ("<!--\n## No\n:label:`x`\n$$\n-->\n\ntext", "<!--\n## No\n:label:`x`\n$$\n-->\n\ntext"),
]


@pytest.mark.parametrize(("source", "expected"), CHARACTERS)
def test_text_is_no_markup_of_mysts_own(source: str, expected: str) -> None:
    assert body(source) == expected


EMPHASIS = [
    ("称为**“预热”**期", "称为{strong}`“预热”`期"),
    ("称为*“预热”*期", "称为{emphasis}`“预热”`期"),
    ("称为**预热**期", "称为**预热**期"),
    ("中文**x`y`。**好", "中文**x`y`**。好"),
    ("in **bold** and *it*", "in **bold** and *it*"),
    ("[**“一”**]了", "[**“一”**]了"),
    ("*word * x", "*word* x"),
    ("**8 GPU **", "**8 GPU**"),
    ("*word *word, **a **.", "*word* word, **a** ."),
    ("_a _ and __b __ but a_b_c _d", "_a_ and __b__ but a_b_c _d"),
    ("***a *** **b *c * d ** ***e* f **", "***a*** **b *c* d** ***e* f**"),
    ("*a\nb *", "*a\nb*"),
    ("* a *\n* **b **: c\n1. *d *e", "* a *\n* **b** : c\n1. *d* e"),
    ("|**a ** |b|\n|-|-|\n|*c *|d|", "|**a** |b|\n|-|-|\n|*c* |d|"),
    ("**`a` ** and *$x$ * and *:cite:`A` *", "**`a`** and *$x$* and *{cite}`A`*"),
    ("**Note:**text and **「日」**は", "{strong}`Note:`text and {strong}`「日」`は"),
    ("中文**`x`**好", "中文<!-- -->**`x`**<!-- -->好"),
    ("a * b * c ** d ** and \\*e * `*f *` $*g *$", "a * b * c ** d ** and \\*e * `*f *` $*g *$"),
    ("*a\n\nb *", "*a\n\nb *"),
    ("2*3 and f(**kw) or g(*a)", "2*3 and f(**kw) or g(*a)"),
    ("(** a** b**)", "(** a\\*\\* b**)"),
    ("[**a** b**] **c **", "[**a\\*\\* b**] **c**"),
    ("[** a **b** c**] (**d *e ***)", "[** a **b** c**] (**d *e* **)"),
    ("[** a\n\nb** c\n\nd **]", "[** a\n\nb\\*\\* c\n\nd **]"),
    ("[**a**](b.png) (** a ** b **)", "[**a**](b.png) (** a \\*\\* b **)"),
]


@pytest.mark.parametrize(("source", "expected"), EMPHASIS)
def test_emphasis_is_what_the_original_tool_takes_for_it(source: str, expected: str) -> None:
    """CommonMark wants no blanks inside and no punctuation beside letters; slide marks are no emphasis."""
    result = body(source)
    assert result == expected


def test_the_marks_around_text_of_slides_go_whatever_is_between_them() -> None:
    for source in ("(** a** b**)", "[**a** b**]", "(**a *b * c**)", "[** a\n\nb** c **]"):
        shown = strip_slide_marks(body(source))
        assert not re.search(r"[\[(]\*\*|(?<!\\\*)\*\*[\])]", shown)


HEADINGS = [
    ("## A ##\n:label:`sec_a`", "(sec_a)=\n## A"),
    ("## A\n\n:label:`sec_a`\n\ntext", "(sec_a)=\n## A\n\ntext"),
    ("##A\n### B###", "## A\n\n### B"),
    ("Under\n-----\n\ntext", "## Under\n\ntext"),
    ("text\n\n## [**A `b`**]\n:label:`x`\n\nmore", "text\n\n(x)=\n## [**A `b`**]\n\nmore"),
    ("## A\n\ntext\n\n:label:`late`", "(late)=\n## A\n\ntext"),
    ("## A\n\n##### B", "## A\n\n### B"),
    ("#@save is a mark", "#@save is a mark"),
    ("### A\n\n### B\n\n#### C\n\n### D", "## A\n\n## B\n\n### C\n\n## D"),
    ("#### A\n\n## B\n\n### C\n\n## D", "## A\n\n## B\n\n### C\n\n## D"),
]


@pytest.mark.parametrize(("source", "expected"), HEADINGS)
def test_headings(source: str, expected: str) -> None:
    assert body(source) == expected


@pytest.mark.parametrize(
    ("source", "text", "fault"),
    [
        ("Big Book\n========\n\ntext\n", "# Big Book\n\ntext\n", ""),
        ("## A\n\ntext", "# A\n\ntext\n", "a.md:1: the page's first heading is not of level 1"),
        (
            "## A\n\n### B\n\n### C\n\n## D",
            "# A\n\n## B\n\n## C\n\n## D\n",
            "a.md:1: the page's first heading is not of level 1",
        ),
        (
            "text\n\n### A\n\n### B",
            "text\n\n# A\n\n## B\n",
            "a.md:3: the page's first heading is not of level 1",
        ),
        ("<!--\n# Old\n-->\n\n# A\n\n## B", "<!--\n# Old\n-->\n\n# A\n\n## B\n", ""),
        (
            "# A\n\n# B\n\n## C\n\n# D\n\n## E",
            "# A\n\n## B\n\n### C\n\n## D\n\n### E\n",
            "a.md:3: a second level-1 heading",
        ),
        ("text only", "# A\n\ntext only\n", "a.md:1: the page has no level-1 heading"),
        ("# A\n\n# B\n\n## C", "# A\n\n## B\n\n### C\n", "a.md:3: a second level-1 heading"),
        ("```eval_rst\n.. only:: html\n\n   References\n   ==========\n```", "# References\n", ""),
    ],
)
def test_every_page_has_one_title(source: str, text: str, fault: str) -> None:
    result = convert(source)
    assert result.text == text
    assert [f.split(";")[0] for f in result.faults][:1] == ([fault] if fault else [])


FIGURES = [
    (
        "![A $x$ by :cite:`A`.](../img/a.svg)\n:width:`400px`\n:label:`fig_a`",
        '```{figure} ../img/a.svg\n:name: fig_a\n:width: 400px\n:alt: "A $x$ by ."\n\n'
        "A $x$ by {cite}`A`.\n```",
    ),
    (
        "![Two\nlines [1]](a.png)\n\n:label:`f`",
        '```{figure} a.png\n:name: f\n:alt: "Two lines [1]"\n\nTwo lines [1]\n```',
    ),
    ("![Cap](a.png) :height:`3 cm`", '```{figure} a.png\n:height: 3cm\n:alt: "Cap"\n\nCap\n```'),
    ("![Cap](a.png)", '```{figure} a.png\n:alt: "Cap"\n\nCap\n```'),
    (
        "![Cap](a.png){#f .c width=50%}\n:label:`f`",
        '```{figure} a.png\n:name: f\n:width: 50%\n:alt: "Cap"\n\nCap\n```',
    ),
    ("text ![in it](a.png){width=5px} more", "text ![in it](a.png) more"),
    (
        "![Of [1], $[0, 1)$, `]` and :cite:`A`](a.png)",
        '```{figure} a.png\n:alt: "Of [1], $[0, 1)$, `]` and"\n\nOf [1], $[0, 1)$, `]` and {cite}`A`\n```',
    ),
    ("![](a.png)\n:width:`10px`", "```{image} a.png\n:width: 10px\n```"),
    ("text ![in it](a.png) more", "text ![in it](a.png) more"),
    (
        "<!--\n![Old](b.png)\n-->\n![Cap](a.png)\n<!-- c -->\n:label:`f`",
        '<!--\n![Old](b.png)\n-->\n\n```{figure} a.png\n:name: f\n:alt: "Cap"\n\nCap\n```\n\n<!-- c -->',
    ),
    ("![](a.png)", "![](a.png)"),
    ("![Cap](my a.png)\n:label:`图1`", '```{figure} my-a.png\n:name: -56fe1\n:alt: "Cap"\n\nCap\n```'),
    ("![Cap](my%20a.png)", '```{figure} my-a.png\n:alt: "Cap"\n\nCap\n```'),
    (
        "* item\n\n  ![Cap](a.png)\n  :label:`f`",
        '* item\n\n  ```{figure} a.png\n  :name: f\n  :alt: "Cap"\n\n  Cap\n  ```',
    ),
]


@pytest.mark.parametrize(("source", "expected"), FIGURES)
def test_figures(source: str, expected: str) -> None:
    assert body(source) == expected


TABLE = "|a|b|\n|-|:-:|\n|1|2|"
TABLES = [
    (f":A caption\n\n{TABLE}\n:label:`t`", f"```{{table}} A caption\n:name: t\n\n{TABLE}\n```"),
    (f": By :cite:`A`\n{TABLE}:label:`t`", f"~~~{{table}} By {{cite}}`A`\n:name: t\n\n{TABLE}\n~~~"),
    (f":A caption\n:label:`t`\n\n{TABLE}", f"```{{table}} A caption\n:name: t\n\n{TABLE}\n```"),
    (f"{TABLE}\n\n:A caption\n:label:`t`", f"```{{table}} A caption\n:name: t\n\n{TABLE}\n```"),
    (f": Of $|x|$\n\n{TABLE}\n:label:`t`", f"```{{table}} Of $|x|$\n:name: t\n\n{TABLE}\n```"),
    (
        f":A caption\n\n{TABLE}\n:label:`t`\n\n:numref:`t` shows",
        f"```{{table}} A caption\n:name: t\n\n{TABLE}\n```\n\n{{numref}}`t` shows",
    ),
    (f"text\n\n{TABLE}\n\n:cite:`x` says", f"text\n\n{TABLE}\n\n{{cite}}`x` says"),
    (f"text\n\n{TABLE}\n\nmore", f"text\n\n{TABLE}\n\nmore"),
    ("|`a|b`|$|x|$|\n|-|-|\n|1|2|", "|`a\\|b`|$\\vert x\\vert $|\n|-|-|\n|1|2|"),
    ("|a|b|c|\n|-|-|\n|1|2|3|", "|a|b|c|\n|---|---|---|\n|1|2|3|"),
]


@pytest.mark.parametrize(("source", "expected"), TABLES)
def test_tables(source: str, expected: str) -> None:
    assert body(source) == expected


EQUATIONS = [
    ("[**\n\n$$x$$\n\n**]\n:eqlabel:`e`", "[**\n\n$$\nx\n$$ (e)\n\n**]"),
    ("(**\n$$x$$\n**)\n\n:eqlabel:`e`\n\nmore", "(**\n\n$$\nx\n$$ (e)\n\n**)\n\nmore"),
    ("$$x$$\n:eqlabel:`e`", "$$\nx\n$$ (e)"),
    ("$$x$$ :eqlabel:`e`", "$$\nx\n$$ (e)"),
    ("$$x$$\n\n:eqlabel:`e`", "$$\nx\n$$ (e)"),
    ("$$\n\\begin{aligned}\na &= b\\\\\n- c\n\\end{aligned}\n$$", "$$\n\\begin{aligned}\na &= b\\\\\n- c\n\\end{aligned}\n$$"),
    ("so $$x$$, where", "so\n\n$$\nx,\n$$\n\nwhere"),
    ("so\n$$x$$\nwhere", "so\n\n$$\nx\n$$\n\nwhere"),
    ("(**$$x$$**)\n:eqlabel:`e`", "(**$$\nx\n$$ (e)**)"),
    ("[**so\n$$x.$$\n:eqlabel:`e`**]", "[**so\n\n$$\nx.\n$$ (e)**]"),
    ("1. one\n$$x$$\n:eqlabel:`e`\nlazy\n1. two", "1. one\n\n   $$\n   x\n   $$ (e)\n\n   lazy\n1. two"),
    ("* $$x$$", "* $$x$$"),
    ("[**$$\na\n=\nb\n$$**]", "[**\n\n$$\na\n=\nb\n$$\n\n**]"),
    ("(**so\n$$\n- a\n# b\n$$.**)\n:eqlabel:`e`", "(**so\n\n$$\n- a\n# b.\n$$ (e)\n\n**)"),
    ("[**$$\na\n\\\\ b\n$$**]", "[**$$\na\n\\\\ b\n$$**]"),
    ("so $$\na\n=\nb\n$$**] more", "so\n\n$$\na\n=\nb\n$$\n\n**] more"),
    ("so $$a\n---\nb$$", "so\n\n$$\na\n---\nb\n$$"),
    ("- a\n\n  $$\n  x\n  $$\n  :eqlabel:`e`", "- a\n\n  $$\n  x\n  $$ (e)"),
    ("Text.\n\n$$\na\n=\nb\n$$\n\nMore.", "Text.\n\n$$\na\n=\nb\n$$\n\nMore."),
    ("$$\n# a\n---\n- x\n> y\n| z |\n+++\n:::\n% c\n$$\n\nMore.", "$$\n# a\n---\n- x\n> y\n| z |\n+++\n:::\n% c\n$$\n\nMore."),
    ("$$\na <!-- b\n`c` :label:`d`\n$$\n\nMore -->", "$$\na <!-- b\n`c` :label:`d`\n$$\n\nMore -->"),
    ("$$\n```\na\n```\n$$\n\n$5", "$$\n```\na\n```\n$$\n\n\\$5"),
    ("- a\n\n  $$\n  b\n  =\n  c\n  $$\n\n- d", "- a\n\n  $$\n  b\n  =\n  c\n  $$\n\n- d"),
    (":begin_tab:`jax`\n$$\na\n=\nb\n$$\n:end_tab:", ":::{tab} jax\n\n$$\na\n=\nb\n$$\n\n:::"),
    ("> $$\n> a\n> =\n> b\n> $$\n> :eqlabel:`e`", "> $$\n> a\n> =\n> b\n> $$ (e)"),
    ("> so $$x$$, or\n> more", "> so\n>\n> $$\n> x,\n> $$\n>\n> or\n> more"),
    ("$$\\begin{aligned}\na\n\nb\n\\end{aligned}$$ :eqlabel:`e`", "$$\n\\begin{aligned}\na\nb\n\\end{aligned}\n$$ (e)"),
    ("|$$a$$|b|\n|-|-|\n|1|2|", "|$\\displaystyle a$|b|\n|-|-|\n|1|2|"),
    ("![Of $$a]$$](a.png)", '```{figure} a.png\n:alt: "Of $$a]$$"\n\nOf $\\displaystyle a]$\n```'),
    ("text\n\n### Sim $$c=d$$", "text\n\n## Sim $c=d$"),
    ("\\begin{align*}\na &= b \\\\\n\nc\n\\end{align*}", "$$\n\\begin{aligned}\na &= b \\\\\nc\n\\end{aligned}\n$$"),
    ("so \\begin{equation} a_1 \\end{equation} more", "so\n\n$$\na_1\n$$\n\nmore"),
    ("\\begin{gather}\\label{eq:a}\na\n\\end{gather}", "$$\n\\begin{gathered}\na\n\\end{gathered}\n$$ (eq:a)"),
    ("\\begin{eqnarray}\na &=& b\n\\end{eqnarray}\n:eqlabel:`e`", "$$\n\\begin{array}{rcl}\na &=& b\n\\end{array}\n$$ (e)"),
    ("`\\begin{align} a \\end{align}` and $\\begin{cases} a \\end{cases}$", "`\\begin{align} a \\end{align}` and $\\begin{cases} a \\end{cases}$"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), EQUATIONS)
def test_equations(source: str, expected: str) -> None:
    """Beside the mark of a slide, a line of a formula such as ``=`` made a listing of the whole page."""
    assert body(source) == expected


FORMULAS = [
    (r"\textrm{a_b}", r"\textrm{a\_b}"),
    (r"\text{a\_b} + x_1^2", r"\text{a\_b} + x_1^2"),
    (r"\mbox{a & b}", r"\mbox{a \& b}"),
    (r"\textbf{50%, x^2, #1}_i", r"\textbf{50\%, x\^{}2, \#1}_i"),
    (r"\text{in {a_b} and \textit{c_d}}", r"\text{in {a\_b} and \textit{c\_d}}"),
    (r"\mathrm{a_b} \operatorname{a_b}", r"\mathrm{a_b} \operatorname{a_b}"),
    (r"\textrm{a_b", r"\textrm{a_b"),
]


@pytest.mark.parametrize(("source", "expected"), FORMULAS)
def test_text_in_formulas_is_what_latex_takes(source: str, expected: str) -> None:
    """The MathJax of a site shows an error in place of a formula with a bare ``_`` in its text."""
    assert body(f"so ${source}$ and") == f"so ${expected}$ and"
    assert body(f"$${source}$$") == f"$$\n{expected}\n$$"
    assert body(f"|a|\n|-|\n|${source}$|") == f"|a|\n|-|\n|${expected}$|"


@pytest.mark.parametrize("name", ["figure", "table", "algorithm", "itemize", "tabular"])
def test_an_environment_of_latex_that_is_no_formula_is_a_listing(name: str) -> None:
    latex = f"\\begin{{{name}}}\n# a_1 *b *\n$x\n\n:label:`c`\n\\end{{{name}}}"
    result = convert(f"# Title\n\ntext\n{latex}\nmore *b *\n")
    assert result.body == f"text\n\n```latex\n{latex}\n```\n\nmore *b*"
    assert [fault.split(":")[1] for fault in result.faults] == ["4"]


ANCHORS = [
    ("## A\n\n[x](#a)", "## A\n\n[x](#a)"),
    ("## A b!\n\n[x](#A-b)", "(a:a-b)=\n## A b!\n\n[x](#a:a-b)"),
    ("## A\n:label:`sec_a`\n\n[x](#A)", "(sec_a)=\n## A\n\n[x](#sec_a)"),
    (
        "## The $x$ of [`c`](https://a.b)\n\n[x](#the-x-of-c)",
        "(a:the-x-of-c)=\n## The $x$ of [`c`](https://a.b)\n\n[x](#a:the-x-of-c)",
    ),
    ("## Été\n\n[x](#ete) [y](#%C3%A9t%C3%A9)", "(a:ete)=\n## Été\n\n[x](#a:ete) [y](#été)"),
    ("## A\n\n## A\n\n[x](#a) [y](#a-1)", "## A\n\n(a:a-1)=\n## A\n\n[x](#a) [y](#a:a-1)"),
    (
        "![c](b.png)\n:label:`fig_b`\n\n[x](#fig-b)",
        '```{figure} b.png\n:name: fig_b\n:alt: "c"\n\nc\n```\n\n[x](#fig_b)',
    ),
    ("## A\n\n[x][k]\n\n[k]: #A", "(a:a)=\n## A\n\n[x][k]\n\n[k]: #a:a"),
    (
        ":begin_tab:`jax`\n## A\n[x](#a)\n:end_tab:",
        ":::{tab} jax\n\n(a:a)=\n```{rubric} A\n```\n\n[x](#a:a)\n:::",
    ),
]


@pytest.mark.parametrize(("source", "expected"), ANCHORS)
def test_a_link_to_a_heading_leads_there(source: str, expected: str) -> None:
    assert body(source) == expected


def test_a_link_to_no_heading_is_a_fault() -> None:
    result = convert("# Title\n\n[x](#gone) [y](#Title) [z](#here) <a id='here'></a>\n")
    assert [fault.split(";")[0] for fault in result.faults] == [
        "a.md:3: the link leads to #gone, which is not a heading of the page"
    ]


BROKEN = [
    (
        "## A\n:label:`x`\n\nsee :label:`x`,",
        "(x)=\n## A\n\nsee {numref}`x`,",
        "the label 'x' is in a sentence",
    ),
    ("$$x\n\ntext", r"\$\$x" "\n\ntext", "an equation that $$ begins is never closed"),
    ("text\n\n:eqlabel:`e`", None, "there is no equation that the label 'e' could name"),
    (
        "![Cap](a.png)\n:eqlabel:`e`\n\nby :eqref:`e`",
        '```{figure} a.png\n:name: e\n:alt: "Cap"\n\nCap\n```\n\nby {numref}`e`',
        "it is taken for a :label:",
    ),
    ("text\n\n## A\n\n:eqlabel:`e`", "text\n\n(e)=\n## A", "it is taken for a :label:"),
    (
        f":Cap\n\n{TABLE}\n:eqlabel:`e`",
        f"```{{table}} Cap\n:name: e\n\n{TABLE}\n```",
        "it is taken for a :label:",
    ),
    ("$$x$$\n:width:`3px`", "$$\nx\n$$", "this :width: belongs to no image"),
    ("text :width:`3px`", "text", "this :width: belongs to no image"),
    ("## A\n:label:`x`\n\n## B\n:label:`x`", None, "the label 'x' is given twice on this page"),
    ("|a|b|\n|-|-|\n|1|2|\n:label:`t`", None, "a table with a label has no caption"),
    (":end_tab:", "", "end_tab without a tab block"),
    (":begin_tab:`jax`\nx", ":::{tab} jax\nx\n:::", "this tab block is never closed"),
    (":begin_tab:`caffe`\nx\n:end_tab:", "x", "a tab block for the unknown tab 'caffe'"),
    ("```bash\nls\n", "```bash\nls\n```", "this block is never closed"),
]


@pytest.mark.parametrize(("source", "expected", "fault"), BROKEN)
def test_faults_of_the_text_are_reported_and_stay_visible(source: str, expected: str, fault: str) -> None:
    result = convert(f"# Title\n\n{source}\n")
    assert len(result.faults) == 1
    assert fault in result.faults[0]
    if expected is not None:
        assert result.body == expected


BLOCKS = [
    (":begin_tab: `jax`\ntext\n:end_tab:", ":::{tab} jax\ntext\n:::"),
    (":begin_tab:  ` jax , mxnet `\ntext\n:end_tab:", ":::{tab} mxnet, jax\ntext\n:::"),
    (":begin_tab:jax\ntext\n:end_tab:", ":::{tab} jax\ntext\n:::"),
    (":begin_tab:``JAX``\ntext\n:end_tab: `jax`", ":::{tab} jax\ntext\n:::"),
    (":begin_tab:`jax, mxnet`\ntext\n:end_tab:", ":::{tab} mxnet, jax\ntext\n:::"),
    (
        "* a\n:begin_tab:`jax`\ntext\n:end_tab:\n* b",
        "* a\n\n:::{tab} jax\ntext\n:::\n\n* b",
    ),
    (
        ":begin_tab:`jax`\n\n```bash\nls\n```\n\n:end_tab:\n:begin_tab:`mxnet`\nx\n:end_tab:",
        ":::{tab} jax\n\n```bash\nls\n```\n\n:::\n\n:::{tab} mxnet\nx\n:::",
    ),
    (":begin_tab:`all`\ntext\n:end_tab:", "text"),
    (
        ":begin_tab:`jax`\n### Head\n:label:`x`\n:end_tab:",
        ":::{tab} jax\n\n(x)=\n```{rubric} Head\n```\n\n:::",
    ),
    (
        "```eval_rst \n.. autoclass:: A\n   :members:\n```",
        "```{eval-rst}\n.. autoclass:: A\n   :members:\n```",
    ),
    ("```toc\na\n```\n\n```toc\nb\n```", "```{tableofcontents}\n```"),
    ("```{.python}\nx\n```", "```python\nx\n```"),
    ("```text\na\n````\nb\n```\n\n$5", "`````text\na\n````\nb\n`````\n\n\\$5"),
    ("- a\n  ~~~\n  ~~~~\n  ~~~\n- $5", "- a\n  ~~~~~\n  ~~~~\n  ~~~~~\n- \\$5"),
    ("```text\n$5 :numref:`x`\n```", "```text\n$5 :numref:`x`\n```"),
    ("[~~only slides~~] (~~so~~)", "(~~only slides~~) (~~so~~)"),
    ("a [**b\n\nc**] d", "a [**b\n\nc**] d"),
]


@pytest.mark.parametrize(("source", "expected"), BLOCKS)
def test_blocks(source: str, expected: str) -> None:
    assert body(source) == expected


def test_an_unclosed_tab_block_ends_where_the_next_begins() -> None:
    result = convert("# Title\n\n:begin_tab:`jax`\na\n:begin_tab:`mxnet`\nb\n:end_tab:\n\nc\n")
    assert result.body == ":::{tab} jax\na\n\n:::\n\n:::{tab} mxnet\nb\n:::\n\nc"
    assert result.faults == ["a.md:3: this tab block is never closed; it ends where the next one begins"]


@pytest.mark.parametrize(
    ("last", "written"),
    [
        ("## Head\n:label:`a`", "(a)=\n```{rubric} Head\n```"),
        ("![Cap](a.png)\n:label:`a`", '```{figure} a.png\n:name: a\n:alt: "Cap"\nCap\n```'),
        ("text\n:width:`3px`", "text"),
        ("- a\n  $$b$$", "- a\n  $$\n  b\n  $$"),
        ("```bash\nls", "```bash\nls\n```"),
    ],
)
@pytest.mark.parametrize("below", ["", "\n\n```{.python .input}\nx\n```"])
def test_an_unclosed_tab_block_ends_below_whatever_is_last_in_it(last: str, written: str, below: str) -> None:
    """Where a mark or a block was the last thing, the end was lost, and all of the text became a listing."""
    result = convert(f"# Title\n\n:begin_tab:`jax`\n{last}{below}\n")
    assert f":::{{tab}} jax\n{written}\n:::\n" in re.sub(r"\n+", "\n", result.text)
    assert not any("cannot be taken over" in fault for fault in result.faults)


@pytest.mark.parametrize("empty", ["#", "# ", "##", "### #"])
def test_a_heading_without_text_is_left_out(empty: str) -> None:
    result = convert(f"# Title\n\ntext\n\n{empty}\n\nmore\n")
    assert result.body == "text\n\nmore"
    assert not result.faults


def test_line_ends_and_byte_order_marks_do_not_matter() -> None:
    source = "# Title\n:label:`x`\n\n* a\n* b"
    assert convert("\ufeff" + source.replace("\n", "\r\n")).text == convert(source + "\n").text


def test_labels_know_what_they_name() -> None:
    page = convert(
        "# Title\n:label:`s`\n\n![c](a.png)\n:label:`f`\n\n:cap\n\n|a|b|\n|-|-|\n:label:`t`\n\n$$x$$\n:eqlabel:`e`\n\n"
        ":numref:`e` :eqref:`f` :eqref:`e` :numref:`t`\n"
    )
    assert {name: kind for name, (kind, _) in page.page.page.labels.items()} == {
        "s": "section", "f": "figure", "t": "table", "e": "equation",
    }  # fmt: skip
    assert "{eq}`e` {numref}`f` {eq}`e` {numref}`t`" in page.text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "See http://localhost:8888 or (https://a.org/b_c).",
            "See <http://localhost:8888> or (<https://a.org/b_c>).",
        ),
        (">https://a.org/x-y", "><https://a.org/x-y>"),
        ("见（https://a.org/b），https://a.org/上。", "见（<https://a.org/b>），<https://a.org/>上。"),
        ("(**https://a.org/w_(z)**)", "(**<https://a.org/w_(z)>**)"),
        (
            "[https://a.org/](https://a.org/) <https://a.org>",
            "[https://a.org/](https://a.org/) <https://a.org>",
        ),
        ('`https://a.org` <a href="https://a.org">x</a>', '`https://a.org` <a href="https://a.org">x</a>'),
        ("[a]\n\n[a]: https://a.org", "[a]\n\n[a]: <https://a.org>"),
        ("    https://a.org", "    https://a.org"),
    ],
)
def test_a_bare_address_is_a_link(source: str, expected: str) -> None:
    assert body(source) == expected


def test_a_table_that_is_drawn_is_noted_once() -> None:
    result = convert(
        "# T\n\n+--+--+\n|a|b|\n+==+==+\n|1|2|\n+--+--+\n\ntext\n\n------\na   b\n--- ---\n1   2\n\n3   4\n------\n"
    )
    assert [note.split(";")[0] for note in result.notes] == [
        "a.md:3: a table that is drawn with lines stays text",
        "a.md:13: a table that is drawn with lines stays text",
    ]
