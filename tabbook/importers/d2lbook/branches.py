"""Branches as d2lbook cuts them, line by line, to see where that differs from what they say.

d2lbook looks for lines with ``if`` and ``tab.selected`` and shifts what is indented below. For
nested branches the result is not what Python would say, and books have come to rely on it: what
was published and executed is the lines' reading. Where that reading is valid Python, and the
conditions are of the plain kind that d2lbook understands, it is kept.
"""

import ast

from tabbook.branches import select
from tabbook.code import Code, CodeError
from tabbook.conditions import is_question, questions


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


def published_reading(source: str, tab: str) -> str | None:
    """Return d2lbook's reading of a cell where it is the one to keep; None where ours says the same.

    Raises:
        CodeError: The cell is not valid Python, or its branches cannot be chosen.
    """
    ours = select(source, tab)
    if "tab.selected" not in source:
        return None
    code = Code(source)
    if not _is_plain(code):
        return None
    lines = by_lines(source, tab)
    try:
        theirs = Code(lines)
    except CodeError:
        return None
    if ast.dump(theirs.tree) == ast.dump(Code(ours).tree):
        return None
    return lines.rstrip()


def _is_plain(code: Code) -> bool:
    """Say whether all conditions are ``if tab.selected(…)``, perhaps with ``or``, and no more."""
    count = 0
    for node in ast.walk(code.tree):
        if not isinstance(node, ast.If) or not any(questions(node.test)):
            continue
        parts = node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]
        is_or = not isinstance(node.test, ast.BoolOp) or isinstance(node.test.op, ast.Or)
        on_one_line = node.lineno == node.test.end_lineno and node.body[0].lineno > node.lineno
        if node.orelse or not is_or or not on_one_line or not all(map(is_question, parts)):
            return False
        count += len(parts)
    return count == sum(1 for _ in questions(code.tree))
