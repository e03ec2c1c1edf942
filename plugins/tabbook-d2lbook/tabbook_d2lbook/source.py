"""A page of the source while it is converted: its text, what stands where, and the edits."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from tabbook.importers.report import Findings
from tabbook_d2lbook.dialect import Dialect
from tabbook_d2lbook.edits import Edits
from tabbook_d2lbook.fences import Fence, fenced_lines, find_fences, is_plain_cell
from tabbook_d2lbook.nbconvert_pages import as_cell, is_exported
from tabbook_d2lbook.scan import Scan, Span

LabelKind = Literal["section", "figure", "table", "equation", "rubric"]
"""What a label names; a rubric is a heading inside a tab block, which the contents do not have."""

_LIST = re.compile(r"^(?P<indent> *)(?:[-*+]|\d{1,9}[.)]) +(?=\S)")
_NAMED = re.compile(r"[\])]\{#([\w:./-]+)[^{}]*\}")
_ESCAPE = re.compile(r"\\([^a-zA-Z0-9\s])")
_UNSAFE = re.compile(r"[^a-zA-Z0-9|@<>*./_+:-]+")


def safe_label(label: str) -> str:
    """Return a label as MyST can write it: without escapes, blanks and other characters than these."""
    label = _ESCAPE.sub(r"\1", label)
    return _UNSAFE.sub(_as_numbers, label.strip())[:100]


def _as_numbers(found: re.Match[str]) -> str:
    """Return letters that MyST's labels do not have by their numbers, so that labels stay apart."""
    return "".join("-" if c.isascii() else f"-{ord(c):x}" for c in " ".join(found[0].split()) or " ")


def safe_path(url: str) -> str:
    """Return the address of a file of the book as a directive takes it: without blanks."""
    return re.sub(r"\s+", "-", unquote(url))


def directive(name: str, argument: str, lines: Sequence[str] = ()) -> str:
    """Return a directive of MyST; no backtick may stand behind a fence of backticks."""
    fence = "~~~" if "`" in argument else "```"
    return "\n".join([f"{fence}{{{name}}} {argument}", *lines, fence])


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of labels or citation keys in the text."""

    role: str
    keys: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Named:
    """What a label of the book names. ``title`` is what a reference shows where it has no number."""

    kind: LabelKind
    has_number: bool = True
    title: str = ""


class Labels:
    """The labels of the whole book. In Sphinx, case matters only in labels of equations."""

    def __init__(self) -> None:
        self._named: dict[str, Named] = {}

    def add(self, label: str, named: Named) -> None:
        """Note what a label names."""
        self._named[label if named.kind == "equation" else label.casefold()] = named

    def find(self, label: str) -> Named | None:
        """Return what a reference to ``label`` leads to."""
        return self._named.get(label) or self._named.get(label.casefold())


@dataclass(slots=True)
class LabelTarget:
    """Something that a label may name, and the labels that were found behind it.

    ``words`` is the text of a heading in the source.
    """

    kind: LabelKind
    position: int
    labels: list[str] = field(default_factory=list)
    has_number: bool = True
    title: str = ""
    words: str = ""


class Page:
    """The text of one page of the source; the stages of its conversion leave here what they find.

    ``path`` is relative to the source. ``tabs`` are the book's, the default one first. ``slides`` is the
    part of the text that is slides, as a page of its own; None if there are none.
    """

    def __init__(
        self,
        path: str,
        text: str,
        tabs: Sequence[str],
        findings: Findings,
        *,
        language: str = "en",
        dialect: Dialect = "d2lbook",
    ) -> None:
        self.path, self.tabs, self.findings = path, tuple(tabs), findings
        self.language, self.dialect = language, dialect
        self.slides: Page | None = None
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.text = text.replace("\0", "\ufffd")
        self.lines = self.text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.fences: list[Fence] = find_fences(self.lines)
        self.is_exported = is_exported(self.lines, self.fences)
        if self.is_exported:
            self.fences = [as_cell(f) if f.language == "python" else f for f in self.fences]
            self.note(0, "form", "an exported notebook", "its indented outputs become outputs")
        elif dialect == "quarto":
            self.fences = [as_cell(f) if is_plain_cell(f) else f for f in self.fences]
        self.edits = Edits(self.text)
        self.scan = Scan(self.text, self._gaps())
        self.targets: list[LabelTarget] = []
        self.labels: dict[str, tuple[LabelKind, int]] = {}
        self.titles: dict[str, str] = {}
        """The titles of headings that have no number on any page, by label."""
        self.references: list[Reference] = []
        self.images: list[tuple[str, int]] = []
        self.equation_labels: dict[int, Span] = {}
        self.bibliographies: dict[int, str] = {}
        """What becomes of each ``:bibliography:``, by the place that it begins at."""
        self.links: list[str] = []
        self.anchors: dict[int, str] = {}
        """What is written for links to places on pages, by the place of the address."""
        self.used_marks: set[int] = set()
        self.stray_labels: set[int] = set()
        self.misnamed_labels: set[int] = set()
        """Labels of equations that name something else, by place."""
        self.consumed: set[int] = set()
        """Lines that something else has taken: no headings, no text of theirs."""
        self._fenced = fenced_lines(self.fences)
        self._containers = self._list_indents()

    def _gaps(self) -> list[tuple[int, int]]:
        gaps, position = [], 0
        for fence in self.fences:
            gaps.append((position, self.starts[fence.start]))
            position = min(self.starts[fence.end], len(self.text))
        return [*gaps, (position, len(self.text))]

    def _list_indents(self) -> list[int]:
        """Return for each line the indent of the list item that it belongs to (0: none)."""
        stack: list[int] = []
        result, blank = [], True
        for number, line in enumerate(self.lines):
            indent = len(line) - len(line.lstrip())
            if not line.strip():
                blank = True
            elif number in self._fenced:
                if blank:
                    stack = [offset for offset in stack if offset <= indent]
            elif found := _LIST.match(line):
                stack = [offset for offset in stack if offset <= indent]
                stack.append(found.end())
                blank = False
            else:
                if blank or line.startswith(("#", ":begin_tab", ":end_tab")):
                    stack = [offset for offset in stack if offset <= indent]
                blank = False
            result.append(stack[-1] if stack else 0)
        return result

    @property
    def cell_fences(self) -> list[Fence]:
        """The fences that are code cells, in order."""
        return [fence for fence in self.fences if fence.kind == "input"]

    def begins_item(self, line: int) -> bool:
        """Say whether a line begins a list item."""
        return bool(_LIST.match(self.lines[line]))

    def line_of(self, position: int) -> int:
        """Return the line, from 0, that holds ``position``."""
        return bisect_right(self.starts, position, hi=len(self.lines)) - 1

    def container(self, line: int) -> int:
        """Return the indent that keeps a block in the list item of ``line``; 0 outside of lists."""
        return self._containers[line]

    def is_fenced(self, line: int) -> bool:
        """Say whether a line belongs to a fenced block."""
        return line in self._fenced

    def is_text(self, line: int) -> bool:
        """Say whether a line is prose from its start: no fence, no mathematics, no code."""
        if line in self._fenced or line in self.consumed:
            return False
        start = self.starts[line]
        span = self.scan.span_at(start)
        return span is None or span.start == start

    def is_blank(self, line: int) -> bool:
        """Say whether a line is blank; what is outside the page counts as blank."""
        return not 0 <= line < len(self.lines) or not self.lines[line].strip()

    def end_of_line(self, line: int) -> int:
        """Return the place behind a line, its line feed not included."""
        return self.starts[line] + len(self.lines[line])

    def fault(self, line: int, kind: str, message: str, hint: str = "") -> None:
        """Report a fault of the source; ``line`` counts from 0."""
        self.findings.fault(self.path, line + 1, kind, message, hint)

    def note(self, line: int, kind: str, message: str, hint: str = "") -> None:
        """Report what is no fault; ``line`` counts from 0."""
        self.findings.note(self.path, line + 1, kind, message, hint)

    def block(self, start: int, end: int, text: str) -> str:
        """Return a block's text with the line breaks that set it apart from its neighbours.

        ``start`` and ``end`` are the places of what it replaces.
        """
        before = self.text[:start].rstrip(" \t")
        after = self.text[end:].lstrip(" \t")
        lead = "" if not before or before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
        trail = "" if not after or after.startswith("\n\n") else "\n" if after.startswith("\n") else "\n\n"
        return lead + text + trail

    def define_named(self, target: LabelTarget, text: str, line: int) -> None:
        """Give a target the names in pandoc's attributes in ``text``, its caption among others."""
        for found in _NAMED.finditer(text):
            if safe_label(found[1]) not in self.labels:
                target.labels.append(self.define(found[1], target.kind, line))

    def define(self, label: str, kind: LabelKind, line: int) -> str:
        """Note that ``label`` names something; return it as MyST writes it."""
        label = safe_label(label)
        if label in self.labels:
            self.fault(line, "label", f"the label {label!r} is given twice on this page", "rename one")
        else:
            self.labels[label] = (kind, line + 1)
        return label
