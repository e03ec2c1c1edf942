"""What is wrong with a section's code, found without running any of it."""

import ast
import sys
import warnings
from collections.abc import Iterable, Iterator

from tabbook.code import CodeCell, CodeError, line_map, names_bound_by, not_python, parse
from tabbook.config import BookSettings
from tabbook.errors import Fault
from tabbook.model import Cell, Projection, Section
from tabbook.project.branches import select
from tabbook.project.conditions import asked_tabs, questions, unanswerable, unanswerable_text
from tabbook.project.names import roots, uses
from tabbook.project.projection import code_fault, idioms_of, is_verbatim, project
from tabbook.pythons import own_version, version_order
from tabbook.read.section import unknown_tab


def check_section(section: Section, book: BookSettings, *, imports: bool = True) -> list[Fault]:
    """Return the faults of the code of every cell, for every tab that the section has.

    ``imports`` asks whether cells import what portable names become.
    """
    faults = [fault for cell in section.code_cells for fault in _check_cell(section, cell, book)]
    if imports and not faults:
        for tab in section.tabs:
            faults += _check_roots(project(section, tab, book), book)
    return faults


def _check_cell(section: Section, cell: Cell, book: BookSettings) -> Iterator[Fault]:
    if "selected" not in cell.source and _compiles(cell.source):
        return
    try:
        code = parse(cell.source)
    except CodeError as error:
        error.hint = _newer_python(cell.tabs or section.tabs, book) or error.hint
        errors = list(unanswerable_text(cell.source)) if cell.may_be_wrong else [error]
        yield from (code_fault(section, cell, code_error) for code_error in errors)
        return
    errors = list(unanswerable(code)) or ([] if cell.may_be_wrong else list(_compile_errors(code)))
    yield from (code_fault(section, cell, code_error) for code_error in errors)
    if errors or "selected" not in cell.source:
        return
    for call in questions(code.tree):
        for name in asked_tabs(call):
            if name not in book.tabs:
                message, hint = unknown_tab(name, section.tabs, tuple(book.tabs))
                yield code_fault(section, cell, CodeError(message, call.lineno, hint))


def _newer_python(tabs: Iterable[str], book: BookSettings) -> str:
    """Return what to do about code that may be too new for the Python that runs tabbook, if it may be."""
    named = {tab: python for tab in tabs if (python := book.tabs[tab].python)}
    newest = max(named, key=lambda tab: version_order(named[tab]), default=None)
    if newest is None or version_order(named[newest]) <= sys.version_info[:2]:
        return ""
    return (
        f"correct it; if it is valid in Python {named[newest]}, which the tab {newest} has, run tabbook"
        f" with that (this is Python {own_version()})"
    )


def _compile(code: str | ast.Module) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(code, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def _compiles(text: str) -> bool:
    """Say whether ``text`` is Python as it is, without commands; making its tree takes twice as long."""
    try:
        _compile(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _compile_errors(code: CodeCell) -> Iterator[CodeError]:
    """Yield what Python finds only when it compiles, such as ``return`` outside a function."""
    try:
        _compile(code.tree)
    except SyntaxError as error:
        if "__future__" not in error.msg:  # commands may come above it
            yield not_python(error)


def _check_roots(projection: Projection, book: BookSettings) -> Iterator[Fault]:
    """Yield the names such as ``torch`` that rewritten code needs and no cell of the section has."""
    section, tab, package = projection.section, projection.tab, book.library.package
    ways = idioms_of(tab, book)
    cells = [cell for cell in projection.code_cells if not is_verbatim(cell)]
    nodes = [node for cell in cells for node in ast.walk(parse(cell.source).tree)]
    bound = {name for node in nodes for name in names_bound_by(node)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    if "*" in bound:
        return
    bound.add(package)
    for cell in cells:
        source = section.cells[cell.index].source
        if f"{package}." not in source:
            continue
        chosen = select(source, tab)
        loaded = {node.id for node in ast.walk(parse(cell.source).tree) if isinstance(node, ast.Name)}
        for node, _, _ in uses(parse(chosen), package):
            if not (way := ways.get(node.attr)):
                continue
            for root in sorted((roots(way) & loaded) - bound):
                line = line_map(source, chosen, cell.line)[node.lineno - 1]
                message = f"{package}.{node.attr} becomes {way.text} for {tab}, but no cell imports {root}"
                yield Fault(section.path, line, message, f"import it in a cell for {tab}")
                bound.add(root)  # once is enough
