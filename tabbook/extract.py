"""Stage 3: the statements of a cell that are marked ``#@save``, whole and by syntax.

The tree says where statements begin and end, the tokens say what is a comment: a mark in a
string is text, and text in column 0 of a string ends nothing.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tabbook.code import Code, CodeError
from tabbook.config import BookSettings
from tabbook.errors import ExtractError, Fault, TabbookError
from tabbook.model import Section
from tabbook.project import selected_cells

_MARK = re.compile(r"#\s*@save\b")
_MARK_AND_BLANKS = re.compile(r"[ \t]*#\s*@save\b[ \t]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where saved code stands in the book; ``cell`` counts the section's code cells from 1."""

    path: str
    cell: int
    line: int
    label: str | None


@dataclass(frozen=True, slots=True)
class Saved:
    """One saved statement, as it goes into the library.

    ``source`` begins in column 0, with the comments right above the statement and without the
    mark. ``names`` are what it defines. ``into`` is the class that a method belongs to.
    """

    kind: Literal["import", "definition", "method", "statement"]
    source: str
    names: tuple[str, ...]
    origin: Origin
    into: str | None = None


def extract(section: Section, tab: str) -> tuple[Saved, ...]:
    """Return what ``section`` saves for ``tab``, in order.

    Raises:
        ProjectError: A cell is not valid Python for the tab.
        ExtractError: A mark stands where it can mean nothing.
    """
    order = {cell.index: number for number, cell in enumerate(section.code_cells, 1)}
    saved: list[Saved] = []
    faults: list[Fault] = []
    for cell in selected_cells(section, tab):
        if cell.kind == "code" and "@save" in cell.source:
            origin = Origin(section.path, order[cell.index], cell.line, section.label)
            try:
                saved += extract_code(cell.source, origin)
            except CodeError as error:
                message = f"{error} (for {tab})"
                faults.append(Fault(section.path, cell.line + error.line - 1, message))
    if faults:
        raise ExtractError(faults)
    return tuple(saved)


def extract_code(source: str, origin: Origin) -> list[Saved]:
    """Return what the code of one cell saves.

    Raises:
        CodeError: The code is not Python, or a mark stands where it can mean nothing.
    """
    code = Code(source)
    if code.opaque:
        return []
    marks = {line: column for line, (column, text) in code.comments.items() if _MARK.match(text)}
    marked: set[int] = set()
    body = code.tree.body
    for line, column in marks.items():
        alone = not code.lines[line - 1][:column].strip()
        inside = next((i for i, node in enumerate(body) if _first(node) <= line <= _last(node)), None)
        if inside is not None:
            if line > _header_end(code, body[inside]):
                hint = "put it on the header of the statement at the margin, or take it away"
                raise CodeError(f"a #@save inside a body saves nothing; {hint}", line)
            marked.add(inside)
        elif alone:
            marked.update(_run_below(code, body, line))
    return [_saved(code, body[number], marks, origin) for number in sorted(marked)]


def _first(node: ast.stmt) -> int:
    """Return a statement's first line, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _header_end(code: Code, node: ast.stmt) -> int:
    """Return the last line where a mark belongs to the statement itself."""
    body = getattr(node, "body", None)
    if not isinstance(body, list) or not body:
        return _last(node)
    # The header ends where the first line of the body begins; a comment between is the body's.
    first = _first(body[0])
    line = _first(node) if first <= node.lineno else first - 1
    while line > node.lineno and not code.lines[line - 1].split("#")[0].strip():
        line -= 1
    return max(line, node.lineno)


def _run_below(code: Code, body: Sequence[ast.stmt], line: int) -> Iterator[int]:
    """Yield the statements that a mark on a line of its own covers."""
    following = [i for i, node in enumerate(body) if _first(node) > line]
    if not following or any(not text.strip() for text in code.lines[line : _first(body[following[0]]) - 1]):
        raise CodeError("a #@save with no statement right below it saves nothing", line)
    end = line
    for number in following:
        node = body[number]
        if any(not text.strip() for text in code.lines[end : _first(node) - 1]):
            return
        yield number
        end = _last(node)


def _saved(code: Code, node: ast.stmt, marks: dict[int, int], origin: Origin) -> Saved:
    first, last = _first(node), _last(node)
    while first > 1 and code.lines[first - 2].startswith("#") and first - 1 not in code.string_lines:
        first -= 1  # comments right above the statement explain it
    last = _trailing_comments(code, node, last)
    lines = []
    for number in range(first, last + 1):
        line = code.lines[number - 1]
        if number in marks:
            column = marks[number]
            line = (line[:column].rstrip() + _MARK_AND_BLANKS.sub("  ", line[column:])).rstrip()
            if not line.strip():
                continue
        lines.append(line)
    place = Origin(origin.path, origin.cell, origin.line + _first(node) - 1, origin.label)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return Saved("import", "\n".join(lines), _bound(node), place)
    target = _added_to(node)
    if target:
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        text = _without_decorator("\n".join(lines))
        return Saved("method", text, (node.name,), place, target)
    kind: Literal["definition", "statement"] = "definition" if _bound(node) else "statement"
    return Saved(kind, "\n".join(lines), _bound(node), place)


def _trailing_comments(code: Code, node: ast.stmt, last: int) -> int:
    """Return a compound statement's last line with the indented comments that end its body."""
    if not hasattr(node, "body"):
        return last
    end = last
    for number in range(last + 1, len(code.lines) + 1):
        line = code.lines[number - 1]
        if line.strip() and not (line[:1].isspace() and line.lstrip().startswith("#")):
            break
        end = number if line.strip() else end
    return end


def _bound(node: ast.stmt) -> tuple[str, ...]:
    """Return the names that a statement defines at the top of a module."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return (node.name,)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return tuple((alias.asname or alias.name).split(".")[0] for alias in node.names)
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    leaves = (leaf for target in targets for leaf in ast.walk(target))
    return tuple(dict.fromkeys(leaf.id for leaf in leaves if isinstance(leaf, ast.Name) and _stored(leaf)))


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def is_adder(node: ast.expr) -> bool:
    """Say whether a decorator is ``add_to_class(C)``, of the library or the section's own."""
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name == "add_to_class"


def _added_to(node: ast.stmt) -> str | None:
    """Return the class that a function is added to."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    for decorator in node.decorator_list:
        if is_adder(decorator):
            assert isinstance(decorator, ast.Call)
            target = decorator.args[0]
            return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", None)
    return None


def _without_decorator(source: str) -> str:
    """Return a function's source without its ``add_to_class``; other decorators stay."""
    code = Code(source)
    function = next(
        node for node in code.tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    adder = next(d for d in function.decorator_list if is_adder(d))
    first, last = adder.lineno, adder.end_lineno or adder.lineno
    return "\n".join([*code.lines[: first - 1], *code.lines[last:]])


def extract_book(sections: Sequence[Section], book: BookSettings) -> dict[str, tuple[Saved, ...]]:
    """Return for each tab what the whole book saves, in the book's order.

    Raises:
        TabbookError: The faults of every section and tab, together.
    """
    faults: list[Fault] = []
    result: dict[str, tuple[Saved, ...]] = {}
    for tab in book.tabs:
        saved: list[Saved] = []
        for section in sections:
            if tab in section.tabs:
                try:
                    saved += extract(section, tab)
                except TabbookError as error:
                    faults += error.faults
        result[tab] = tuple(saved)
    if faults:
        raise ExtractError(faults)
    return result
