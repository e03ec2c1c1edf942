"""What the library of a tab cannot take: found in the book's order, and left out of it.

Such code is a method of a class that is not saved: d2lbook stops at the first of them. The scripts of a
book for Quarto also leave out definitions whose base class or decorator the library does not have.
Here all of it stays on its page, without its mark.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from tabbook.importers.report import Findings
from tabbook_d2lbook.cells import Piece, Save, SourceCell
from tabbook_d2lbook.convert import PageConverter
from tabbook_d2lbook.marks import without_marks

Unresolved = dict[tuple[int, str, int], str]
"""What is missing in the library of a tab, by the piece that needs it (its id), the tab and the line."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A saved statement with all that it belongs to."""

    page: PageConverter
    cell: SourceCell
    piece: Piece
    save: Save


def unresolved(
    pages: Sequence[PageConverter], tabs: Sequence[str], known: Mapping[str, Set[str]], package: str
) -> Unresolved:
    """Return the saved statements that need a name which the library of their tab does not have.

    ``known`` are the names that each library has from elsewhere; pages call it by its ``package``. What
    is left out may leave others without what they need.
    """
    found: Unresolved = {}
    for tab in tabs:
        places, lost = list(_saved_for(pages, tab)), set[str]()
        while missing := list(_missing(places, known[tab], lost, f"{package}.")):
            found |= {(id(place.piece), tab, place.save.line): name for place, name in missing}
            gone = {id(place.save) for place, _ in missing}
            lost |= {name for place, _ in missing for name in place.save.names}
            places = [place for place in places if id(place.save) not in gone]
    return found


def _missing(
    places: Sequence[_Place], known: Set[str], lost: Set[str], prefix: str
) -> Iterator[tuple[_Place, str]]:
    """Yield what cannot be defined with ``known`` names and those of the others, and a name it lacks.

    ``lost`` are the names of what is left out already: methods of such classes go with them. Names of
    the library begin with ``prefix`` in code.
    """
    there = known | {name for place in places for name in place.save.names}
    for place in places if "*" not in there else ():
        used = (name.removeprefix(prefix) for name in place.save.needs if name.startswith(prefix))
        needs = (*used, *({place.save.into} & lost))
        lacks = next((name for name in needs if name not in there), "")
        if lacks:
            yield place, lacks


def _saved_for(pages: Sequence[PageConverter], tab: str) -> Iterator[_Place]:
    for page in pages:
        for cell in page.cells if tab in page.library_tabs else ():
            for piece in cell.pieces:
                yield from (_Place(page, cell, piece, save) for save in piece.saves.get(tab, ()))


def settle_saved(
    pages: Sequence[PageConverter],
    tabs: Sequence[str],
    findings: Findings,
    *,
    single: bool,
    missing: Unresolved | None = None,
) -> None:
    """Take the marks away that our extraction would refuse; ``pages`` are in the book's order.

    Where one page is imported alone (``single``), the class may be another page's: that is no fault.
    ``missing`` is what else is left out, because the library cannot define it.
    """
    classes: dict[str, set[str]] = {tab: set() for tab in tabs}
    settling = _Settling(classes, missing or {}, findings, single)
    for page in pages:
        for cell in page.cells:
            if any(piece.saves for piece in cell.pieces):
                cell.pieces = [
                    settled for piece in cell.pieces for settled in settling.settle(page, cell, piece)
                ]


@dataclass(frozen=True, slots=True)
class _Settling:
    classes: Mapping[str, set[str]]
    missing: Unresolved
    findings: Findings
    single: bool

    def settle(self, page: PageConverter, cell: SourceCell, piece: Piece) -> list[Piece]:
        """Return the piece, or what it falls into where only some tabs can save what it saves."""
        own = tuple(tab for tab in page.library_tabs if piece.tabs is None or tab in piece.tabs)
        refused = {tab: found for tab in own if (found := self._refused(piece, tab))}
        if not refused:
            return [piece]
        self._report(page, cell, piece, refused)
        good = tuple(tab for tab in own if tab in page.tabs and tab not in refused)
        bad = tuple(tab for tab in own if tab in page.tabs and tab in refused)
        saves = {tab: piece.saves.get(tab, ()) for tab in good}
        kept = [Piece(good, piece.source, saves)] if good else []
        without = [Piece(bad if good else piece.tabs, without_marks(piece.source))] if bad else []
        return [*kept, *without]

    def _refused(self, piece: Piece, tab: str) -> Save | None:
        """Return the first of what a piece saves that the library of ``tab`` cannot take."""
        refused = None
        for save in piece.saves.get(tab, ()):
            if (id(piece), tab, save.line) in self.missing:
                refused = refused or save
                continue
            self.classes[tab].update(save.classes)
            if save.into and save.into not in self.classes[tab]:
                refused = refused or save
        return refused

    def _report(
        self, page: PageConverter, cell: SourceCell, piece: Piece, refused: Mapping[str, Save]
    ) -> None:
        first, save = next(iter(refused.items()))
        tabs = ", ".join(refused)
        name = save.method or ", ".join(save.names)
        lacks = self.missing.get((id(piece), first, save.line), "")
        report = self.findings.note if self.single or lacks else self.findings.fault
        message = (
            f"{name} needs {lacks}, which the library does not have for {tabs}"
            if lacks
            else f"{name} is saved into {save.into}, which no page before saves for {tabs}"
        )
        report(page.page.path, cell.line + save.line, "save", message, "it is not saved there")
