"""Emphasis as the original tool shows it: pandoc's rules, in marks that CommonMark reads alike.

For pandoc ``*`` begins emphasis before anything but a blank, and the next run of the same length ends
it. CommonMark wants no blank before the end either (``*word *``), and beside letters no punctuation
inside (``称为**“预热”**期``, ``**Note:**text``).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from tabbook_d2lbook.slide_marks import slide_marks
from tabbook_d2lbook.source import Page

_RUN = re.compile(r"\*+|_+")
_NEW = re.compile(r"[ \t]*(?:>[ \t]*)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|#{1,6}[ \t]|\||:(?:begin|end)_tab:)")
"""What begins a line that no longer belongs to the paragraph above it."""
_ROLES = {1: "emphasis", 2: "strong"}
_APART = "<!-- -->"
"""Shows nothing, and is punctuation to CommonMark: marks beside it may begin and end emphasis."""


@dataclass(frozen=True, slots=True)
class _Emphasis:
    """Emphasised text from ``start`` to ``end``; its marks, ``width`` characters each, are outside of it."""

    start: int
    end: int
    width: int


def write_emphasis(page: Page) -> None:
    """Add the edits for emphasis that CommonMark would not see."""
    slides = slide_marks(page, "**")
    marks = {place for pair in slides for span in pair for place in range(*span)}
    for start, end in _paragraphs(page):
        matcher = _match(page, start, end, marks)
        for emphasis in matcher.found:
            _write(page, emphasis)
        for place, width in matcher.literal:
            # An odd mark inside a slide's text would keep our reader from seeing the slide's marks.
            if width > 1 and any(opening[1] <= place < closing[0] for opening, closing in slides):
                page.edits.replace(place, place + width, r"\*" * width)


def _paragraphs(page: Page) -> Iterator[tuple[int, int]]:
    """Yield the stretches of text that emphasis does not leave."""
    start = end = 0
    for number, line in enumerate(page.lines):
        new = _NEW.match(line)
        if page.is_blank(number) or page.is_fenced(number) or new:
            if start < end:
                yield start, end
            start = page.starts[number] + (new.end() if new else 0)
        end = page.end_of_line(number)
        if page.is_blank(number) or page.is_fenced(number):
            start = end = page.starts[number + 1]
    if start < end:
        yield start, end


class _Matcher:
    """Pairs the runs of marks of a paragraph, given in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[_Emphasis] = []
        self.literal: list[tuple[int, int]] = []
        """The runs of asterisks that are text, by place and width."""
        self._open: list[tuple[int, int]] = []  # where the text inside begins, and the width that ends it

    def add(self, run: re.Match[str]) -> None:
        """Take one run: it ends emphasis, begins some, or is text; a long one may do several of these."""
        mark = run[0][0]
        place = self._close(run.start(), run.end(), mark)
        width = run.end() - place
        before, after = self.text[place - 1 : place], self.text[run.end() : run.end() + 1]
        begins_word = mark == "*" or not before.isalnum()
        if 0 < width < 4 and begins_word and after and not after.isspace():
            self._open.append((run.end(), width))
        elif width and mark == "*":
            self.literal.append((place, width))

    def finish(self) -> None:
        """Make text of what was never closed."""
        opened = [(inside - width, width) for inside, width in self._open]
        self.literal += [run for run in opened if self.text[run[0]] == "*"]

    def _close(self, place: int, end: int, mark: str) -> int:
        """Close what the marks from ``place`` to ``end`` can; return where those begin that are left."""
        if mark == "_" and self.text[end : end + 1].isalnum():
            return place
        while self._open and place < end and self.text[self._open[-1][0] - 1] == mark:
            inside, wanted = self._open[-1]
            if inside == place or (wanted, end - place) in ((1, 2), (2, 1)):
                break  # it begins another emphasis inside
            used = min(wanted, end - place)
            self._open.pop()
            self.found.append(_Emphasis(inside, place, used))
            if used < wanted:  # of three marks, some are left
                self._open.append((inside - used, wanted - used))
            place += used
        return place


def _match(page: Page, start: int, end: int, marks: set[int]) -> _Matcher:
    """Return the emphasis in a paragraph; the places in ``marks`` are those of slide marks."""
    matcher = _Matcher(page.text)
    for run in _RUN.finditer(page.text, start, end):
        if run.start() not in marks and not page.scan.span_at(run.start()):
            matcher.add(run)
    matcher.finish()
    return matcher


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _opens(outside: str, inside: str) -> bool:
    """Say whether CommonMark lets emphasis begin, or end, between two characters."""
    return not _is_punctuation(inside) or not outside or outside.isspace() or _is_punctuation(outside)


def _write(page: Page, emphasis: _Emphasis) -> None:
    """Add the edits for one emphasis, if it needs any."""
    text, start, end, width = page.text, emphasis.start, emphasis.end, emphasis.width
    inside = text[start:end]
    blanks = len(inside) - len(inside.rstrip())
    inside = inside.rstrip()
    before, after = text[start - width - 1 : start - width], text[end + width : end + width + 1]
    mark = text[start - 1] * width
    follows = text[end - blanks : end] if after and not after.isspace() else ""
    if blanks:
        after = " "
    if _opens(before, inside[0]) and _opens(after, inside[-1]):
        if blanks:
            page.edits.replace(end - blanks, end + width, mark + follows)
        return
    bare = not page.scan.inside(start, end) and not re.search(r"[`\n*_\[]", inside)
    if width in _ROLES and bare:
        page.edits.replace(start - width, end + width, f"{{{_ROLES[width]}}}`{inside}`{follows}")
        return
    first = len(inside) - len(inside.lstrip("“‘《（「『【"))
    last = len(inside) - len(inside.rstrip("”’》）」』】。，：；！？、"))
    if not _opens(before, inside[0]):
        lead = inside[:first] + mark if first else _APART + mark
        page.edits.replace(start - width, start + first, lead)
    if not _opens(after, inside[-1]):
        tail = mark + inside[len(inside) - last :] if last else mark + _APART
        page.edits.replace(end - blanks - last, end + width, tail + follows)
    elif blanks:
        page.edits.replace(end - blanks, end + width, mark + follows)
