"""Slide marks in text: what they are, and text without them.

``[**…**]`` starts a slide with the marked text, ``(**…**)`` continues it, and ``(~~…~~)`` or
``[~~…~~]`` is text for slides alone. Every other output shows the text without marks.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain

from tabbook.code import Rewriter
from tabbook.read.markdown import blocks_within, is_literal

_INLINE = (
    r"\\[^\w\s]"  # an escaped character
    r"|<!--.*?-->"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`)"  # a code span
    r"|\$\$.+?\$\$"
    r"|\$(?=\S)(?:\\.|[^$\\\n]|\n(?![ \t]*\n))+?(?<=\S)\$"
    r"|\\begin\{(?P<name>[a-z]+\*?)\}.*?\\end\{(?P=name)\}"
)
_MARK = re.compile(r"(?P<open>[\[(])(?P<opens>\*\*|~~)|(?P<closes>\*\*|~~)(?P<close>[\])])")
_CLOSING = {"[": "]", "(": ")"}
_LINK = re.compile(r"\((?!\*\*|~~)|\[(?!\*\*|~~)|\{")
_HEADING = re.compile(r"^ {0,3}(#{1,6} +)$")


_COMMENT = r"<!--.*?(?:-->|\Z)"
_RAW = re.compile(r"\s*<(?:script|pre|style|textarea)\b", re.IGNORECASE)
_TEXT = frozenset({"inline", "math_block", "math_block_label", "amsmath"})
_BLANKS = re.compile(r"[ \t]*")


def _places(text: str, above: int = 0) -> Iterator[tuple[int, int, str]]:
    """Yield first line and end of each block, and a pattern of what is protected in it.

    ``above`` is how many lines are above ``text``. Directives that hold Markdown are searched, too.
    """
    for token in blocks_within(text):
        start, end = (above + line for line in token.map or (0, 0))
        if token.type in ("fence", "colon_fence") and not is_literal(token.info.strip()):
            yield start, start + 1, _INLINE
            yield from _places(token.content, start + 1)
        elif token.type in ("fence", "colon_fence"):
            is_closed = token.content.count("\n") < end - start - 1
            yield start, end, f"{token.markup}.*" + (token.markup if is_closed else "")
        elif token.type in ("code_block", "myst_line_comment"):
            yield start, end, ".+"
        elif token.type == "html_block":
            yield start, end, ".+" if _RAW.match(token.content) else _COMMENT
        elif token.type in _TEXT and token.map:
            yield start, max(end, start + token.content.count("\n") + 1), _INLINE  # some maps fall short


def _protected(text: str) -> list[tuple[int, int]]:
    """Return the spans, in order, in which nothing is a mark: code, mathematics, comments, escapes."""
    starts = [0, *accumulate(map(len, text.split("\n")), lambda start, size: start + size + 1)]
    starts[-1] = len(text)
    places = set(_places(_MARK.sub("", text) + "\n"))  # marks are no Markdown: `(**$$` begins a formula
    return sorted(
        match.span()
        for first, last, pattern in places
        for match in re.compile(pattern, re.DOTALL).finditer(text, starts[first], starts[last])
    )


class _Text:
    """A text with its protected spans."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = _protected(text) if _MARK.search(text) else []
        self.starts = [start for start, _ in self.spans]

    def is_protected(self, position: int) -> bool:
        index = bisect_right(self.starts, position) - 1
        return index >= 0 and position < self.spans[index][1]

    def marks(self) -> list[tuple[re.Match[str], re.Match[str]]]:
        """Return the marks as pairs of what opens and what closes them, inner ones first."""
        stack: list[re.Match[str]] = []
        pairs = []
        for token in _MARK.finditer(self.text):
            if self.is_protected(token.start()):
                continue
            if token["open"]:
                before = self.text[token.start() - 1 : token.start()]
                # f(**kw) is a call in prose, not a mark.
                if not (before.isascii() and (before.isalnum() or before in ("_", "!"))):
                    stack.append(token)
                continue
            for index in range(len(stack) - 1, -1, -1):
                if self._match(stack[index], token):
                    pairs.append((stack[index], token))
                    del stack[index:]
                    break
        return pairs

    def _match(self, opening: re.Match[str], closing: re.Match[str]) -> bool:
        mark = opening["opens"]
        if mark != closing["closes"] or _CLOSING[opening["open"]] != closing["close"]:
            return False
        inside = range(opening.end(), closing.start())
        if not self.text[inside.start : inside.stop].strip():
            return False
        if opening["open"] == "[" and mark == "**" and _LINK.match(self.text, closing.end()):
            return False  # [**bold**](address)
        # Bold words inside come in pairs; an odd number means that the two do not belong together.
        inner = re.compile(re.escape(mark)).finditer(self.text, inside.start, inside.stop)
        return sum(not self.is_protected(match.start()) for match in inner) % 2 == 0


def strip_slide_marks(text: str) -> str:
    """Return ``text``, a piece of Markdown, without slide marks, on as many lines as before.

    Text for slides alone is gone. Code, mathematics, links such as ``[**bold**](address)`` and
    calls such as ``f(**kw)`` are left as they are.
    """
    edits = Rewriter(text)
    for opening, closing in _Text(text).marks():
        if opening["opens"] == "**":
            edits.add(*opening.span(), str)
            edits.add(*closing.span(), str)
        else:
            start, end, left = _removal(text, opening.start(), closing.end())
            edits.add(start, end, partial(str, left))
    return edits.rewrite()


def _removal(text: str, start: int, end: int) -> tuple[int, int, str]:
    """Return the edit that takes text for slides alone away, with the blanks that it needs no more.

    One space is left between its neighbours, and at a line's end none but those of a line break.
    """
    lines = "\n" * text.count("\n", start, end)
    blanks = _BLANKS.match(text, end)
    assert blanks is not None
    if blanks.end() < len(text) and text[blanks.end()] != "\n":
        follows = start == 0 or text[start - 1] in " \t\n"
        return start, blanks.end() if follows else end, lines
    while start and text[start - 1] in " \t":
        start -= 1
    breaks = blanks[0].endswith("  ") and not lines and start and text[start - 1] != "\n"
    return start, blanks.end(), blanks[0] if breaks else lines


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A stretch of text for slides; ``starts_slide`` says whether a slide begins with it.

    ``line`` counts the lines above it in the text that it is from.
    """

    text: str
    starts_slide: bool
    line: int = 0


def marked_text(text: str) -> tuple[MarkedText, ...]:
    """Return what slides show of ``text``, a piece of Markdown, in its order.

    Square brackets start a slide and round ones continue it, whether the text is for slides
    alone or not. A mark that contains a whole heading is a heading; marks inside a mark are ignored.
    """
    source = _Text(text)
    pairs = sorted(source.marks(), key=lambda pair: pair[0].start())
    plain = Rewriter(text)
    for token in chain.from_iterable(pairs):
        plain.add(*token.span(), str)
    marked: list[MarkedText] = []
    end = 0
    for opening, closing in pairs:
        start = opening.start()
        if start < end:
            continue
        end = closing.end()
        shown = plain.rewrite(opening.end(), closing.start()).strip()
        heading = _HEADING.match(text[text.rfind("\n", 0, start) + 1 : start])
        line = text.count("\n", 0, start)
        marked.append(MarkedText((heading[1] if heading else "") + shown, opening["open"] == "[", line))
    return tuple(marked)
