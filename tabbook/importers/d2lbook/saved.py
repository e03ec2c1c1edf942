"""Methods saved into classes that nobody saved: found in the book's order, and left out of the library.

The original tool stops at the first of them. Here the method stays on its page; only its mark goes.
"""

import ast
from collections.abc import Mapping, Sequence

from tabbook.branches import select
from tabbook.code import CodeError
from tabbook.extract import Origin, Saved, extract_code
from tabbook.importers.d2lbook.cells import Piece, SourceCell
from tabbook.importers.d2lbook.convert import PageConverter
from tabbook.importers.report import Findings


def settle_saved(
    pages: Sequence[PageConverter], tabs: Sequence[str], findings: Findings, *, single: bool
) -> None:
    """Take the marks away that our extraction would refuse; ``pages`` are in the book's order."""
    classes: dict[str, set[str]] = {tab: set() for tab in tabs}
    for page in pages:
        for cell in page.cells:
            if cell.state == "code" and "@save" in cell.source:
                cell.pieces = [
                    settled
                    for piece in cell.pieces
                    for settled in _settle(page, cell, piece, classes, findings, single=single)
                ]


def _settle(
    page: PageConverter,
    cell: SourceCell,
    piece: Piece,
    classes: Mapping[str, set[str]],
    findings: Findings,
    *,
    single: bool,
) -> list[Piece]:
    """Return the piece, or what it falls into where only some tabs can save its methods."""
    own = tuple(tab for tab in page.tabs if piece.tabs is None or tab in piece.tabs)
    faulty: dict[str, list[Saved]] = {}
    for tab in own:
        for saved in _saved(piece.source, tab):
            if saved.kind == "method" and saved.into not in classes[tab]:
                faulty.setdefault(tab, []).append(saved)
            elif saved.kind == "definition" and _is_class(saved.source):
                classes[tab].update(saved.names)
    if not faulty:
        return [piece]
    first = next(iter(faulty.values()))[0]
    report = findings.note if single else findings.fault
    report(
        page.page.path,
        cell.line + first.origin.line,
        "save",
        f"{first.names[0]} is saved into {first.into}, which no page before saves for {', '.join(faulty)}",
        "it is not saved there",
    )
    good = tuple(tab for tab in own if tab not in faulty)
    without = Piece(tuple(faulty) if good else piece.tabs, _unmarked(piece.source))
    return [*([Piece(good, piece.source)] if good else []), without]


def _saved(source: str, tab: str) -> list[Saved]:
    try:
        return extract_code(select(source, tab), Origin("", 0, 1, None))
    except CodeError:
        return []


def _is_class(source: str) -> bool:
    return isinstance(ast.parse(source).body[-1], ast.ClassDef)


def _unmarked(source: str) -> str:
    """Return code without any mark."""
    from tabbook.importers.d2lbook.marks import without_marks

    return without_marks(source)
