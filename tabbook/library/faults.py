"""What is wrong with a generated module, said at the place in the book that it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tabbook.book import Book
from tabbook.code import CodeError, bound_names, parse
from tabbook.config import CONFIG_FILE
from tabbook.errors import Fault
from tabbook.extract.assemble import layout
from tabbook.extract.pieces import find
from tabbook.extract.undefined import Undefined
from tabbook.project.projection import idioms_of

_IN_JUPYTER = {
    "display": "from IPython.display import display",
    "get_ipython": "from IPython import get_ipython",
}
"""Names that kernels define, and how a module gets them."""


@dataclass(order=True, frozen=True, slots=True)
class BookPlace:
    """A line of the book, and what of the library it holds: ``what`` begins a sentence."""

    path: str
    line: int
    what: str


class Places:
    """Where the lines of one generated module come from."""

    def __init__(self, book: Book, tab: str, preamble: str) -> None:
        settings = book.settings
        self.book, self.tab, self.preamble = book, tab, preamble
        self.pieces = layout(
            book.saved[tab], settings.tabs[tab], idioms_of(tab, settings), settings.library, preamble
        )

    def of(self, line: int, words: Sequence[str] = ()) -> BookPlace:
        """Return where a line of the module comes from; ``words`` choose among the imports of one line."""
        piece, line = find(self.pieces, line)
        if piece.kind == "saved":
            origin, line = piece.origin(line, words)
            return BookPlace(origin.path, line, f"the saved code of cell {origin.cell}")
        if piece.kind == "name":
            named = self.book.settings_line("names", piece.name, self.tab)
            return BookPlace(CONFIG_FILE, named, f"the portable name {piece.name}")
        if piece.kind == "preamble":
            above = self.preamble[: len(self.preamble) - len(self.preamble.lstrip())].count("\n")
            path = self.book.settings.tabs[self.tab].preamble or ""
            return BookPlace(path, above + line, "the preamble")
        return self.whole

    @property
    def whole(self) -> BookPlace:
        """The generated file itself, for what has no other place."""
        path = self.book.library_path(self.tab)
        return BookPlace(path, 0, "the generated module")


def syntax_faults(places: Places, error: SyntaxError) -> list[Fault]:
    """Return what is no module, though each cell is Python: ``await`` outside of functions, say."""
    faults = []
    for saved in places.book.saved[places.tab]:
        try:
            compile(saved.source, "saved", "exec", dont_inherit=True)
        except SyntaxError as own:
            line = saved.lines[(own.lineno or 1) - 1]
            faults.append(
                (BookPlace(saved.origin.path, line, f"the saved code of cell {saved.origin.cell}"), own)
            )
    hint = "change it, or take its #@save away"
    return [
        Fault(
            place.path, place.line, f"{place.what} is not valid in a module for {places.tab}: {own.msg}", hint
        )
        for place, own in faults or [(places.of(error.lineno or 1), error)]
    ]


def undefined_faults(
    undefined_names: Mapping[str, Sequence[Undefined]], places: Mapping[str, Places]
) -> list[Fault]:
    """Return a fault for each name that modules use and do not have, said once for all tabs."""
    tabs: dict[tuple[BookPlace, str, bool], list[str]] = {}
    for tab, names in undefined_names.items():
        for one in names:
            tabs.setdefault((places[tab].of(one.line), one.name, one.is_bound), []).append(tab)
    return [
        _undefined(places[some[0]], place, name, some, is_bound=is_bound)
        for (place, name, is_bound), some in sorted(tabs.items())
    ]


def _undefined(places: Places, place: BookPlace, name: str, tabs: Sequence[str], *, is_bound: bool) -> Fault:
    what = "saved code" if place.what.startswith("the saved code") else place.what
    where = ", ".join(tabs)
    if is_bound:
        message = f"{what} uses {name} before the library defines it, or after it is deleted, for {where}"
        return Fault(
            place.path, place.line, message, f"save {name} in a cell further up, and do not delete it"
        )
    return Fault(
        place.path,
        place.line,
        f"{what} uses {name}, which is not saved for {where}",
        _remedy(places.book, place.path, name.rpartition(".")[2], tabs[0]),
    )


def _remedy(book: Book, path: str, name: str, tab: str) -> str:
    """Return what to do about a name that is not saved: the section may define it without a mark."""
    section = next((section for section in book.sections if section.path == path), None)
    for cell in section.code_cells if section else ():
        if not cell.belongs_to(tab):
            continue
        try:
            body = parse(cell.source).tree.body
        except CodeError:
            continue
        for node in body:
            if name in bound_names([node]):
                kind = "import" if type(node).__name__.startswith("Import") else "definition"
                return f"mark its {kind} in line {cell.line + node.lineno - 1} with #@save"
    if name in _IN_JUPYTER:
        return f"only notebooks define it: save '{_IN_JUPYTER[name]}'"
    return "mark its import or definition with #@save, or correct the name"
