"""Slide marks vanish from pages; what only looks like one stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabbook.read.slides import strip_slide_marks

CASES = {
    "starts a slide": ("[**We train it.**] Now.", "We train it. Now."),
    "continues a slide": ("So (**we train it**), now.", "So we train it, now."),
    "for slides alone": ("One (~~for the slide~~) two.", "One two."),
    "for slides alone, square": ("One [~~for the slide~~] two.", "One two."),
    "for slides alone, at the end": ("One (~~for the slide~~)\ntwo.", "One\ntwo."),
    "for slides alone, its own line": ("One.\n\n(~~for the slide~~)\n\nTwo.", "One.\n\n\n\nTwo."),
    "over lines": ("[**We\ntrain it,\n\nand more.**]", "We\ntrain it,\n\nand more."),
    "vanishing over lines": ("a (~~b\n\nc~~) d", "a \n\nd"),
    "with mathematics": ("[**Let\n$$a_{(**)} = b$$\nbe.**]", "Let\n$$a_{(**)} = b$$\nbe."),
    "with inline mathematics": ("(**the loss $l^{(i)}$ of $(x)$**)", "the loss $l^{(i)}$ of $(x)$"),
    "with code": ("[**Call `f(**kw)` here**]", "Call `f(**kw)` here"),
    "with bold words": ("[**It is **very** long**]", "It is **very** long"),
    "with emphasis": ("(***all* of it**)", "*all* of it"),
    "one in another": ("[**a (**b**) c**]", "a b c"),
    "a mark in what vanishes": ("a (~~b (**c**) d~~) e", "a e"),
    "two in a row": ("[**a**](**b**)", "ab"),
    "a link": ("[**bold**](https://example.org)", "[**bold**](https://example.org)"),
    "a reference": ("[**bold**][there]", "[**bold**][there]"),
    "a span with attributes": ("[**bold**]{.big}", "[**bold**]{.big}"),
    "an image": ("![**bold**](a.png)", "![**bold**](a.png)"),
    "a call in prose": ("f(**kw) calls (**it**)", "f(**kw) calls it"),
    "open, never closed": ("with (**kw) alone", "with (**kw) alone"),
    "closed, never open": ("alone **kw**) with", "alone **kw**) with"),
    "not a pair": ("pass (**kw). See (the **text**)", "pass (**kw). See (the **text**)"),
    "other brackets": ("[**a**)", "[**a**)"),
    "empty": ("(****)", "(****)"),
    "escaped": (r"\[**a**]", r"\[**a**]"),
    "a code span": ("`[**a**]` and ``(**`b`**)``", "`[**a**]` and ``(**`b`**)``"),
    "a comment": ("<!-- [**a**] -->", "<!-- [**a**] -->"),
    "a fence": ("```python\nf[**a**]\n (**b**)\n```\n(**c**)", "```python\nf[**a**]\n (**b**)\n```\nc"),
    "a fence of tildes": ("~~~\n(**b**)\n~~~\n(**c**)", "~~~\n(**b**)\n~~~\nc"),
    "a fence in a list": ("- a\n  ```\n  (**b**)\n  ```\n- (**c**)", "- a\n  ```\n  (**b**)\n  ```\n- c"),
    "a fence left open": ("(**a**)\n```\n(**b**)", "a\n```\n(**b**)"),
    "a longer fence": ("````\n```\n(**b**)\n````\n(**c**)", "````\n```\n(**b**)\n````\nc"),
    "mathematics": ("$(**a**)$ and $$(**b**)$$", "$(**a**)$ and $$(**b**)$$"),
    "a block directive": (":::{note}\n(**a**)\n:::", ":::{note}\na\n:::"),
    "a directive of backticks": ("```{note} (**t**)\n(**a**)\n```", "```{note} t\na\n```"),
    "a listing in a directive": (
        ":::{note}\n(**a**)\n\n    (**b**)\n\n```\n(**c**)\n```\n:::\n(**d**)",
        ":::{note}\na\n\n    (**b**)\n\n```\n(**c**)\n```\n:::\nd",
    ),
    "a directive that is no Markdown": (
        "```{math}\n(**a**)\n```\n:::{code} text\n(**b**)\n:::\n(**c**)",
        "```{math}\n(**a**)\n```\n:::{code} text\n(**b**)\n:::\nc",
    ),
    "a fence that begins in a numbered item": (
        "1. ```\n   (**a**)\n   ```\n\n[**b**]\n\n1) ~~~text\n   (**c**)\n   ~~~\n(**d**)",
        "1. ```\n   (**a**)\n   ```\n\nb\n\n1) ~~~text\n   (**c**)\n   ~~~\nd",
    ),
    "a fence in a quote in a list": ("- > ```\n  > (**a**)\n\n(**b**)", "- > ```\n  > (**a**)\n\nb"),
    "a fence in a note": (
        "[^1]: ```\n    (**a**)\n    ```\n\n(**b**)",
        "[^1]: ```\n    (**a**)\n    ```\n\nb",
    ),
    "a fence in a definition": (
        "term\n: ```\n  (**a**)\n  ```\n\n(**b**)",
        "term\n: ```\n  (**a**)\n  ```\n\nb",
    ),
    "a mark around a fence": ("(**Run\n```\n(**b**)\n```\nnow**)", "Run\n```\n(**b**)\n```\nnow"),
    "what ends no fence": ("```\na\n``` (**b**)\n```\n(**c**)", "```\na\n``` (**b**)\n```\nc"),
    "a code span that ends no fence": ("```(**a**)```\n(**b**)", "```(**a**)```\nb"),
    "indented code": (
        "(**a**)\n\n    f(x)[**b**]\n\t(**c**)\n\n(**d**)",
        "a\n\n    f(x)[**b**]\n\t(**c**)\n\nd",
    ),
    "indented code in a list": (
        "1. (**a**)\n\n       (**b**)\n\n   (**c**)",
        "1. a\n\n       (**b**)\n\n   c",
    ),
    "an indented line of a paragraph": ("a\n    (**b**)", "a\n    b"),
    "a comment over lines": ("<!--\n(**a**)\n\n(**b**)\n-->\n(**c**)", "<!--\n(**a**)\n\n(**b**)\n-->\nc"),
    "a comment of MyST": ("% (**a**)\n\n(**b**)", "% (**a**)\n\nb"),
    "HTML": (
        "<div>(**a**)</div>\n\n<pre>\n(**b**)\n</pre>\n\n(**c**)",
        "<div>a</div>\n\n<pre>\n(**b**)\n</pre>\n\nc",
    ),
    "an equation": ("$$\na_{(**)} [**b**]\n$$ (eq_a)\n\n(**c**)", "$$\na_{(**)} [**b**]\n$$ (eq_a)\n\nc"),
    "an equation of LaTeX": (
        "\\begin{align}\n(**a**)\n\\end{align}\n\n(**b**)",
        "\\begin{align}\n(**a**)\n\\end{align}\n\nb",
    ),
    "equations in marks": ("(**$$\na\n$$**)\n\n[**b**]\n\n$$\nc\n$$", "$$\na\n$$\n\nb\n\n$$\nc\n$$"),
    "a mark from one block to another": (
        "[**a\n\n- b\n- c**]\n\n(**d**)",
        "a\n\n- b\n- c\n\nd",
    ),
    "in blocks": (
        "## [**a**]\n\n> (**b**)\n\n- (**c**)\n\n| (**d**) | (~~e~~)f |\n| - | - |\n| [**g**] | `(**h**)` |",
        "## a\n\n> b\n\n- c\n\n| d | f |\n| - | - |\n| g | `(**h**)` |",
    ),
    "backticks of two items": ("- a ` b\n- (**c**)\n- d ` e", "- a ` b\n- c\n- d ` e"),
    "a heading between backticks": ("a ` b\n# (**c**)\nd ` e", "a ` b\n# c\nd ` e"),
    "dollars of two items": ("- a $b\n- (**c**)\n- d$ e", "- a $b\n- c\n- d$ e"),
    "a line break": ("(**a**)  \n[**b**]\\\nc", "a  \nb\\\nc"),
    "a line break in a mark": ("[**a  \nb\\\nc**]", "a  \nb\\\nc"),
    "a line break behind what vanishes": ("a (~~b~~)  \nc (~~d~~)\\\ne", "a  \nc \\\ne"),
    "no line break before what vanishes": ("a  (~~b~~)\nc (~~d~~) \ne", "a\nc\ne"),
    "blanks where nothing is left": ("a\n(~~b~~)  \nc", "a\n\nc"),
    "neighbours that both vanish with the blank between": ("(~~a~~) (~~b~~)", ""),
    "marks inside what vanishes": ("(~~a (**b**) c~~) d", "d"),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_marks_vanish_and_nothing_else(text: str, expected: str) -> None:
    assert strip_slide_marks(text) == expected


PIECES = [
    "[**",
    "**]",
    "(**",
    "**)",
    "(~~",
    "~~)",
    "[~~",
    "~~]",
    "`",
    "$",
    "$$",
    "\n",
    "\n\n",
    "```\n",
    "a",
    " ",
    "\\",
    "f(",
]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_lines_keep_their_numbers(text: str) -> None:
    assert strip_slide_marks(text).count("\n") == text.count("\n")


@given(st.text(alphabet="ab $`*~()[]\n"))
def test_text_without_marks_is_untouched(text: str) -> None:
    if not any(mark in text for mark in ("[**", "(**", "(~~", "[~~")):
        assert strip_slide_marks(text) == text
