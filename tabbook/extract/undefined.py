"""The names that a library module uses and does not have: readers would get a ``NameError``.

Pyflakes finds plain names. It says nothing of attributes, and ``d2l.f`` in saved code is the
module's own ``f``.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tabbook.code import bound_names, imported_name


@dataclass(order=True, frozen=True, slots=True)
class Undefined:
    """A name, as it is written (``f``, ``d2l.f``), that is not there in the line that uses it.

    ``is_bound`` says that the module has it elsewhere.
    """

    line: int
    name: str
    is_bound: bool


def undefined(text: str, package: str) -> tuple[Undefined, ...]:
    """Return the names that the module ``text`` uses where they are not defined, in its order.

    ``package`` is the name by which the module knows itself.
    """
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    bound = {*bound_names(tree.body), *(name for node in nodes for name in _bound(node, package))}
    places = set(_plain(tree))
    if not bound & {"*", "__getattr__"} and sum(_renames(node, package) for node in nodes) == 1:
        tried = {id(part) for node in nodes for part in _tried(node)}
        others = (node for node in nodes if id(node) not in tried)
        places |= {place for node in others for place in _attribute(node, package, bound)}
    return tuple(sorted(Undefined(line, name, name in bound) for line, name in places))


def _plain(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each plain name that is not defined there."""
    from pyflakes.checker import Checker  # not at the top: where nothing changed, it is not needed
    from pyflakes.messages import UndefinedName

    class NamesThatRun(Checker):
        """Pyflakes without annotations in quotes: nothing evaluates them, and not all are Python."""

        def handleStringAnnotation(self, *_args: Any) -> None:  # noqa: N802 (pyflakes' name)
            """Leave an annotation in quotes alone."""

    for message in NamesThatRun(tree, withDoctest=False).messages:
        if isinstance(message, UndefinedName):
            yield message.lineno, message.message_args[0]


def _bound(node: ast.AST, package: str) -> Iterable[str]:
    """Return the names that a node may give to the module, wherever it is."""
    match node:
        case ast.Global(names=names):
            return names
        case ast.Attribute(value=ast.Name(id=root), attr=name, ctx=ast.Store()) if root == package:
            return [name]
        case ast.Call(
            func=ast.Name(id="setattr" | "hasattr"),
            args=[ast.Name(id=root), ast.Constant(value=str(name)), *_],
        ) if root == package:
            return [name]  # set there, or asked for before it is used
    return ()


def _renames(node: ast.AST, package: str) -> bool:
    """Say whether a node gives the name ``package`` a meaning; the module itself does so once."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return name == package
        case ast.alias():
            return imported_name(node) == package
    return False


def _tried(node: ast.AST) -> Iterable[ast.AST]:
    """Return the parts of a ``try`` that handles missing attributes."""
    if isinstance(node, ast.Try) and any("AttributeError" in ast.dump(one) for one in node.handlers):
        return (part for statement in node.body for part in ast.walk(statement))
    return ()


def _attribute(node: ast.AST, package: str, bound: set[str]) -> Iterable[tuple[int, str]]:
    match node:
        case ast.Attribute(value=ast.Name(id=root), attr=name, ctx=ast.Load()) if root == package:
            return [] if name in bound or name.startswith("__") else [(node.lineno, f"{root}.{name}")]
    return ()
