"""Lines that go on inside brackets keep their place under the bracket when it moves.

A rewriting carries marks through the text: one behind each opening bracket, one at the start
of each line inside brackets. :func:`settle` reads them in the new text, where brackets may
stand elsewhere, and takes them out.
"""

import re
import tokenize

from tabbook.code import Code, Rewriter

# No Python source holds these marks: a null byte is not allowed in it.
_OPENING = re.compile("\0\\(([0-9]+)\0")
_START = re.compile("([ \t]*)\0([<|])([0-9]+)\0")
_ANY = re.compile("\0[^\0]+\0")
_LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def mark(code: Code, rewriter: Rewriter) -> dict[int, str]:
    """Let ``rewriter`` carry the marks of ``code``; return that of each bracket, by its place."""
    marks: dict[int, str] = {}
    stack: list[tuple[str, int]] = []  # each open bracket's number and the column behind it
    row = 1
    tokens = [token for token in code.tokens if token.type not in _LAYOUT]
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        (line, column), place = token.start, code.offset(token.start[0], 0)
        if stack and line > row:
            number, under = stack[-1]
            text = token.line[:column] + f"\0{'<' if column == under else '|'}{number}\0"
            rewriter.add(place, place + column, lambda text=text: text)  # type: ignore[misc]
        row = token.end[0]
        if token.type != tokenize.OP:
            continue
        if token.string in "([{":
            hangs = following is None or following.start[0] > line or following.type == tokenize.COMMENT
            stack.append((str(len(marks)), -1 if hangs else column + 1))
            marks[place + column] = f"\0({len(marks)}\0"
            text = token.string + marks[place + column]
            rewriter.add(place + column, place + column + 1, lambda text=text: text)  # type: ignore[misc]
        elif token.string in ")]}" and stack:
            stack.pop()
    return marks


def plain(text: str) -> str:
    """Return ``text`` without marks."""
    return _ANY.sub("", text)


def settle(text: str) -> str:
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
