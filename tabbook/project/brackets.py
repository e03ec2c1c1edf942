"""Lines that go on inside brackets keep their place under the bracket when it moves.

A rewriting carries marks through the text: one behind each opening bracket, one at the start
of each line inside brackets. `align_lines` reads them in the new text, where brackets may
stand elsewhere, and takes them out.
"""

import re

from tabbook.code import CodeCell, Rewriter
from tabbook.lexemes import lexemes

# No Python source holds these marks: a null byte is not allowed in it.
_OPENING = re.compile("\0\\(([0-9]+)\0")
_START = re.compile("([ \t]*)\0([<|])([0-9]+)\0")
_ANY = re.compile("\0[^\0]+\0")
# What may follow on the line of a bracket that its content hangs below.
_NOTHING = re.compile(r"[ \t\f]*(?:[\n#\\]|\Z)")
_INDENT = re.compile(r"[ \t\f]*(?=[^ \t\f\n\\])")


def mark_brackets(code: CodeCell, rewriter: Rewriter) -> dict[int, str]:
    """Let ``rewriter`` carry the marks of ``code``; return that of each bracket, by its place."""
    marks: dict[int, str] = {}
    stack: list[tuple[str, int]] = []  # each open bracket's number and the column behind it
    for kind, start, end, _ in lexemes(code.text):
        if kind == "open":
            column = start - code.offset(code.line_of(start), 0)
            stack.append((str(len(marks)), -1 if _NOTHING.match(code.text, end) else column + 1))
            marks[start] = f"\0({len(marks)}\0"
            text = code.text[start:end] + marks[start]
            rewriter.add(start, end, lambda text=text: text)  # type: ignore[misc]
        elif kind == "close" and stack:
            stack.pop()
        elif stack and code.text[end - 1] == "\n" and (indent := _INDENT.match(code.text, end)):
            number, under = stack[-1]
            text = indent[0] + f"\0{'<' if len(indent[0]) == under else '|'}{number}\0"
            rewriter.add(end, indent.end(), lambda text=text: text)  # type: ignore[misc]
    return marks


def plain(text: str) -> str:
    """Return ``text`` without marks."""
    return _ANY.sub("", text)


def align_lines(text: str) -> str:
    """Return ``text`` without marks, its lines where their brackets are now."""
    lines: list[str] = []
    under: dict[str, int] = {}  # for each bracket the column behind it
    moves: dict[str, tuple[int, int]] = {}  # and its line's old indent, and how far that has moved
    for line in text.split("\n"):
        shift, old = 0, len(line) - len(line.lstrip(" \t"))
        if start := _START.match(line):
            indent, kind, number = start.groups()
            if kind == "<" and number in under:
                shift = under[number] - old
            elif number in moves and old >= moves[number][0]:
                shift = moves[number][1]
            line = (" " * max(0, old + shift) if shift else indent) + line[start.end() :]
        for bracket in _OPENING.finditer(line):
            under[bracket[1]] = len(plain(line[: bracket.start()]))
            moves[bracket[1]] = old, shift
        lines.append(plain(line))
    return "\n".join(lines)
