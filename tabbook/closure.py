"""Which of the library's code a job can run: found in the text, directly or through other code.

The library is a set of symbols: its functions, classes, values, imports. A job uses those that
its cells name, and whatever those name in turn, through bodies, decorators, bases, defaults.
Every name counts as a use, even where a local variable hides it: a symbol too many costs a run,
one too few would publish outputs that the code no longer gives. Where the text does not say
which symbol is meant (``getattr(d2l, name)``, ``from d2l.torch import *``), all of them are.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tabbook.code import Code, CodeError
from tabbook.keys import library_code, sha256

ALWAYS = "(import)"
"""Stands for the statements that run on import and define nothing."""

MISSING = "missing"
"""The hash of a symbol that a job names and the library does not have."""

_DYNAMIC = frozenset({"globals", "eval", "exec", "__import__", "import_module"})


@dataclass(frozen=True, slots=True)
class Uses:
    """The symbols that some code names; ``whole`` says why it may use any, or is empty."""

    names: frozenset[str]
    whole: str = ""

    def __or__(self, other: "Uses") -> "Uses":
        return Uses(self.names | other.names, self.whole or other.whole)


NOTHING = Uses(frozenset())


@dataclass(slots=True)
class _Symbol:
    uses: Uses = NOTHING
    parts: dict[str, list[str]] = field(default_factory=dict)


class LibraryIndex:
    """The symbols of one library module, what each uses, and the hash of each part of them."""

    def __init__(self, text: str, package: str) -> None:
        self.text = text
        self._code = Code(text)
        self._symbols: dict[str, _Symbol] = {}
        statements = [(node, _defined(node)) for node in self._code.tree.body]
        known = frozenset(name for _, names in statements for name in names)
        for node, names in statements:
            if names in ((package,), ("__all__",)):
                continue  # the module itself, under the name that its users give it
            uses = _uses(node, {package}, known - {package})
            for name in names or (ALWAYS,):
                symbol = self._symbols.setdefault(name, _Symbol())
                symbol.uses |= uses
                for part, source in self._parts(name, node):
                    symbol.parts.setdefault(part, []).append(source)

    def _parts(self, name: str, node: ast.stmt) -> Iterator[tuple[str, str]]:
        """Yield the source of a statement, a class's methods apart from the rest of it."""
        lines = dict(enumerate(self._code.lines[_first(node) - 1 : node.end_lineno], _first(node)))
        if isinstance(node, ast.ClassDef):
            for child in node.body:
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child.lineno > node.lineno:
                    own = [
                        lines.pop(n) for n in range(_first(child), (child.end_lineno or 0) + 1) if n in lines
                    ]
                    yield f"{name}.{child.name}", "\n".join(own)
        yield name, "\n".join(lines.values())

    def closure(self, uses: Uses) -> Uses:
        """Return ``uses`` with all that those symbols use in turn."""
        found: set[str] = set()
        waiting = {*uses.names, *({ALWAYS} & self._symbols.keys())}
        whole = uses.whole
        while waiting:
            name = waiting.pop()
            found.add(name)
            symbol = self._symbols.get(name)
            if symbol:
                whole = whole or (symbol.uses.whole and f"{name} {symbol.uses.whole}")
                waiting |= symbol.uses.names - found
        return Uses(frozenset(found), whole)

    def hashes(self, uses: Uses) -> dict[str, str]:
        """Return the hash of every part of what ``uses`` can run, by ``symbol`` or ``Class.method``."""
        if not uses.names and not uses.whole:
            return {}
        reached = self.closure(uses)
        names: Iterable[str] = self._symbols if reached.whole else reached.names
        result: dict[str, str] = {}
        for name in names:
            symbol = self._symbols.get(name)
            if symbol is None:
                result[name] = MISSING
                continue
            for part, sources in symbol.parts.items():
                result[part] = sha256("\n".join(library_code(source) for source in sources))
        return result

    @property
    def symbols(self) -> frozenset[str]:
        """The names of all symbols."""
        return frozenset(self._symbols)


def cells_use(cells: Iterable[str], package: str, module: str) -> Uses:
    """Return what the code cells of one notebook use of the library ``package.module``."""
    aliases: set[str] = set()
    direct: dict[str, str] = {}
    trees: list[ast.AST] = []
    magics: list[str] = []
    whole = ""
    for source in cells:
        try:
            code = Code(source)
        except CodeError:
            return Uses(frozenset(), "a cell is not valid Python")
        trees.append(code.tree)
        magics += code.magics if not code.opaque else [code.text]
        for node in ast.walk(code.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name == f"{package}.{module}" and alias.asname:
                        aliases.add(alias.asname)
                    elif alias.name.split(".")[0] == package:
                        whole = whole or f"import {alias.name}"
            elif isinstance(node, ast.ImportFrom) and node.module == package:
                for alias in node.names:
                    if alias.name == module:
                        aliases.add(alias.asname or alias.name)
                    else:
                        whole = whole or f"from {package} import {alias.name}"
            elif isinstance(node, ast.ImportFrom) and node.module == f"{package}.{module}":
                for alias in node.names:
                    if alias.name == "*":
                        whole = whole or f"from {node.module} import *"
                    else:
                        direct[alias.asname or alias.name] = alias.name
    uses = Uses(frozenset(direct.values()), whole)
    for tree in trees:
        uses |= _uses(tree, aliases, frozenset())
    for name in map(re.escape, sorted(aliases)):
        for magic in magics:
            uses |= Uses(frozenset(re.findall(rf"\b{name}\.(\w+)", magic)))
            if re.search(rf"\b{name}\b(?!\.)", magic):
                uses |= Uses(frozenset(), f"a magic names {name}")
    if aliases or direct or whole:
        return uses
    return NOTHING


def _uses(tree: ast.AST, aliases: set[str], known: frozenset[str]) -> Uses:
    """Return the names of ``known`` and the attributes of ``aliases`` that occur in ``tree``."""
    names: set[str] = set()
    whole = ""
    qualified: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            qualified.add(id(node.value))
            if node.attr == "__dict__":
                whole = whole or f"uses {node.value.id}.__dict__"
            names.add(node.attr)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id in aliases and id(node) not in qualified:
                whole = whole or f"uses {node.id} as a value, line {node.lineno}"
            if node.id in known:
                names.add(node.id)
            if node.id in _DYNAMIC:
                whole = whole or f"calls {node.id}, line {node.lineno}"
        elif isinstance(node, ast.Attribute) and node.attr == "modules" and _is_name(node.value, "sys"):
            whole = whole or f"uses sys.modules, line {node.lineno}"
    return Uses(frozenset(names), whole)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _defined(node: ast.stmt) -> tuple[str, ...]:
    """Return the names that a statement of a module defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return (node.name,)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return tuple((alias.asname or alias.name).split(".")[0] for alias in node.names)
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        leaves = (leaf for leaf in ast.walk(node) if isinstance(leaf, ast.Name))
        return tuple(dict.fromkeys(leaf.id for leaf in leaves if isinstance(leaf.ctx, ast.Store)))
    return ()


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what differs between two records of hashes: (name, changed | new | gone), by name."""
    words = []
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            words.append((name, "new" if name not in before else "gone" if name not in after else "changed"))
    return words
