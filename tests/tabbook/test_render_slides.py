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
