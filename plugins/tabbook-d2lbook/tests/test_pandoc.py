"""Pandoc's Markdown on pages of d2lbook, which reads text with pandoc: it becomes ours, and no line moves."""

import pytest
from import_helpers import body, convert

from tabbook_d2lbook.pandoc import as_d2lbook

ATTRIBUTES = [
    ("a [span]{.smallcaps} and []{#x}end", "a span and end"),
    ('[\\[alg\\]]{#alg:a label="alg:a"}', "\\[alg\\]"),
    ('[a `]` b](https://a.org){target="_blank"} on', "[a `]` b](https://a.org) on"),
    ("`x = {1}`{.python} and `{.a}`", "`x = {1}` and `{.a}`"),
    ("a set {1, 2}, [1]{2} and f(x){y}", "a set {1, 2}, [1]{2} and f(x){y}"),
    ("a`<br>`{=html}b`\\clearpage`{=latex}c", "a<br>bc"),
    ("$[0]{.a}$ and `[a]{.b}`", "$[0]{.a}$ and `[a]{.b}`"),
    (
        'see [\\[f\\]](#fig:f){reference-type="ref"\nreference="fig:f"}\n\n![Cap](a.png)\n:label:`fig:f`',
        'see {numref}`fig:f`\n\n```{figure} a.png\n:name: fig:f\n:alt: "Cap"\n\nCap\n```',
    ),
]


@pytest.mark.parametrize(("source", "expected"), ATTRIBUTES)
def test_attributes_are_not_shown(source: str, expected: str) -> None:
    assert body(source) == expected


LABELS = [
    (
        '![C[]{label="f"}](a.png){#fig:f width="5%"}\n\n[1](#fig:f){reference-type="ref" reference="fig:f"}',
        '```{figure} a.png\n:name: fig:f\n:width: 5%\n:alt: "C"\n\nC\n```\n\n{numref}`fig:f`',
    ),
    (
        ': C[]{#tab:t label="tab:t"}\n\n|a|b|\n|-|-|\n|1|2|\n\n:numref:`tab:t`',
        "```{table} C\n:name: tab:t\n\n|a|b|\n|-|-|\n|1|2|\n```\n\n{numref}`tab:t`",
    ),
    ("$$a\n\\label{eq:a}$$\n\nby \\eqref{eq:a}", "$$\na\n$$ (eq:a)\n\nby {eq}`eq:a`"),
    ("$$\n\\label{p}\na$$\n:eqlabel:`b`\n\n:eqref:`b`", "$$\na\n$$ (b)\n\n{eq}`b`"),
    (
        "![C](a.png)\n:label:`rl\\_ad`\n\n:numref:`rl_ad` :numref:`rl\\_ad`",
        '```{figure} a.png\n:name: rl_ad\n:alt: "C"\n\nC\n```\n\n{numref}`rl_ad` {numref}`rl_ad`',
    ),
]


@pytest.mark.parametrize(("source", "expected"), LABELS)
def test_labels_are_found_inside_formulas_and_with_escapes(source: str, expected: str) -> None:
    result = convert(f"# Title\n\n{source}\n", files={"a.png": b""})
    assert result.body == expected
    assert [fault for fault in result.faults if "label" in fault] == []


COMMANDS = [
    (
        "a\\footnote{See \\url{https://a.org/b_c}, {x}.}b",
        "a[^note-1]b\n\n[^note-1]: See <https://a.org/b_c>, {x}.",
    ),
    (
        "\\href{https://a.org}{the *site*} and \\footnote{open",
        "[the *site*](https://a.org) and \\footnote{open",
    ),
    (
        "Fig.\\ :numref:`sec_a`\\ s, `a\\ b`, $a\\ b$, c\\\\ d",
        "Fig.\xa0{numref}`sec_a`\xa0s, `a\\ b`, $a\\ b$, c\\\\ d",
    ),
    ("[x *y*](https://a.org/b_ (c_d)) e", "[x *y*](https://a.org/b_%20(c_d)) e"),
    ("[x](https://a.org/b c), y (https://a.org d)", "[x](https://a.org/b%20c), y (<https://a.org> d)"),
    (
        '[x](https://a.org/b_(c)) or [y](https://b.org "A b")',
        '[x](https://a.org/b_(c)) or [y](<https://b.org> "A b")',
    ),
    ("a\n\n\\newpage\n\n\\vspace{1cm}\n\nb", "a\n\nb"),
    ("`\\url{a}` and $\\href{a}{b}$", "`\\url{a}` and $\\href{a}{b}$"),
    ("a[^1].\n\n[^1]: The note.", "a[^1].\n\n[^1]: The note."),
]


@pytest.mark.parametrize(("source", "expected"), COMMANDS)
def test_commands_for_links_notes_and_layout(source: str, expected: str) -> None:
    result = convert(f"# Title\n\n{source}\n")
    assert result.body == expected
    assert result.faults == []


BLOCKS = [
    ("::: {.note}\nA note.\n:::", "A note."),
    ("::: center\n:::: {.a}\nin\n::::\n:::\n\nout", "in\n\nout"),
    ("```{=html}\n<b>x</b>\n```", "```{raw} html\n<b>x</b>\n```"),
    ("a\n\n```{=latex}\n\\clearpage\n```\n\nb", "a\n\nb"),
    ("<center>\n![](a.png)\n</center>", "![](a.png)"),
    ("<div align=center>\n<img src='a.png' width=9>\n</div>", "<img src='a.png' width=9>"),
    ("<div class='x'>\ntext\n</div>", "<div class='x'>\ntext\n</div>"),
]


@pytest.mark.parametrize(("source", "expected"), BLOCKS)
def test_blocks_are_what_they_hold(source: str, expected: str) -> None:
    assert body(source) == expected


FRONT = [
    ("---\njupyter: {a: b}\n---\n\n# T\n", "# T\n"),
    ("---\ntitle: The  Title\n---\n\ntext\n", "# The Title\n\ntext\n"),
    ("---\n\n# T\n\n---\n", "---\n---\n\n---\n\n# T\n\n---\n"),
]


@pytest.mark.parametrize(("source", "expected"), FRONT)
def test_front_matter_is_no_text(source: str, expected: str) -> None:
    assert convert(source).text == expected


PIPED = "```{table} Cap\n\n| a | b |\n|---|---|\n| 1 | 2 3 |\n```"
TABLES = [
    ("  a   b\n  --- ---\n  1   2 3\n\n  : Cap", PIPED),
    ("a   b\n--- ---\n1   2 3\n--- ---\n\nTable: Cap", PIPED),
    ("+---+-----+\n| a | b   |\n+===+=====+\n| 1 | 2   |\n|   | 3   |\n+---+-----+\n\n: Cap", PIPED),
    ("Table: Cap\n\n+---+-----+\n| a | b   |\n+===+=====+\n| 1 | 2 3 |\n+---+-----+", PIPED),
    ("--- ---\n1   2|\n--- ---", "|  |  |\n|---|---|\n| 1 | 2\\| |"),
    ("名字   b\n------ --\n一二三 x", "| 名字 | b |\n|---|---|\n| 一二三 | x |"),
    ("+--+--+\n| joined |\n+--+--+", "+--+--+\n| joined |\n+--+--+"),
    ("text\n\n- a\n\n-- --\n\nmore", "text\n\n- a\n\n-- --\n\nmore"),
]


@pytest.mark.parametrize(("source", "expected"), TABLES)
def test_tables_that_are_aligned_or_drawn_become_tables(source: str, expected: str) -> None:
    assert body(source) == expected


@pytest.mark.parametrize("source", [source for source, _ in [*BLOCKS, *FRONT, *TABLES]])
def test_no_line_moves(source: str) -> None:
    """Findings name lines of the source."""
    text = as_d2lbook(f"{source}\n\nlast\n")
    assert text.split("\n").index("last") == f"{source}\n\nlast\n".split("\n").index("last")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('#f\nwidth="0.95\\linewidth"', "95%"),
        ("width=.5\\textwidth", "50%"),
        ('.a width="300px" height="2in"', "300px"),
        ("width=1.25in\n", "1.25in"),
        ("width=\\linewidth", ""),
    ],
)
def test_an_image_has_a_width_that_a_page_can_use(attributes: str, expected: str) -> None:
    lines = body(f"![C](a.png){{{attributes}}}").split("\n")
    assert [line[8:] for line in lines if line.startswith(":width:")] == ([expected] if expected else [])
    assert not any("{" in line for line in lines[1:])
