"""Which of the library's symbols some code names, by syntax; and why it may use any, where it may."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import normalize

from tabbook.code import CodeError, parse

_DYNAMIC = frozenset({"globals", "eval", "exec", "__import__"})
_DYNAMIC_ATTRIBUTES = frozenset({"__globals__", "f_globals", "__subclasses__", "import_module"})
_DYNAMIC_WORDS = frozenset({*_DYNAMIC, *_DYNAMIC_ATTRIBUTES, "modules"})
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Uses:
    """The symbols that some code names; ``whole`` says why it may use any, or is empty.

    ``others`` says that it may use other modules of the library's package as well.
    """

    names: frozenset[str]
    whole: str = ""
    others: bool = False

    def __or__(self, other: "Uses") -> "Uses":
        return Uses(self.names | other.names, self.whole or other.whole, self.others or other.others)


NOTHING = Uses(frozenset())


def cells_use(cells: Iterable[str], package: str, module: str) -> Uses:
    """Return what the code cells of one notebook use of the library ``package.module``."""
    aliases: set[str] = set()
    uses = NOTHING
    # Python takes other letters for those of ASCII that they stand for, as this form does.
    worded = [(source, set(_WORD.findall(normalize("NFKC", source)))) for source in cells]
    try:
        for source, words in worded:
            if package in words:
                for node in ast.walk(parse(source).tree):
                    if isinstance(node, ast.Import):
                        uses |= _plain_import(node, package, module, aliases)
                    elif isinstance(node, ast.ImportFrom) and not node.level:
                        uses |= _import_from(node, package, module, aliases)
        telling = {package, *aliases, *_DYNAMIC_WORDS}
        for source, words in worded:
            if words & telling:
                code = parse(source)
                uses |= names_used(code.tree, aliases, frozenset())
                for magic in [code.text] if code.opaque else code.magics:
                    uses |= _magic_uses(magic, aliases, package)
    except CodeError:
        return Uses(frozenset(), "a cell is not valid Python", others=True)
    return uses


def _plain_import(node: ast.Import, package: str, module: str, aliases: set[str]) -> Uses:
    uses = NOTHING
    for alias in node.names:
        if alias.name == f"{package}.{module}" and alias.asname:
            aliases.add(alias.asname)
        elif alias.name.split(".")[0] == package:
            uses |= Uses(frozenset(), f"import {alias.name}", others=True)
    return uses


def _import_from(node: ast.ImportFrom, package: str, module: str, aliases: set[str]) -> Uses:
    uses = NOTHING
    if node.module == f"{package}.{module}":
        for alias in node.names:
            if alias.name == "*":
                uses |= Uses(frozenset(), f"from {node.module} import *")
            else:
                uses |= Uses(frozenset({alias.name}))
    elif (node.module or "").split(".")[0] == package:
        for alias in node.names:
            if node.module == package and alias.name == module:
                aliases.add(alias.asname or alias.name)
            else:
                uses |= Uses(frozenset(), f"from {node.module} import {alias.name}", others=True)
    return uses


def _magic_uses(magic: str, aliases: set[str], package: str) -> Uses:
    """Return what an IPython command, or a cell in another language, may use."""
    words = set(re.findall(r"\w+", magic))
    if not words & {*aliases, package}:
        return NOTHING
    if package in words and (package not in aliases or "import" in words):
        return Uses(frozenset(), f"a magic names {package}", others=True)
    uses = NOTHING
    for name in map(re.escape, sorted(aliases)):
        uses |= Uses(frozenset(re.findall(rf"\b{name}\.(\w+)", magic)))
        if re.search(rf"\b{name}\b(?!\.\w)", magic):
            uses |= Uses(frozenset(), f"a magic names {name}")
    return uses


def names_used(tree: ast.AST, aliases: set[str], known: frozenset[str]) -> Uses:
    """Return the names of ``known`` and the attributes of ``aliases`` that occur in ``tree``."""
    names: set[str] = set()
    whole = ""
    qualified: set[int] = set()
    for node in ast.walk(tree):  # breadth first: an attribute comes before the name it is of
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in aliases:
                qualified.add(id(node.value))
                if node.attr.startswith("__"):
                    whole = whole or f"uses {node.value.id}.{node.attr}"
                names.add(node.attr)
            elif node.attr in _DYNAMIC_ATTRIBUTES:
                whole = whole or f"uses {node.attr}"
            elif node.attr == "modules" and names_in(node.value) == {"sys"}:
                whole = whole or "uses sys.modules"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id in aliases and id(node) not in qualified:
                whole = whole or f"uses {node.id} as a value"
            if node.id in known:
                names.add(node.id)
            if node.id in _DYNAMIC:
                whole = whole or f"calls {node.id}"
        elif isinstance(node, ast.Global):
            names.update(known.intersection(node.names))
    return Uses(frozenset(names), whole)


def names_in(node: ast.AST) -> set[str]:
    """Return every plain name in ``node``."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
