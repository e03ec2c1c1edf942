"""Stage 2: a section reduced to one framework, as its readers see, run and download it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from tabbook.branches import select
from tabbook.conditions import asked_tabs, questions
from tabbook.code import Code, CodeError
from tabbook.config import CONFIG_FILE, KEY_PATH, BookSettings, find_line
from tabbook.errors import ConfigError, Fault, ProjectError
from tabbook.model import Cell, Projection, Section
from tabbook.names import Way, parse_way
from tabbook.rewrite import rewrite
from tabbook.read import unknown_tab


@cache
def _way(text: str) -> Way:
    return parse_way(text)


def ways_of(tab: str, book: BookSettings) -> Mapping[str, Way]:
    """Return the portable names that ``tab`` has, with its way of each."""
    return {name: _way(ways[tab]) for name, ways in book.names.items() if tab in ways}


def check_ways(book: BookSettings, text: str) -> None:
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


def selected_cells(section: Section, tab: str) -> tuple[Cell, ...]:
    """Return the section's cells for ``tab`` with its branches chosen, portable names as written.

    This is what the library is made of; :func:`project` is what readers see.

    Raises:
        ProjectError: A cell is not valid Python for the tab, or asks for an unknown tab.
    """
    cells, faults = [], []
    for cell in section.cells:
        if not cell.belongs_to(tab):
            continue
        if cell.kind == "text":
            cells.append(cell)
            continue
        try:
            source = select(cell.source, tab)
        except CodeError as error:
            faults.append(_fault(section, cell, tab, error))
            continue
        if source.strip():
            cells.append(replace(cell, source=source))
    if faults:
        raise ProjectError(faults)
    return tuple(cells)


def project(section: Section, tab: str, book: BookSettings) -> Projection:
    """Return ``section`` reduced to ``tab``.

    Text of other tabs, their cells and their branches are gone, and so are code cells that
    nothing is left of. Code cells keep the line of the section where the cell starts.

    Raises:
        ProjectError: A cell is not valid Python for the tab, or asks for an unknown tab.
    """
    ways, cells, faults = ways_of(tab, book), [], []
    for cell in selected_cells(section, tab):
        if cell.kind == "text":
            cells.append(cell)
            continue
        try:
            cells.append(replace(cell, source=rewrite(cell.source, ways, book.library.package)))
        except CodeError as error:
            faults.append(_fault(section, cell, tab, error))
    if faults:
        raise ProjectError(faults)
    return Projection(section, tab, tuple(cells))


def _fault(section: Section, cell: Cell, tab: str, error: CodeError) -> Fault:
    return Fault(
        section.path, cell.line + error.line - 1, f"not valid Python for {tab}: {error}", "correct the cell"
    )


def check_section(section: Section, book: BookSettings) -> list[Fault]:
    """Return the faults of every code cell for every tab that it claims."""
    faults: dict[tuple[int, str], list[str]] = {}
    asked: list[Fault] = []
    for cell in section.code_cells:
        try:
            code = Code(cell.source)
        except CodeError as error:
            tabs = [tab for tab in section.tabs if cell.belongs_to(tab)]
            faults.setdefault((cell.line + error.line - 1, str(error)), []).extend(tabs)
            continue
        for call in questions(code.tree):
            try:
                unknown = [name for name in asked_tabs(call) if name not in book.tabs]
            except CodeError as error:
                asked.append(
                    Fault(
                        section.path, cell.line + error.line - 1, str(error), "write tab.selected('pytorch')"
                    )
                )
                continue
            for name in unknown:
                line = cell.line + call.lineno - 1
                asked.append(Fault(section.path, line, *unknown_tab(name, section.tabs, tuple(book.tabs))))
    if not faults and not asked:
        for tab in section.tabs:
            try:
                project(section, tab, book)
            except ProjectError as error:  # only what choosing branches brought about
                asked += error.faults
    return asked + [
        Fault(
            section.path,
            line,
            f"not valid Python for {', '.join(tabs)}: {message}",
            "correct the cell, or its tab mark",
        )
        for (line, message), tabs in faults.items()
    ]
