"""Stage 2: a section reduced to one framework, as its readers see, run and download it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from tabbook.code import CodeError, is_python
from tabbook.config import CONFIG_FILE, KEY_PATH, BookSettings
from tabbook.errors import ConfigError, Fault, ProjectError
from tabbook.model import Cell, Projection, Section
from tabbook.project.branches import select
from tabbook.project.conditions import unanswerable_text
from tabbook.project.idioms import rewrite
from tabbook.project.names import Idiom, parse_idiom
from tabbook.yaml_text import find_line

__all__ = ["project"]


@cache
def _way(text: str) -> Idiom:
    return parse_idiom(text)


def idioms_of(tab: str, book: BookSettings) -> Mapping[str, Idiom]:
    """Return the portable names that ``tab`` has, with its way of each."""
    return {name: _way(ways[tab]) for name, ways in book.names.items() if tab in ways}


def check_idioms(book: BookSettings, text: str) -> None:
    """Check every portable name of the configuration, whose text is ``text``.

    Raises:
        ConfigError: A way is none of the three kinds; every such way is named.
    """
    faults = []
    for name, ways in book.names.items():
        for tab, way in ways.items():
            try:
                _way(way)
            except ValueError as error:
                place = (*KEY_PATH, "names", name, tab)
                faults.append(Fault(CONFIG_FILE, find_line(text, place), f"{'.'.join(place)}: {error}"))
    if faults:
        raise ConfigError(faults)


def selected_cells(section: Section, cells: Iterable[Cell], tab: str) -> tuple[Cell, ...]:
    """Return those of ``cells`` that ``tab`` has with its branches chosen, portable names as written.

    This is what the library is made of; :func:`project` is what readers see. ``cells`` are some
    of ``section``, or all.

    Raises:
        ProjectError: A cell is not valid Python for the tab, or asks for an unknown tab.
    """
    selected, faults = [], []
    for cell in cells:
        if not cell.belongs_to(tab):
            continue
        if cell.kind == "text":
            selected.append(cell)
            continue
        try:
            source = _chosen(cell, tab)
        except CodeError as error:
            faults.append(code_fault(section, cell, error))
            continue
        if source.strip():
            selected.append(_with_source(cell, source))
    if faults:
        raise ProjectError(faults)
    return tuple(selected)


def is_verbatim(cell: Cell) -> bool:
    """Say whether a code cell is wrong on purpose, and so is run and shown exactly as it is."""
    return cell.may_be_wrong and not is_python(cell.source)


def _chosen(cell: Cell, tab: str) -> str:
    if not is_verbatim(cell):
        return select(cell.source, tab)
    for error in unanswerable_text(cell.source):
        raise error
    return cell.source


def _with_source(cell: Cell, source: str) -> Cell:
    return cell if source == cell.source else replace(cell, source=source)


def project(section: Section, tab: str, book: BookSettings) -> Projection:
    """Return ``section`` reduced to ``tab``.

    Text of other tabs, their cells and their branches are gone, and so are code cells that
    nothing is left of. Code cells keep the line of the section where the cell starts.

    Raises:
        ProjectError: A cell is not valid Python for the tab, or asks for an unknown tab.
    """
    ways, package = idioms_of(tab, book), book.library.package
    cells = (
        cell
        if cell.kind == "text" or is_verbatim(cell)
        else _with_source(cell, rewrite(cell.source, ways, package))
        for cell in selected_cells(section, section.cells, tab)
    )
    return Projection(section, tab, tuple(cells))


def code_fault(section: Section, cell: Cell, error: CodeError) -> Fault:
    """Return the fault for what is wrong with the code of a cell of ``section``."""
    return Fault(section.path, cell.line + error.line - 1, str(error), error.hint)
