"""Stage 3: the statements of a cell that are marked ``#@save``, whole and by syntax.

The tree says where statements begin and end, the tokens say what is a comment: a mark in a
string is text, and text in column 0 of a string ends nothing.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from tabbook.code import CodeCell, CodeError, bound_names, parse
from tabbook.config import BookSettings
from tabbook.errors import ExtractError, Fault, TabbookError
from tabbook.model import Section
from tabbook.project.projection import code_fault, is_verbatim, selected_cells
from tabbook.statement_lines import first_line, header_end, last_line

__all__ = ["Saved", "extract", "extract_book"]

_Kind = Literal["import", "definition", "method", "statement"]
_MARK = re.compile(r"^#\s*@save\b[ \t]*|(?<=[ \t])#\s*@save[ \t]*$")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in the book saved code is; ``cell`` is the cell's number in `Section.numbers`."""

    path: str
    cell: int
    line: int
    label: str | None


@dataclass(frozen=True, slots=True)
class Saved:
    """One saved statement, as it goes into the library.

    ``source`` begins in column 0, with the comments right above the statement and without the
    mark. ``names`` are what it defines. ``into`` is the class that a method belongs to. ``lines``
    are the lines of the section's file that those of ``source`` come from.
    """

    kind: _Kind
    source: str
    names: tuple[str, ...]
    origin: Origin
    into: str | None = None
    lines: tuple[int, ...] = ()


def extract(section: Section, tab: str) -> tuple[Saved, ...]:
    """Return what ``section`` saves for ``tab``, in order.

    Raises:
        ProjectError: A cell is not valid Python for the tab.
        ExtractError: A mark is where it has no meaning.
    """
    saved: list[Saved] = []
    faults: list[Fault] = []
    numbers = section.numbers
    marked = [cell for cell in section.code_cells if "@save" in cell.source]
    for cell in selected_cells(section, marked, tab):
        if is_verbatim(cell):
            faults += [code_fault(section, cell, error) for error in _marks_in_text(cell.source)]
            continue
        lines = section.lines_of(cell)
        origin = Origin(section.path, numbers[cell.index], cell.line, section.label)
        statements, errors = _extract(cell.source, origin, lines)
        saved += statements
        faults += [Fault(section.path, lines[e.line - 1], str(e), e.hint) for e in errors]
    if faults:
        raise ExtractError(faults)
    return tuple(saved)


def _marks_in_text(source: str) -> Iterator[CodeError]:
    """Yield an error for each mark in a cell that is wrong on purpose: it has no statements to save."""
    for number, line in enumerate(source.split("\n"), 1):
        if _MARK.search(line):
            hint = "save valid code, in a cell of its own"
            yield CodeError("a #@save in a cell that is not valid Python saves nothing", number, hint)


def extract_code(source: str, origin: Origin) -> list[Saved]:
    """Return what the code of one cell saves.

    Raises:
        CodeError: The code is not Python, or a mark is where it has no meaning.
    """
    saved, errors = _extract(source, origin, range(origin.line, origin.line + source.count("\n") + 1))
    for error in errors:
        raise error
    return list(saved)


@lru_cache(maxsize=256)  # most cells save the same for several tabs
def _extract(source: str, origin: Origin, lines: Sequence[int]) -> tuple[list[Saved], list[CodeError]]:
    """Return what a cell saves and what is wrong with its marks; ``lines`` are its lines in the file."""
    code = parse(source)
    if code.opaque:
        return [], []
    body, errors, chosen = code.tree.body, list[CodeError](), set[int]()
    marks = {line: column for line, (column, text) in code.comments.items() if _MARK.search(text)}
    for line in marks:
        inside = next((i for i, node in enumerate(body) if first_line(node) <= line <= last_line(node)), None)
        run = [inside] if inside is not None else list(_run_below(code, body, line))
        if not run:
            hint = "put it on the statement, or on the line right above"
            errors.append(CodeError("a #@save with no statement right below it saves nothing", line, hint))
        elif inside is not None and line > header_end(code, body[inside]):
            hint = "put it on the header of the statement that begins at the margin, or take it away"
            errors.append(CodeError("a #@save inside a body saves nothing", line, hint))
        else:
            chosen.update(run)
    errors += [error for number in sorted(chosen) for error in _unfit(code, number)]
    if errors:
        return [], errors
    places = {i: replace(origin, line=lines[first_line(body[i]) - 1]) for i in sorted(chosen)}
    return [_saved(code, body[number], marks, place, lines) for number, place in places.items()], []


def _unfit(code: CodeCell, number: int) -> Iterator[CodeError]:
    """Yield why a statement cannot be saved, if it cannot."""
    body = code.tree.body
    node = body[number]
    neighbours = [*body[max(0, number - 1) : number], *body[number + 1 : number + 2]]
    if any(
        first_line(other) <= last_line(node) and first_line(node) <= last_line(other) for other in neighbours
    ):
        yield CodeError("a #@save on several statements of one line", node.lineno, "write one on each line")
    names = (part.id for part in ast.walk(node) if isinstance(part, ast.Name)) if code.magics else ()
    if any(name.startswith("__ipython_") for name in names):
        hint = "take the magic or shell command out of what is saved"
        yield CodeError("an IPython command cannot go into the library", node.lineno, hint)


def _run_below(code: CodeCell, body: Sequence[ast.stmt], line: int) -> Iterator[int]:
    """Yield the statements that a mark on a line of its own covers."""
    end = line
    for number, node in enumerate(body):
        if first_line(node) <= line:
            continue
        if any(not text.strip() for text in code.lines[end : first_line(node) - 1]):
            return
        yield number
        end = max(end, last_line(node))


def _saved(
    code: CodeCell, node: ast.stmt, marks: Mapping[int, int], place: Origin, lines: Sequence[int]
) -> Saved:
    first, last = first_line(node), _trailing_comments(code, node)
    while first > 1 and code.lines[first - 2].startswith("#") and first - 1 not in code.string_lines:
        first -= 1  # comments right above the statement explain it
    texts = {n: _without_mark(code.lines[n - 1], marks.get(n)) for n in range(first, last + 1)}
    adder = _adder(node)
    into = _class_of(adder) if adder else None
    if adder and into:  # other decorators stay
        texts |= dict.fromkeys(range(adder.lineno, (adder.end_lineno or adder.lineno) + 1))
    source = "\n".join(text for text in texts.values() if text is not None)
    origins = tuple(lines[n - 1] for n, text in texts.items() if text is not None)
    names = tuple(dict.fromkeys(bound_names([node])))
    return Saved(_kind(node, into), source, names, place, into, origins)


def _kind(node: ast.stmt, into: str | None) -> _Kind:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "import"
    if into:
        return "method"
    return "definition" if any(bound_names([node])) else "statement"


def _without_mark(line: str, column: int | None) -> str | None:
    """Return a line without the mark in its comment, which starts in ``column``; None if none is left."""
    if column is None:
        return line
    note = _MARK.sub("", line[column:]).strip()
    note = f"# {note}" if note and not note.startswith("#") else note
    return f"{line[:column]}{note}".rstrip() or None


def _trailing_comments(code: CodeCell, node: ast.stmt) -> int:
    """Return a statement's last line, with the indented comments that end its body if it has one."""
    last = end = last_line(node)
    if not hasattr(node, "body"):
        return last
    for number in range(last + 1, len(code.lines) + 1):
        line = code.lines[number - 1]
        if line.strip() and not (line[:1].isspace() and line.lstrip().startswith("#")):
            break
        end = number if line.strip() else end
    return end


def is_adder(node: ast.expr) -> bool:
    """Say whether a decorator is ``add_to_class(C)``, of the library or the section's own."""
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name == "add_to_class"


def _adder(node: ast.stmt) -> ast.Call | None:
    """Return the decorator that adds a function to a class, if it has one."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    return next((d for d in node.decorator_list if isinstance(d, ast.Call) and is_adder(d)), None)


def _class_of(adder: ast.Call) -> str | None:
    """Return the class that a decorator adds to."""
    target = adder.args[0]
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", None)


def extract_book(
    sections: Sequence[Section],
    book: BookSettings,
    one: Callable[[Section, str], tuple[Saved, ...]] = extract,
) -> dict[str, tuple[Saved, ...]]:
    """Return for each tab what the whole book saves, in the book's order.

    ``one`` does it for a single section and tab; another one than `extract` may know it already.

    Raises:
        TabbookError: The faults of every section and tab, together.
    """
    faults: list[Fault] = []
    result: dict[str, list[Saved]] = {tab: [] for tab in book.tabs}
    for section in sections:
        for tab in section.library_tabs:
            try:
                result[tab] += one(section, tab)
            except TabbookError as error:
                faults += error.faults
    if faults:
        raise ExtractError(faults)
    return {tab: tuple(saved) for tab, saved in result.items()}
