"""Methods saved into classes that nobody saved: found in the book's order, and left out of the library.

The original tool stops at the first of them. Here the method stays on its page; only its mark goes.
"""

from collections.abc import Mapping, Sequence

from tabbook.importers.d2lbook.cells import Piece, Save, SourceCell
from tabbook.importers.d2lbook.convert import PageConverter
from tabbook.importers.d2lbook.marks import without_marks
from tabbook.importers.report import Findings


def settle_saved(
    pages: Sequence[PageConverter], tabs: Sequence[str], findings: Findings, *, single: bool
) -> None:
    """Take the marks away that our extraction would refuse; ``pages`` are in the book's order.

    Where one page is imported alone (``single``), the class may be another page's: that is no fault.
    """
    classes: dict[str, set[str]] = {tab: set() for tab in tabs}
    for page in pages:
        for cell in page.cells:
            if any(piece.saves for piece in cell.pieces):
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
    faulty: dict[str, list[Save]] = {}
    for tab in own:
        for save in piece.saves.get(tab, ()):
            classes[tab].update(save.classes)
            if save.into and save.into not in classes[tab]:
                faulty.setdefault(tab, []).append(save)
    if not faulty:
        return [piece]
    first = next(iter(faulty.values()))[0]
    report = findings.note if single else findings.fault
    report(
        page.page.path,
        cell.line + first.line,
        "save",
        f"{first.method} is saved into {first.into}, which no page before saves for {', '.join(faulty)}",
        "it is not saved there",
    )
    good = tuple(tab for tab in own if tab not in faulty)
    without = Piece(tuple(faulty) if good else piece.tabs, without_marks(piece.source))
    return [*([Piece(good, piece.source, piece.saves)] if good else []), without]
