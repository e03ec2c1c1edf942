"""Names that a section's code uses although nothing defines them: in the library, or in its cells.

Found in the text, per framework, without running anything. Where the text does not say what a
name means (a star import, ``globals()``, a library alias that is assigned to), nothing is reported:
a false fault would stop an author who did nothing wrong.
"""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tabbook.code import CodeCell, bound_names, imported_name, names_bound_by, parse
from tabbook.config import BookSettings
from tabbook.model import Cell, Section
from tabbook.project.projection import is_verbatim, selected_cells

OWN_CELLS = ""
"""The section's own cells, in place of a library module's name."""
OWN_MODULE = "."
"""The tab's library module, whose name differs from tab to tab."""
STAR = "*"
"""Among the names of a module: it may have any name."""

_BUILTINS = frozenset(dir(builtins)) | {"display", "get_ipython", "In", "Out", "exit", "quit", "__class__"}
_BUILTINS |= {"_ih", "_oh", "_dh", "_exit_code"}  # which IPython keeps, too
_NUMBERED = re.compile(r"_+i{0,3}\d*|__\w+__|__ipython_\d+__")
_ANY_NAME = frozenset({"globals", "exec", "vars", "locals", "get_ipython"})
_ANY_MAGIC = re.compile(r"%{1,2}(?:run|pylab|load|loadpy|store|macro|px|rerun|recall)\b")
_CODE_MAGIC = re.compile(r"%{1,2}(?:timeit|time|prun|memit|mprun|lprun)\b")
_GUARDS = frozenset({"AttributeError", "NameError", "ImportError", "ModuleNotFoundError", "Exception"})


@dataclass(frozen=True, slots=True, order=True)
class NeededName:
    """A name that code needs, of a library module or of the section's own cells.

    ``module`` is the name of that module, or `OWN_MODULE` or `OWN_CELLS`. Without a ``name``, the module
    itself is needed. ``shown`` is what the code says.
    """

    line: int
    module: str
    name: str
    shown: str


def names_needed(section: Section, tab: str, book: BookSettings) -> tuple[NeededName, ...]:
    """Return the names that the cells of ``tab`` use but do not define, each once per line, in order.

    Cells that may be wrong, by their tags, may name what nothing defines.

    Raises:
        ProjectError: The section cannot be reduced to ``tab``.
    """
    codes = [(cell, parse(cell.source)) for cell in _python_cells(section, tab)]
    scope = _Scope(book.library.package, book.tabs[tab].module)
    for _, code in codes:
        scope.read(code)
    needed: set[NeededName] = set()
    for cell, code in codes:
        if not cell.may_be_wrong:
            finder = _Finder(scope)
            finder.read(code)
            needed |= _in_file(section, cell, finder.needed)
    return tuple(sorted(needed))


def _python_cells(section: Section, tab: str) -> list[Cell]:
    cells = selected_cells(section, section.code_cells, tab)
    return [cell for cell in cells if not is_verbatim(cell)]


def _in_file(section: Section, cell: Cell, needed_names: Sequence[NeededName]) -> set[NeededName]:
    """Return what was found in a cell with the lines of the file in place of the cell's own."""
    if not needed_names:
        return set()
    lines = section.lines_of(cell)
    return {
        NeededName(lines[min(one.line, len(lines)) - 1], one.module, one.name, one.shown)
        for one in needed_names
    }


@dataclass
class _Scope:
    """What the cells of one notebook define, and which of their names are library modules."""

    package: str
    module: str
    aliases: dict[str, str] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    given: set[tuple[str, str]] = field(default_factory=set)
    """Attributes that the cells set on a name, or test for: ``(name, attribute)``."""
    is_open: bool = False
    """Whether the cells may define names that the text does not show."""
    annotations_wait: bool = False
    """Whether annotations are evaluated only on request (PEP 563)."""

    def read(self, code: CodeCell) -> None:
        for magic in [code.text] if code.opaque else code.magics:
            self.is_open |= _ANY_MAGIC.match(magic.lstrip()) is not None
            # A magic may define any of its words; code in one defines what is left of a sign.
            is_code = _CODE_MAGIC.match(magic.lstrip())
            self.bound.update(re.findall(r"\w+(?=\s*[,=])" if is_code else r"\w+", magic))
        for node in ast.walk(code.tree):
            self._read(node)

    def _read(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
            return
        self.bound.update(names_bound_by(node))
        if isinstance(node, ast.Name):
            self.is_open |= node.id in _ANY_NAME
        elif isinstance(node, ast.Attribute):
            if not isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
                self.given.add((node.value.id, node.attr))
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
            # sys.modules["__main__"] is where the cells' own names are.
            self.is_open |= node.value.attr == "modules" and ast.unparse(node.slice) == "'__main__'"
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.arg):
            self.bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self.bound.add(node.name)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        origin = (node.module or "") if isinstance(node, ast.ImportFrom) else None
        for alias in node.names:
            self.annotations_wait |= (origin, alias.name) == ("__future__", "annotations")
            if alias.name == "*":
                self.is_open = True
            elif origin == self.package:
                self.aliases[alias.asname or alias.name] = alias.name
            elif origin is None and alias.asname and alias.name.startswith(f"{self.package}."):
                self.aliases[alias.asname] = alias.name.partition(".")[2]
            else:
                self.bound.add(imported_name(alias))

    def _call(self, node: ast.Call) -> None:
        """Note what ``hasattr(d2l, "x")`` and the like say of the library."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("hasattr", "setattr", "getattr") and len(node.args) > (2 if name == "getattr" else 1):
            of, asked = node.args[:2]
            if isinstance(of, ast.Name) and isinstance(asked, ast.Constant):
                self.given.add((of.id, str(asked.value)))
            elif isinstance(of, ast.Name) and name == "setattr":
                self.given.add((of.id, STAR))
        # Code that looks a name up before it uses it, as in `if "x" in dir()`, expects to miss it.
        elif name in ("dir", "vars"):
            self.is_open |= not node.args
            self.given |= {(of.id, STAR) for of in node.args if isinstance(of, ast.Name)}

    def module_of(self, name: str) -> str | None:
        """Return the library's module that ``name`` refers to; None if it is, or may be, something else."""
        if name in self.bound or (name, STAR) in self.given:
            return None
        return self.aliases.get(name, self.module if name == self.package else None)

    def is_known(self, name: str) -> bool:
        """Say whether the cells define ``name`` somewhere, or may do so."""
        return (
            self.is_open
            or name in self.bound
            or name in self.aliases
            or name in _BUILTINS
            or any((module, name) in self.given for module in ("builtins", "__main__"))
            or name == self.package  # portable names need no import
            or _NUMBERED.fullmatch(name) is not None
        )


class _Finder(ast.NodeVisitor):
    """Collects what a cell needs, but for code that is ready for the name to be missing."""

    def __init__(self, scope: _Scope) -> None:
        self.scope = scope
        self.needed: list[NeededName] = []

    def read(self, code: CodeCell) -> None:
        self.visit(code.tree)
        for number, magic in enumerate(code.magics):
            if _CODE_MAGIC.match(magic.lstrip()):
                line = code.magic_line(number)
                for alias, name in re.findall(r"\b(\w+)\.([A-Za-z_]\w*)", magic):
                    self._attribute(alias, name, line)

    def _attribute(self, alias: str, name: str, line: int) -> None:
        module = self.scope.module_of(alias)
        if module is not None and (alias, name) not in self.scope.given and not name.startswith("__"):
            self._add(line, module, name, f"{alias}.{name}")

    def _add(self, line: int, module: str, name: str, shown: str) -> None:
        self.needed.append(
            NeededName(line, OWN_MODULE if module == self.scope.module else module, name, shown)
        )

    def generic_visit(self, node: ast.AST) -> None:
        """Visit what is in a node, except for annotations that nothing evaluates."""
        unread = ("annotation", "returns") if self.scope.annotations_wait else ()
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if name not in unread and isinstance(child, ast.AST):
                    self.visit(child)

    def visit_Try(self, node: ast.Try) -> None:
        caught = [part for handler in node.handlers for part in _caught(handler)]
        guarded = [] if _GUARDS.intersection(caught) else node.body
        for child in (*guarded, *node.handlers, *node.orelse, *node.finalbody):
            self.visit(child)

    def visit_With(self, node: ast.With) -> None:
        """Pass over the body of ``with suppress(NameError)``, ``raises(AttributeError)`` and the like."""
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        expected = {arg.id for call in calls for arg in call.args if isinstance(arg, ast.Name)}
        for child in (*node.items, *(() if expected & _GUARDS else node.body)):
            self.visit(child)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            self._attribute(node.value.id, node.attr, node.end_lineno or node.lineno)
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) == 2:
            of, name = node.args
            if isinstance(of, ast.Name) and isinstance(name, ast.Constant):
                self._attribute(of.id, str(name.value), name.lineno)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and not self.scope.is_known(node.id):
            self.needed.append(NeededName(node.lineno, OWN_CELLS, node.id, node.id))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            package, _, module = alias.name.partition(".")
            if package == self.scope.package and module:
                self._add(node.lineno, module, "", alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        package, _, module = (node.module or "").partition(".")
        if node.level or package != self.scope.package:
            return
        for alias in node.names:
            shown = f"{node.module}.{alias.name}"
            if not module:
                self._add(alias.lineno, alias.name, "", shown)
            elif alias.name != "*":
                self._add(alias.lineno, module, alias.name, shown)


def _caught(handler: ast.ExceptHandler) -> Iterator[str]:
    """Yield the names of the exceptions that ``handler`` catches; a bare one catches all."""
    if handler.type is None:
        yield "Exception"
    else:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        yield from (kind.id for kind in kinds if isinstance(kind, ast.Name))


def module_names(text: str, package: str) -> frozenset[str]:
    """Return the names that a module of the library has; ``STAR`` is among them if it may have any.

    ``package`` is how the module calls itself.

    Raises:
        CodeError: The text is not Python.
    """
    tree = parse(text).tree
    names = set(bound_names(tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            names.add(STAR)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)  # d2l.x = …: an attribute too many costs nothing
        elif isinstance(node, ast.Name) and node.id in ("globals", "exec"):
            names.add(STAR)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            names |= {STAR} if ast.unparse(node.args[0]) == package else set()
    return frozenset(names | ({STAR} if "__getattr__" in names else set()))


def is_missing(needed: NeededName, own: str, modules: Mapping[str, frozenset[str]]) -> bool:
    """Say whether ``modules``, the library's names by module, lack what is needed; ``own`` is the tab's."""
    if needed.module == OWN_CELLS:
        return True
    names = modules.get(own if needed.module == OWN_MODULE else needed.module)
    if names is None:  # the import of that module is the fault
        return not needed.name
    return bool(needed.name) and not {needed.name, STAR} & names


def bound_in_cells(section: Section, tab: str) -> dict[str, int]:
    """Return the names that the cells of ``tab`` define, but for imports, with the line of each.

    Raises:
        ProjectError: The section cannot be reduced to ``tab``.
    """
    name_lines: dict[str, int] = {}
    for cell in _python_cells(section, tab):
        lines = section.lines_of(cell)
        for node in parse(cell.source).tree.body:
            for name in () if isinstance(node, ast.Import | ast.ImportFrom) else bound_names([node]):
                name_lines.setdefault(name, lines[node.lineno - 1])
    return name_lines
