"""Where the library's symbols come from: the sections that save them, to the line."""

import ast
from collections.abc import Callable
from functools import cache

from tabbook.book import Book
from tabbook.code import parse
from tabbook.config import CONFIG_FILE
from tabbook.extract.saved import Saved
from tabbook.statement_lines import first_line


def _lines(saved: Saved) -> dict[str, int]:
    """Return the line in the section of each name, and each method, that ``saved`` defines."""
    if saved.into:
        return {f"{saved.into}.{saved.names[0]}": saved.origin.line}
    lines = dict.fromkeys(saved.names, saved.origin.line)
    node = parse(saved.source).tree.body[-1]
    if not isinstance(node, ast.ClassDef):
        return lines
    # Saved source begins with comments; the origin is the statement's first line.
    first = first_line(node)
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            lines[f"{saved.names[0]}.{child.name}"] = saved.origin.line + child.lineno - first
    return lines


def symbol_places(book: Book, tab: str) -> Callable[[str], str]:
    """Return what says where a symbol of the library for ``tab`` is written, as ``path:line``.

    It returns an empty text for what the library does not have. The sections are searched when
    it is first asked.
    """

    @cache
    def found() -> dict[str, str]:
        named = {
            name: f"{CONFIG_FILE}:{book.settings_line('names', name, tab)}"
            for name, ways in book.settings.names.items()
            if tab in ways
        }
        for saved in book.saved[tab]:
            named |= {name: f"{saved.origin.path}:{line}" for name, line in _lines(saved).items()}
        return named

    return lambda name: found().get(name, "")
