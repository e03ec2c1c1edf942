"""Text as Markdown that says the same: whatever Markdown would take for a mark is escaped."""

import re
from collections.abc import Iterable

from tabbook.read.markdown import fence_for

_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|$)"  # a backslash that would escape something, or break a line
    r"|[*`]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # between letters it is none
    r"|\](?=[(\[:])|\[(?=\^)"  # links and footnotes
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?\w+;)"
    r"|~(?=.*~)|(?<=~)~",
    re.MULTILINE,
)
_START = re.compile(r"^([ \t]*)(#{1,6}(?=\s|$)|[+-](?=\s|$)|>|=+\s*$|-+\s*$)", re.MULTILINE)
_NUMBER = re.compile(r"^([ \t]*\d{1,9})([.)])(?=\s|$)", re.MULTILINE)
_TICKS = re.compile(r"`+")


def escaped(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is; dollars are left (see `with_dollars`)."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)


def with_starts(text: str) -> str:
    """Return a paragraph so that none of its lines begins another block."""
    return _NUMBER.sub(r"\1\\\2", _START.sub(r"\1\\\2", text))


DOLLAR = "\ue000"
"""A placeholder for a dollar sign that is not mathematics, until the paragraph is complete."""


def with_dollars(paragraph: str) -> str:
    """Return a paragraph with its dollars so that no viewer takes what is between them for a formula.

    Jupyter looks for formulas once more in the page that it has made of the Markdown, but not across
    elements; others look for them in the Markdown, and know the escape.
    """
    if DOLLAR not in paragraph:
        return paragraph
    alone = paragraph.count(DOLLAR) == 1 and "$" not in paragraph
    return paragraph.replace(DOLLAR, "\\$" if alone else "<span>\\$</span>")


def code_span(text: str) -> str:
    """Return ``text`` as code in a sentence."""
    text = " ".join(text.split("\n"))
    ticks = "`" * (1 + max(map(len, _TICKS.findall(text)), default=0))
    while ticks in _TICKS.findall(text):
        ticks += "`"
    blank = (
        " " if text[:1] == "`" or text[-1:] == "`" or (text[:1] == text[-1:] == " " and text.strip()) else ""
    )
    return f"{ticks}{blank}{text}{blank}{ticks}"


def fenced(text: str, language: str = "") -> list[str]:
    """Return code between fences that none of its lines can end."""
    fence = fence_for(text)
    return [f"{fence}{language}", *text.rstrip("\n").split("\n"), fence]


def quoted(lines: Iterable[str]) -> list[str]:
    """Return ``lines`` as a quotation."""
    return [f"> {line}" if line else ">" for line in lines]


def with_brackets(words: str) -> str:
    """Return the text of a link, with its brackets escaped where they do not pair: they would end it."""
    depth = 0
    for sign in re.sub(r"\\.", "", words):
        depth += (sign == "[") - (sign == "]")
        if depth < 0:
            break
    return words if depth == 0 else re.sub(r"(?<!\\)[\[\]]", r"\\\g<0>", words)


def link(words: str, address: str, hover: str = "") -> str:
    """Return a link, or a picture if ``words`` begin like one."""
    if re.search(r"[\s()<>]", address):
        address = f"<{address.replace('<', '%3C').replace('>', '%3E')}>"
    title = ' "' + hover.replace('"', '\\"') + '"' if hover else ""
    return f"{words}({address}{title})"
