"""The import statements at the top of a library module: merged, sorted, without repeats."""

import ast
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tabbook.code import parse
from tabbook.extract.pieces import Piece
from tabbook.extract.saved import Saved

_MAX_LINE_CHARACTERS = 88


@dataclass(order=True, frozen=True, slots=True)
class _Import:
    """One imported name; ``part`` is what follows ``import``.

    Comments stand ``above`` its statement, ``behind`` it, or ``inside`` on the name's own line.
    """

    group: int
    is_from: bool
    module: str
    part: str
    above: str = field(default="", compare=False)
    behind: str = field(default="", compare=False)
    inside: str = field(default="", compare=False)
    saved: Saved | None = field(default=None, compare=False)


def import_pieces(saved: Iterable[Saved], package: str) -> list[Piece]:
    """Return the imports of a module, and that of ``sys``, without those of ``package`` itself."""
    imports: dict[_Import, _Import] = {}
    for item in [_Import(1, False, "sys", "sys"), *(i for s in saved for i in _imports(s, package))]:
        if item.above or item.behind or item.inside or item not in imports:
            imports[item] = item
    pieces, group = list[Piece](), None
    for statement in _statements(sorted(imports.values(), key=_order)):
        if group not in (None, statement[0].group):
            pieces.append(Piece("\n"))
        sources = tuple(dict.fromkeys(item.saved for item in statement if item.saved))
        pieces.append(Piece(_written(statement), "saved" if sources else "frame", sources))
        group = statement[0].group
    return pieces


def _order(item: _Import) -> tuple[int, bool, str, str, str, str]:
    return (
        item.group,
        item.is_from,
        item.module.lower(),
        item.above + item.behind,
        item.part.lower(),
        item.part,
    )


def _imports(saved: Saved, package: str) -> Iterable[_Import]:
    code = parse(saved.source)
    node = code.tree.body[0]
    above = saved.source[: code.start(node)]
    assert isinstance(node, ast.Import | ast.ImportFrom)
    for alias in node.names:
        is_from = isinstance(node, ast.ImportFrom)
        module = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        if module.split(".")[0] == package:
            continue
        part = alias.name + (f" as {alias.asname}" if alias.asname else "")
        behind = code.comments.get(node.end_lineno or 0, (0, ""))[1]
        is_own = node.end_lineno not in (node.lineno, alias.end_lineno)
        inside = code.comments.get(alias.end_lineno or 0, (0, ""))[1] if is_own else ""
        yield _Import(_group(module), is_from, module, part, above, behind, inside, saved)


def _statements(items: Sequence[_Import]) -> Iterable[list[_Import]]:
    """Yield the names that one statement imports: of one module, with one comment."""
    statement: list[_Import] = []
    for item in items:
        last = statement[-1] if statement else None
        if last and (not item.is_from or _head(last) != _head(item)):
            yield statement
            statement = []
        statement.append(item)
    if statement:
        yield statement


def _head(item: _Import) -> tuple[str, bool, bool, str, str]:
    return item.module, item.is_from, item.part == "*", item.above, item.behind


def _written(statement: Sequence[_Import]) -> str:
    item = statement[0]
    parts = [item.part for item in statement]
    line = f"from {item.module} import {', '.join(parts)}" if item.is_from else f"import {item.part}"
    if len(line) > _MAX_LINE_CHARACTERS or any(item.inside for item in statement):
        rows = (f"    {item.part},{'  ' if item.inside else ''}{item.inside}\n" for item in statement)
        line = f"from {item.module} import (\n{''.join(rows)})"
    return f"{item.above}{line}{'  ' if item.behind else ''}{item.behind}\n"


def _group(module: str) -> int:
    """Return the group of a module's imports: the future, the standard library, the others."""
    top = module.split(".", maxsplit=1)[0]
    if top == "__future__":
        return 0
    return 1 if top in sys.stdlib_module_names else 2
