"""The names that ``from d2l.torch import *`` gives: Python fails on one in ``__all__`` that is not there."""

import ast
from collections.abc import Iterable, Iterator, Sequence

from tabbook.code import bound_names


def star_import_names(statements: Sequence[ast.stmt], package: str) -> tuple[list[str], list[str]]:
    """Return the public names that a module has after these statements, and those that it may have.

    Some depend on what happens during the import: names bound in one branch alone, in a loop, a
    ``with`` or a function that says ``global``, and names that are deleted. What import statements
    bind is not exported, and neither is ``package``, the module's own name in the book.
    """
    statements = [node for node in statements if not isinstance(node, ast.Import | ast.ImportFrom)]
    nodes = [node for statement in statements for node in ast.walk(statement)]
    shared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    lost = {name for node in nodes for name in _unbound(node, package)}
    certain = _certain(statements) - lost
    possible = {*bound_names(statements), *shared} - certain
    return _public(certain - {package}), _public(possible - {package})


def _public(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("_"))


def _certain(statements: Iterable[ast.stmt]) -> set[str]:
    """Return the names that are bound when all these statements have run."""
    return {name for node in statements for name in _binds(node)}


def _binds(node: ast.stmt) -> Iterable[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return bound_names([node])
        case ast.Assign(targets=targets):
            return bound_names(targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target, value=ast.expr()):
            return bound_names([target])
        case ast.If(body=body, orelse=orelse):
            return _certain(body) & _certain(orelse)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
            caught = [_certain(one.body) for one in handlers if not isinstance(one.body[-1], ast.Raise)]
            return _certain([*body, *orelse]).intersection(*caught) | _certain(finalbody)
    return bound_names([node.name]) if type(node).__name__ == "TypeAlias" else ()  # type: ignore[attr-defined]


def _unbound(node: ast.AST, package: str) -> Iterator[str]:
    """Yield the names that a node may take away."""
    match node:
        case ast.Name(id=name, ctx=ast.Del()):
            yield name
        case ast.Attribute(value=ast.Name(id=root), attr=name, ctx=ast.Del()) if root == package:
            yield name
        case ast.ExceptHandler(name=str(name)):
            yield name
