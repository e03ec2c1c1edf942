"""Portable names: ``d2l.tanh`` is ``torch.tanh`` in one framework and ``tf.tanh`` in another.

The configuration gives each name, for each tab, one of three ways, written as Python:

- an attribute: ``torch.tanh``;
- a method of the first argument: ``x.sum(...)``;
- an expression over the arguments: ``lambda a: a.numel()``.

The library defines the names (:func:`definition`); the book's cells show what they stand for
(``tabbook.project.idioms``), since a reader should see the framework's own idiom.
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from tabbook.code import CodeCell, parse


@dataclass(frozen=True, slots=True)
class Idiom:
    """One framework's way of a portable name.

    ``text`` is the way as it was written. ``subject`` is the receiver's name in a method, and
    ``body`` what follows it: ``.sum`` for ``x.sum(...)``.
    """

    kind: Literal["attribute", "method", "expression"]
    text: str
    subject: str = ""
    body: str = ""


def parse_idiom(text: str) -> Idiom:
    """Return the way that ``text`` describes.

    Raises:
        ValueError: It is none of the three.
    """
    text = " ".join(text.split("\n")).strip()
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{text!r} is not Python: {error.msg}") from error
    if isinstance(node, ast.Attribute) and _root(node):
        return Idiom("attribute", text)
    if isinstance(node, ast.Call) and not node.keywords and isinstance(node.func, ast.Attribute):
        root, given = _root(node.func), [getattr(argument, "value", None) for argument in node.args]
        if root and given == [...]:
            return Idiom("method", text, root, text[len(root) : text.rindex("(")].rstrip())
    if isinstance(node, ast.Lambda) and not node.args.kwarg:
        return Idiom("expression", text)
    raise ValueError(f"{text!r} is not an attribute (np.tanh), a method (x.sum(...)) or a lambda")


def _root(node: ast.expr) -> str | None:
    """Return the name at the start of a chain of attributes and calls."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else None


def definition(name: str, way: Idiom) -> str:
    """Return the statement that defines ``name`` in the library."""
    if way.kind == "method":
        arguments = f"{way.subject}, *args, **kwargs"
        return f"{name} = lambda {arguments}: {way.subject}{way.body}(*args, **kwargs)"
    return f"{name} = {way.text}"


def template_of(way: Idiom) -> ast.Lambda:
    """Return the lambda of an expression."""
    statement = parse(way.text).tree.body[0]
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Lambda)
    return statement.value


@cache
def roots(way: Idiom) -> frozenset[str]:
    """Return the names that a way needs from its surroundings, such as ``torch``."""
    tree = ast.parse(way.text, mode="eval").body
    nodes = list(ast.walk(tree))
    bound = {way.subject} | {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    return frozenset({node.id for node in nodes if isinstance(node, ast.Name)} - bound - set(dir(builtins)))


_CLOSED = frozenset({ast.Name, ast.Constant, ast.alias, ast.Load, ast.Store})
"""Nodes that hold no attribute."""


class Use(NamedTuple):
    """An attribute of the library in some code, such as ``d2l.tanh``, and the nodes above it."""

    node: ast.Attribute
    parent: ast.AST
    grandparent: ast.AST


@lru_cache(maxsize=256)
def uses(code: CodeCell, package: str) -> tuple[Use, ...]:
    """Return the attributes of ``package`` in ``code``, in their order."""
    return tuple(_uses(code.tree, package))


def _uses(tree: ast.AST, package: str) -> Iterator[Use]:
    waiting: list[tuple[ast.AST, ast.AST, ast.AST]] = [(tree, tree, tree)]
    while waiting:
        node, parent, grandparent = waiting.pop()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == package and isinstance(node.ctx, ast.Load):
                yield Use(node, parent, grandparent)
        else:
            below = [child for child in ast.iter_child_nodes(node) if type(child) not in _CLOSED]
            waiting += [(child, node, parent) for child in reversed(below)]
