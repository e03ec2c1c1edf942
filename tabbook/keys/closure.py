"""Which of the library's code a job can run: found in the text, directly or through other code.

The library is a set of symbols: its functions, classes, values, imports. A job uses those that
its cells name, and whatever those name in turn, through bodies, decorators, bases, defaults.
Every name counts as a use, even where a local variable hides it: a symbol too many costs a run,
one too few would publish outputs that the code no longer gives. Where the text does not say
which symbol is meant (``getattr(d2l, name)``, ``from d2l.torch import *``), or a string names the
package and may be run as code, all of them are.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tabbook.code import CodeCell, bound_names, imported_name
from tabbook.keys.key import library_code, sha256
from tabbook.keys.uses import NOTHING, Uses, names_in, names_used, reason_of, strings_use
from tabbook.statement_lines import first_line

ALWAYS = "(import)"
"""The name for statements that run on import and define nothing."""

MISSING = "missing"
"""The hash of a symbol that a job names and the library does not have."""

_PURE_MODULES = frozenset(
    [
        "abc", "collections", "contextlib", "copy", "dataclasses", "datetime", "enum",
        "functools", "hashlib", "itertools", "logging", "math", "operator", "pathlib", "re",
        "string", "types", "typing",
    ]
)  # fmt: skip
_CALLING = frozenset({"reduce", "sub", "subn"})
"""Functions of those modules that call what they are given."""
_PURE_BUILTINS = frozenset(
    [
        "bool", "bytes", "classmethod", "complex", "dict", "float", "frozenset", "int", "len",
        "list", "object", "property", "range", "set", "slice", "staticmethod", "str", "super",
        "tuple", "type",
    ]
)  # fmt: skip
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class _Symbol:
    uses: Uses = NOTHING
    parts: dict[str, list[str]] = field(default_factory=dict)


class LibraryIndex:
    """The symbols of one library module, what each uses, and the hash of each part of them."""

    def __init__(self, text: str, package: str) -> None:
        self.package = package
        code = CodeCell(text)
        self._symbols: dict[str, _Symbol] = {}
        self._always: set[str] = {ALWAYS}
        body = code.tree.body
        statements = [node for node in body if not _says_nothing(node, package)]
        self._imported = _imported(statements)
        self._known = frozenset(bound_names(statements)) - {package}
        self._own = self._known - self._imported.keys()
        self._mutable = frozenset(_containers(statements))
        self._watching = self._watchers(statements)
        for node in statements:
            names = self._defined(node)
            uses = names_used(node, {package}, self._known) | strings_use(node, package)
            for name in names or (ALWAYS,):
                symbol = self._symbols.setdefault(name, _Symbol())
                symbol.uses |= uses
                for part, source in _parts(code, name, node):
                    symbol.parts.setdefault(part, []).append(source)
            if self._runs_on_import(node):
                self._always.update(names)
        self._add_effects(statements)
        self._hashes = {name: _hashes(symbol) for name, symbol in self._symbols.items()}

    def _defined(self, node: ast.stmt) -> tuple[str, ...]:
        """Return the names that a statement defines, or whose container it fills: ``HUB[x] = y``."""
        names = [name for name in bound_names([node]) if name != self.package]
        filled = (name for target in _filled(node) if (name := self._container(target)))
        return tuple(dict.fromkeys([*names, *filled]))

    def _container(self, target: ast.expr) -> str:
        """Return the name of the library's container that an assignment to ``target`` fills, if any."""
        value = target.value if isinstance(target, ast.Subscript | ast.Attribute) else target
        return value.id if isinstance(value, ast.Name) and value.id in self._mutable else ""

    def _runs_on_import(self, node: ast.stmt) -> bool:
        """Say whether importing the module for any of its symbols may have effects through ``node``."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            return any(alias.name == "*" for alias in node.names)
        if isinstance(node, _Function):
            return node.name in ("__getattr__", "__dir__")
        if isinstance(node, ast.ClassDef):
            return False
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return True
        if not all(map(self._container, _filled(node))):
            return True
        calls = (part for part in _evaluated(node) if isinstance(part, ast.Call))
        return any(not self._is_pure(call.func) and self._root(call.func) not in self._own for call in calls)

    def _root(self, node: ast.expr) -> str:
        """Return the name that an expression starts with; of ``d2l.f`` that is ``f``."""
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                if isinstance(node.value, ast.Name) and node.value.id == self.package:
                    return node.attr
                node = node.value
            elif isinstance(node, ast.Call):
                node = node.func
            elif isinstance(node, ast.Subscript):
                node = node.value
            else:
                return ""
        return node.id

    def _is_pure(self, node: ast.expr) -> bool:
        """Say whether calling ``node`` is known to change nothing but what it returns."""
        root = self._root(node)
        if (node.attr if isinstance(node, ast.Attribute) else root) in _CALLING:
            return False
        if root in self._imported:
            return self._imported[root] in _PURE_MODULES
        return root in _PURE_BUILTINS and root not in self._known

    def _called(self, node: ast.stmt) -> frozenset[str]:
        """Return the library's own symbols that a statement runs, or gives to others, on import."""
        symbols: set[str] = set()
        for part in _evaluated(node):
            ran: list[ast.expr] = []
            if isinstance(part, ast.Call) and not self._is_pure(part.func):
                ran = [part]
            elif isinstance(part, _Function | ast.ClassDef):
                ran = [decorator for decorator in part.decorator_list if not self._is_pure(decorator)]
            if isinstance(part, ast.ClassDef):
                ran += [key.value for key in part.keywords if key.arg == "metaclass"]
                symbols |= {root for root in map(self._root, part.bases) if root in self._watching}
            for expression in ran:
                symbols |= names_used(expression, {self.package}, self._known).names
        return frozenset(symbols & self._own)

    def _watchers(self, statements: Iterable[ast.stmt]) -> frozenset[str]:
        """Return the classes that learn of their subclasses, or whose metaclass does."""
        classes = [node for node in statements if isinstance(node, ast.ClassDef)]
        watching: set[str] = set()
        for node in (*classes, *classes):  # twice, as a base class may be defined below
            if (
                any(isinstance(child, _Function) and child.name == "__init_subclass__" for child in node.body)
                or any(key.arg == "metaclass" for key in node.keywords)
                or any(self._root(base) in watching for base in node.bases)
            ):
                watching.add(node.name)
        return frozenset(watching)

    def _add_effects(self, statements: Iterable[ast.stmt]) -> None:
        """Count what a statement defines as used wherever what it calls on import is used.

        ``@register`` may put a class where others find it without naming it: in a table, say.
        """
        for node in statements:
            names = self._defined(node)
            called = self._called(node) - set(names)
            if called and names:
                for name in self.closure(Uses(called)).names & self._own - set(names):
                    self._symbols[name].uses |= Uses(frozenset(names))

    def closure(self, uses: Uses) -> Uses:
        """Return ``uses`` with all that those symbols use in turn, and what every import runs."""
        symbols: set[str] = set()
        waiting = {*uses.names, *(self._always & self._symbols.keys())}
        reached = replace(uses, names=frozenset())
        while waiting:
            name = waiting.pop()
            symbols.add(name)
            if symbol := self._symbols.get(name):
                waiting |= symbol.uses.names - symbols
                reached |= replace(
                    symbol.uses, names=frozenset(), whole_because=reason_of(name, symbol.uses.whole_because)
                )
        if reached.bare and reached.imports:
            why = reached.whole_because or f"strings may be joined to import {self.package}"
            reached = replace(reached, whole_because=why, others=True)
        return replace(reached, names=frozenset(symbols))

    def hashes(self, uses: Uses) -> dict[str, str]:
        """Return the hash of every part of what ``uses`` can run, by ``symbol`` or ``Class.method``."""
        if not uses:
            return {}
        reached = self.closure(uses)
        names: Iterable[str] = {*reached.names, *self._symbols} if reached.whole_because else reached.names
        result: dict[str, str] = {}
        for name in names:
            result |= self._hashes.get(name, {name: MISSING})
        return result

    @property
    def symbols(self) -> frozenset[str]:
        """The names of all symbols."""
        return frozenset(self._symbols)


def _parts(code: CodeCell, name: str, node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield the source of a statement, a class's methods apart from the rest of it."""
    lines = dict(enumerate(code.lines[first_line(node) - 1 : node.end_lineno], first_line(node)))
    if isinstance(node, ast.ClassDef):
        for child in node.body:
            if isinstance(child, _Function) and child.lineno > node.lineno:
                own = [
                    lines.pop(n) for n in range(first_line(child), (child.end_lineno or 0) + 1) if n in lines
                ]
                yield f"{name}.{child.name}", "\n".join(own)
    yield name, "\n".join(lines.values())


def _hashes(symbol: _Symbol) -> dict[str, str]:
    return {part: sha256("\n".join(map(library_code, sources))) for part, sources in symbol.parts.items()}


def _says_nothing(node: ast.stmt, package: str) -> bool:
    """Say whether a statement of the module is a docstring, its list of names, or its own name."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.AugAssign):
        return ast.unparse(node.target) == "__all__"
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] in (
        ["__all__"],
        [package],
    )


def _imported(statements: Iterable[ast.stmt]) -> dict[str, str]:
    """Return the names that import statements bind, with the top module that each comes from."""
    modules = {}
    for node in statements:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                module = (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
                modules[imported_name(alias)] = module.split(".")[0]
    return modules


def _containers(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names of classes, functions and literal containers: objects that no other name is for."""
    for node in statements:
        if isinstance(node, _Function | ast.ClassDef):
            yield node.name
        elif (
            isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        ):
            value = node.value.func if isinstance(node.value, ast.Call) else node.value
            if isinstance(value, ast.Dict | ast.List | ast.Set) or names_in(value) & _PURE_BUILTINS:
                yield node.targets[0].id


def _filled(node: ast.stmt) -> list[ast.expr]:
    """Return the targets of an assignment that are parts of something: ``a[0]``, ``a.b``."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [
        part
        for target in targets
        for part in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])
        if isinstance(part, ast.Subscript | ast.Attribute)
    ]


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module is imported: not the bodies of functions."""
    yield node
    if isinstance(node, _Function):
        inside: Iterable[ast.AST | None] = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
    elif isinstance(node, ast.Lambda):
        inside = [*node.args.defaults, *node.args.kw_defaults]
    else:
        inside = ast.iter_child_nodes(node)
    for child in filter(None, inside):
        yield from _evaluated(child)


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what differs between two records of hashes: (name, changed | new | gone), by name."""
    words = []
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            words.append((name, "new" if name not in before else "gone" if name not in after else "changed"))
    return words
