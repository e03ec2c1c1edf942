"""The lines of a statement in a cell, and those on which a mark ``#@save`` belongs to it."""

import ast

from tabbook.code import CodeCell


def first_line(node: ast.stmt) -> int:
    """Return a statement's first line, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def last_line(node: ast.stmt) -> int:
    """Return a statement's last line."""
    return node.end_lineno or node.lineno


def header_end(code: CodeCell, node: ast.stmt) -> int:
    """Return the last line where a mark belongs to the statement itself."""
    body = getattr(node, "body", None)
    if not isinstance(body, list) or not body:
        return last_line(node)
    first = first_line(body[0])
    if first == body[0].lineno and code.lines[first - 1][: body[0].col_offset].strip():
        return last_line(node)  # the body goes on behind the header
    # A comment between header and body is the body's.
    line = first - 1
    while line > node.lineno and not code.lines[line - 1].split("#")[0].strip():
        line -= 1
    return line
