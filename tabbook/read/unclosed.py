"""Blocks that are never closed: each swallows what comes next, up to the end of another block.

Markdown takes the closing fence of a later block for theirs, so anything else that is reported,
such as a syntax error, is far from the mistake.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from tabbook.code import CodeError, parse
from tabbook.read.markdown import is_literal

_RUN = re.compile(r"^ {0,3}(?P<marks>`{3,}|~{3,}|:{3,})[ \t]*(?P<info>.*?)[ \t]*$")
_OURS = re.compile(r"^\{(?:tab|code-cell)\}")
_HTML_ENDS = (
    (r"<!--", "-->"),
    (r"<(?:script|pre|style|textarea)\b", "</"),
    (r"<\?", "?>"),
    (r"<!\[CDATA", "]]>"),
)
_FORMULA = re.compile(r"^[ \t]*\$\$(?=[ \t]*(?:$|[^\s(]))", re.MULTILINE)
"""A line that begins a formula; one that ends it may have a label in parentheses."""
_NO_MATHS = re.compile(r"`[^`\n]*`|\\\$")
_OPEN_FORMULA = "this formula is never closed"
_ENVIRONMENT = re.compile(r"\\begin\{((?:equation|multline|gather|align|alignat|flalign|eqnarray)\*?)\}")


@dataclass(frozen=True, slots=True)
class _Run:
    """A line inside a block that looks like a fence; ``line`` counts from 1 in the file."""

    line: int
    marks: str
    info: str

    def is_like(self, token: Token) -> bool:
        """Say whether the marks are those of ``token``, and enough to end it."""
        return self.marks.startswith(token.markup)


def _runs(token: Token) -> Iterator[_Run]:
    assert token.map is not None
    first = token.map[0] + (2 if token.type in ("fence", "colon_fence") else 1)
    for number, line in enumerate(token.content.split("\n"), first):
        if match := _RUN.match(line):
            yield _Run(number, match["marks"], match["info"])


def is_python_cell(source: str) -> bool:
    """Say whether a cell's code is valid Python, and not the other language of ``%%bash`` and the like."""
    try:
        return not parse(source).opaque
    except CodeError:
        return False


def is_closed(token: Token, lines: list[str]) -> bool:
    """Say whether the last line of a fence is its end, and not that of the block around it or the file."""
    assert token.map is not None
    start, end = token.map
    closing = lines[end - 1].strip() if end - 1 > start else ""
    return closing.startswith(token.markup) and not closing.strip(token.markup[0])


def fence_fault(token: Token, lines: list[str]) -> str | None:
    """Return what to do about a fence that is never closed; None if it is.

    Args:
        token: The fence: a listing, a directive, a tab block.
        lines: All lines of the file.
    """
    info, runs = token.info.strip(), list(_runs(token))
    own = [run for run in runs if run.is_like(token) and run.info]
    if is_literal(info):  # which may show how a block begins
        own = [run for run in own if _OURS.match(run.info)]
    if not own and is_closed(token, lines):
        return None
    before = [run for run in runs if not own or run.line < own[0].line]
    return _hint(token, own, [run for run in before if token.markup.startswith(run.marks) and not run.info])


def cell_fault(token: Token, lines: list[str], code: str, first: int) -> str | None:
    """Return what to do about a code cell that is never closed; None if it is.

    ``code`` is what it holds from the line ``first`` on, below options and tab mark. In a string of
    Python, any line may look like a fence.
    """
    runs = list(_runs(token))
    if is_closed(token, lines) and (not runs or is_python_cell(code)):
        return None
    above = {run: "\n".join(code.split("\n")[: max(0, run.line - first)]) for run in runs}
    mistaken = [run for run in runs if run.marks[0] == token.markup[0] and is_python_cell(above[run])]
    own = [run for run in runs if run.info and (run.is_like(token) or run.info.startswith("{"))]
    if not (own or mistaken) and is_closed(token, lines):
        return None  # the code is at fault, and checked later
    return _hint(token, own, [run for run in mistaken if not run.info.startswith("{")])


def _hint(token: Token, own: list[_Run], mistaken: list[_Run]) -> str:
    if mistaken:
        run = mistaken[0]
        why = f"nothing may follow '{run.marks}'" if run.is_like(token) else f"it needs '{token.markup}'"
        return f"line {run.line} does not end it: {why} there"
    hint = f"end it with a line '{token.markup}'"
    if not own:
        return hint
    may_belong = f", or begin it with more '{token.markup[0]}' if that belongs inside"
    where = f"{hint} above line {own[0].line}, where another block begins"
    alone = _OURS.match(own[0].info) or token.info.strip().startswith("{code-cell}")
    return where if alone else where + may_belong


def other_fault(token: Token, extensions: frozenset[str]) -> tuple[int, str, str] | None:
    """Return line, message and hint for a formula or a piece of HTML that is never closed; None if it is.

    ``extensions`` are those of MyST that the file is read with.
    """
    if token.map is None:
        return None
    first = token.map[0] + 1
    if token.type == "html_block":
        for begin, end in _HTML_ENDS:
            if re.match(begin, token.content.lstrip(), re.IGNORECASE) and end not in token.content:
                what = "comment" if end == "-->" else "piece of HTML"
                return first, f"this {what} is never closed", f"end it with '{end}'" + "…" * (end == "</")
    if token.type in ("math_block", "math_block_label", "amsmath"):
        inside = next((run for run in _runs(token) if run.info), None)
        if inside:
            return first, _OPEN_FORMULA, f"end it above line {inside.line}, where a block begins"
        if token.type != "amsmath" and (match := _FORMULA.search(token.content, 1)):
            line = first + token.content.count("\n", 0, match.start())
            return first, _OPEN_FORMULA, f"end it above line {line}, where the next one begins"
    return _formula_as_text(token, first, extensions) if token.type == "inline" else None


def _formula_as_text(token: Token, first: int, extensions: frozenset[str]) -> tuple[int, str, str] | None:
    """Return line, message and hint for a formula that became a paragraph since it has no end."""
    text = _NO_MATHS.sub("", token.content)
    match = _FORMULA.search(text) if "dollarmath" in extensions and text.count("$$") % 2 else None
    if match:
        line = first + text.count("\n", 0, match.start())
        return line, _OPEN_FORMULA, "end it with '$$', without empty lines inside"
    begun = _ENVIRONMENT.match(text) if "amsmath" in extensions else None
    if begun and f"\\end{{{begun[1]}}}" not in text:
        return first, _OPEN_FORMULA, f"end it with '\\end{{{begun[1]}}}', without empty lines inside"
    return None
