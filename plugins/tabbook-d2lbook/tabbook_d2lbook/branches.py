"""Branches as d2lbook cuts them, line by line, to see where that differs from what they say.

d2lbook looks for lines with ``if`` and ``tab.selected`` and shifts what is indented below. For
nested branches the result is not what Python would say, and books have come to rely on it: what
was published and executed is the lines' reading. Where that reading is valid Python, and the
conditions are of the plain kind that d2lbook understands, it is kept.
"""

import ast
from collections.abc import Sequence

from tabbook.code import CodeCell, CodeError, parse
from tabbook.project.branches import select
from tabbook.project.conditions import asking_nodes, asks, is_question, questions


def by_lines(source: str, tab: str) -> str:
    """Return the code that d2lbook makes of a cell for ``tab``."""
    kept: list[str] = []
    state, margin = "outside", 0
    for line in source.split("\n"):
        indent = len(line) - len(line.lstrip())
        if "if" in line and "tab.selected" in line:
            state = "chosen" if f'"{tab}"' in line or f"'{tab}'" in line else "other"
            margin = indent
            continue
        if state != "outside" and line.strip() and indent <= margin:
            state = "outside"
        if state == "outside":
            kept.append(line)
        elif state == "chosen":
            kept.append(line[4:])
    return "\n".join(kept)


def published_readings(source: str, tabs: Sequence[str]) -> dict[str, str]:
    """Return, by tab, d2lbook's reading of a cell where it is the one to keep.

    There is none for a tab where ours says the same.

    Raises:
        CodeError: The cell is not valid Python, or its branches cannot be chosen.
    """
    ours = {tab: select(source, tab) for tab in tabs}
    if "tab.selected" not in source or not _may_differ(parse(source)):
        return {}
    readings: dict[str, str] = {}
    for tab in tabs:
        lines = by_lines(source, tab).rstrip()
        try:
            theirs = parse(lines)
        except CodeError:
            continue
        if ast.dump(theirs.tree) != ast.dump(parse(ours[tab]).tree):
            readings[tab] = lines
    return readings


def _may_differ(code: CodeCell) -> bool:
    """Say whether all conditions are of the plain kind, and something makes lines and syntax differ.

    Plain is ``if tab.selected(…):``, perhaps with ``or``, and no more. Lines and syntax differ in
    branches within branches, in those not indented by four, and in strings of several lines.
    """
    asked, differs = 0, bool(code.string_lines)
    for node in asking_nodes(code.tree):
        if not isinstance(node, ast.If) or not asks(node.test):
            continue
        parts = node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]
        is_or = not isinstance(node.test, ast.BoolOp) or isinstance(node.test.op, ast.Or)
        on_one_line = node.lineno == node.test.end_lineno and node.body[0].lineno > node.lineno
        if node.orelse or not is_or or not on_one_line or not all(map(is_question, parts)):
            return False
        asked += len(parts)
        differs |= any(map(asks, node.body)) or node.body[0].col_offset != node.col_offset + 4
    return differs and asked == sum(1 for _ in questions(code.tree))
