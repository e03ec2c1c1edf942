"""Portable names inside f-strings, whose places in the tree may be wrong.

Before Python 3.12 an f-string is one token, and where its expressions stand is worked out afterwards.
So nothing is taken on trust: an expression counts as found where the text says just what the tree
says, and what was made of the cell must say the same between its expressions as before.
"""

import ast
import re
from collections import Counter

from tabbook.code import CodeCell
from tabbook.lexemes import has_old_fstrings
from tabbook.project.names import Use

_FSTRING = re.compile(r"""[fF][rR]?["']""")


def fstrings(code: CodeCell) -> dict[int, ast.JoinedStr]:
    """Return the outermost f-string around each node that is in one, by the node's identity."""
    outermost: dict[int, ast.JoinedStr] = {}
    if not _FSTRING.search(code.text):
        return outermost
    for string in ast.walk(code.tree):  # outer ones come first
        if isinstance(string, ast.JoinedStr) and id(string) not in outermost:
            outermost |= {id(node): string for node in ast.walk(string)}
    return outermost


def is_found(code: CodeCell, use: Use, string: ast.JoinedStr | None) -> bool:
    """Say whether the positions of ``use``, which may be in ``string``, are right in the tree.

    If the name is called, the positions of the call are checked, too.
    """
    if string is None:
        return True
    nodes: list[ast.expr] = [use.node]
    if isinstance(use.parent, ast.Call) and use.parent.func is use.node:
        call = use.parent
        nodes += [call, *call.args, *(keyword.value for keyword in call.keywords)]
    try:
        first, last = code.start(string), code.end(string)
        for node in nodes:
            start, end = code.start(node), code.end(node)
            said = ast.parse(code.text[start:end], mode="eval").body
            if not first < start < end < last or ast.dump(said) != ast.dump(node):
                return False
    except (SyntaxError, ValueError, IndexError):
        return False
    return True


def say_the_same(tree: ast.AST, made: str) -> bool:
    """Say whether the f-strings of the code ``made`` are those of ``tree``, their expressions aside."""
    try:
        # Not a quotation mark of the string in the framework's own way: its Python may be 3.11.
        return has_old_fstrings(made) and _said(tree) == _said(ast.parse(made))
    except (SyntaxError, ValueError):
        return False


def _said(tree: ast.AST) -> Counter[tuple[object, ...]]:
    return Counter(
        tuple(
            (part.conversion, part.format_spec is None)
            if isinstance(part, ast.FormattedValue)
            else ast.dump(part)
            for part in string.values
        )
        for string in ast.walk(tree)
        if isinstance(string, ast.JoinedStr)
    )
