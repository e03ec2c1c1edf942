"""Code cells: whose they are, whether they are Python, and how they are written in our format."""

import ast
import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tabbook.code import CodeCell, CodeError, parse
from tabbook.extract.saved import Origin, Saved, extract_code
from tabbook.importers.report import Finding, Findings
from tabbook.project.branches import select
from tabbook.project.conditions import asked_tabs, questions
from tabbook_d2lbook.branches import published_readings
from tabbook_d2lbook.dialect import Dialect
from tabbook_d2lbook.fences import Fence, ends_in_string
from tabbook_d2lbook.marks import normalise_marks, without_marks

_TAB = re.compile(r"^[ \t]*(?:%%tab|#[ \t]*(?:@tab|%%tab))\b[ \t:]*(?P<names>.*?)[ \t]*$")
_EXTENSION = re.compile(r"^[ \t]*%(?:re)?load_ext[ \t]+d2lbook\.tab\b", re.MULTILINE)
_LIBRARIES = re.compile(r"#[ \t]*required_libs\((?P<inside>.*)\)")
_QUOTED = re.compile(r"""["']([^"']+)["']""")
_OLD_BRANCH = re.compile(r"\bd2l\.USE_([A-Z]+)\b")
_OLD_IMPORT = re.compile(r"^import d2l(?=[ \t]*$)", re.MULTILINE)
"""In the oldest notebooks, for MXNet alone, the package was the module."""
_HIDE = {
    "input": re.compile(r"#[ \t]*@hide_code\b|#[ \t]*@hide\b(?!_)|#[ \t]*hide code", re.IGNORECASE),
    "output": re.compile(r"#[ \t]*@hide_outputs?\b|#[ \t]*@hide\b(?!_)|#[ \t]*hide outputs", re.IGNORECASE),
}
_HIDE_REST = re.compile(r"#[ \t]*@hide_all\b")
"""Hides a cell and all behind it, as ``#@save_all`` saves them."""
_NOWHERE = Origin("", 0, 1, None)

State = Literal["code", "interactive", "empty", "invalid", "stray"]
"""What becomes of a cell: a code cell; the cell that only interactive use needs; nothing; a listing,
because it is not Python, or because the book does not have its tab."""


@dataclass(frozen=True, slots=True)
class Save:
    """A statement that a cell saves: what it defines, or the method that it adds to a class."""

    line: int
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    method: str = ""
    into: str = ""
    needs: tuple[str, ...] = ()
    """The base classes and decorators that it must have to be defined, such as ``d2l.Module``."""


@dataclass(slots=True)
class Piece:
    """A code cell of ours. ``tabs`` is None for all."""

    tabs: tuple[str, ...] | None
    source: str
    saves: Mapping[str, tuple[Save, ...]] = field(default_factory=dict)
    """What the piece saves, by tab."""


@dataclass(slots=True)
class SourceCell:
    """A cell of the source: ``line`` is that of its first line of code, from 0."""

    fence: Fence
    line: int
    tabs: tuple[str, ...] | None
    state: State
    source: str
    pieces: list[Piece] = field(default_factory=list)
    named: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    reason: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    label: str = ""
    """The name that it gets with us; empty for none."""

    def for_tabs(self, tabs: Sequence[str]) -> tuple[str, ...]:
        """Return those of the page's ``tabs`` that the cell belongs to."""
        return tuple(tab for tab in tabs if self.tabs is None or tab in self.tabs)


def _marks(body: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that say whose a cell is, and the names in them."""
    for number, line in enumerate(body):
        found = _TAB.match(line)
        if found and not ends_in_string(body[:number]):
            yield number, found["names"]


class CellReader:
    """Reads the cells of one page; faults go to ``findings`` with the page's ``path``."""

    def __init__(self, path: str, tabs: Sequence[str], findings: Findings, dialect: Dialect) -> None:
        self.path, self.tabs, self.findings, self.dialect = path, tuple(tabs), findings, dialect
        self.unmarked = None if dialect == "quarto" else (self.tabs[0],)
        """The tabs of a cell without a mark (None: all)."""
        self.hides_rest = False

    def _fault(self, line: int, kind: str, message: str, hint: str = "") -> None:
        self.findings.fault(self.path, line + 1, kind, message, hint)

    def read(self, fence: Fence) -> SourceCell:
        """Return the cell in ``fence``."""
        first = fence.start + 1
        if not fence.closed:
            self._fault(
                fence.start,
                "block",
                "this code cell is never closed",
                "it ends where its code does; end it with ```",
            )
        marks = list(_marks(fence.body))
        tabs, named = self._tabs(marks, first)
        kept = [n for n in range(len(fence.body)) if n not in {number for number, _ in marks}]
        while kept and not fence.body[kept[0]].strip():
            del kept[0]
        source = "\n".join(fence.body[n] for n in kept).rstrip()
        places = [first + n for n in kept] or [first]
        cell = SourceCell(fence, places[0], tabs, "code", source, named=named)
        if _EXTENSION.search(source):
            found = _LIBRARIES.search(source)
            cell.libraries = tuple(_QUOTED.findall(found["inside"])) if found else ()
            cell.state, cell.tabs, cell.named = "interactive", None, ()
        elif not source.strip():
            cell.state = "empty"
        elif tabs == ():
            cell.state, cell.reason = "stray", "of a tab that the book does not have"
        else:
            self.hides_rest = self.hides_rest or bool(_HIDE_REST.search(source))
            hides = (part for part, pattern in _HIDE.items() if self.hides_rest or pattern.search(source))
            cell.hidden = tuple(hides)
            self._check(cell, places)
        return cell

    def _tabs(
        self, marks: Sequence[tuple[int, str]], first: int
    ) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """Return the tabs of a cell (None: all), and those that it names."""
        if not marks:
            return self.unmarked, ()
        line, text = marks[0]
        own = {tab.casefold(): tab for tab in self.tabs}
        words = [own.get(word.casefold(), word) for word in re.split(r"[,\s]+", text) if word]
        if "all" in words:
            return None, ()
        known = tuple(tab for tab in self.tabs if tab in words)
        for word in words:
            if word not in self.tabs:
                self._fault(
                    first + line,
                    "tab",
                    f"unknown tab {word!r}",
                    f"the book's tabs are {', '.join(self.tabs)}; "
                    + ("the cell stays with the others" if known else "the cell is shown, and not run"),
                )
        if not words:
            self._fault(first + line, "tab", "this tab mark names no tab", "the cell counts as one without")
            return self.unmarked, ()
        return known, known

    def _check(self, cell: SourceCell, places: Sequence[int]) -> None:
        """Find out whether a cell is Python, and settle its marks and branches."""

        def place(line: int) -> int:
            return places[min(max(line, 1), len(places)) - 1]

        source = _OLD_BRANCH.sub(self._old_branch, cell.source)
        claimed = self.tabs if cell.tabs is None else cell.tabs
        if tuple(claimed) == ("mxnet",):
            source = _OLD_IMPORT.sub("from d2l import mxnet as d2l", source)
        try:
            code = parse(source)
            _compiles(code)
            source = self._asked(code, source, place)
            source, faults = normalise_marks(source, self.dialect)
            source = source.strip("\n")
            for mark in faults:
                report = self.findings.fault if mark.severity == "fault" else self.findings.note
                report(self.path, place(mark.line) + 1, "save", mark.message)
            cell.pieces = self._pieces(cell, source, claimed, place)
        except CodeError as error:
            names = ", ".join(claimed)
            reason = str(error).removeprefix("not valid Python: ")
            message = f"not valid Python for {names}: {reason}"
            self._fault(place(error.line), "python", message, "it is shown, and not run")
            cell.state, cell.reason = "invalid", f"not valid Python: {reason}"
            return
        cell.source = source

    def _old_branch(self, found: re.Match[str]) -> str:
        name = found[1].lower()
        return f"tab.selected({name!r})" if name in self.tabs else found[0]

    def _asked(self, code: CodeCell, source: str, place: Any) -> str:
        """Return ``source`` without the unknown tabs that its branches ask for."""
        if "selected" not in source:
            return source
        text = code.text
        for call in sorted(questions(code.tree), key=lambda c: (c.lineno, c.col_offset), reverse=True):
            names = asked_tabs(call)
            unknown = [name for name in names if name not in self.tabs]
            if not unknown:
                continue
            for name in unknown:
                message = f"tab.selected asks for the unknown tab {name!r}"
                hint = f"the book's tabs are {', '.join(self.tabs)}; the branch is never chosen for it"
                self._fault(place(call.lineno), "tab", message, hint)
            known = [name for name in names if name in self.tabs]
            # Never chosen: no tab of the book is left to ask for.
            question = f"{'' if known else 'not '}tab.selected({', '.join(map(repr, known or self.tabs))})"
            text = text[: code.start(call)] + question + text[code.end(call) :]
        return source if text == code.text else code.restore(text)

    def _pieces(self, cell: SourceCell, source: str, claimed: Sequence[str], place: Any) -> list[Piece]:
        """Return the cell as one of ours, or as several where d2lbook's reading of it differs."""
        readings: dict[str, list[str]] = {}
        if "selected" in source:
            for tab, reading in published_readings(source, claimed).items():
                readings.setdefault(reading, []).append(tab)
        if not readings:
            return [_piece(cell.tabs, source, claimed)]
        apart = {tab for tabs in readings.values() for tab in tabs}
        self.findings.note(
            self.path,
            place(1) + 1,
            "branch",
            f"d2lbook cuts the nested branches of this cell in a different way than Python, for "
            f"{', '.join(tab for tab in claimed if tab in apart)}",
            "these get a cell of their own with the code that was published",
        )
        rest = tuple(tab for tab in claimed if tab not in apart)
        pieces = [_piece(tuple(tabs), text, tabs) for text, tabs in readings.items() if text.strip()]
        return [*([_piece(rest, source, rest)] if rest else []), *pieces]


def _piece(tabs: tuple[str, ...] | None, source: str, claimed: Sequence[str]) -> Piece:
    """Return a piece with what it saves for the tabs that it is for.

    Raises:
        CodeError: The code, or a mark in it, is not what our extraction takes.
    """
    if "@save" not in source:
        return Piece(tabs, source)
    saves: dict[str, tuple[Save, ...]] = {}
    known: dict[str, tuple[Save, ...]] = {}
    for tab in claimed:
        text = select(source, tab)
        if text not in known:
            known[text] = tuple(map(_save, extract_code(text, _NOWHERE)))
        saves[tab] = known[text]
    return Piece(tabs, source, saves)


def _save(saved: Saved) -> Save:
    line, names = saved.origin.line, saved.names
    if saved.kind == "method":
        return Save(line, (), (), names[0], saved.into or "", _needs(parse(saved.source).tree))
    tree = parse(saved.source).tree
    is_class = saved.kind == "definition" and isinstance(tree.body[-1], ast.ClassDef)
    return Save(line, names, names if is_class else (), needs=_needs(tree))


def _needs(tree: ast.Module) -> tuple[str, ...]:
    """Return the attributes ``d2l.x``, of any name, that are decorators in code or bases of its classes."""
    used: list[ast.expr] = []
    for node in ast.walk(tree):
        used += getattr(node, "decorator_list", [])
    for node in tree.body:
        used += node.bases if isinstance(node, ast.ClassDef) else []
    used = [node.func if isinstance(node, ast.Call) else node for node in used]
    return tuple(
        f"{node.value.id}.{node.attr}"
        for node in used
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )


def read_cells(
    path: str, tabs: Sequence[str], fences: Sequence[Fence], dialect: Dialect = "d2lbook"
) -> tuple[list[SourceCell], list[Finding]]:
    """Return the cells of the page ``path`` in order, and what is to say about them."""
    findings = Findings()
    reader = CellReader(path, tabs, findings, dialect)
    return [reader.read(fence) for fence in fences], findings.items


def _compiles(code: CodeCell) -> None:
    """Check what only the compiler sees, such as a repeated argument.

    Raises:
        CodeError: The code does not compile.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            compile(code.tree, "<cell>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise CodeError(getattr(error, "msg", str(error)), getattr(error, "lineno", 1) or 1) from None


def tabs_of_quarto_page(
    cells: Sequence[SourceCell], blocks: Sequence[str], tabs: Sequence[str]
) -> tuple[str, ...]:
    """Return the tabs that a page of a book for Quarto has: those that its cells name, or else all.

    Tabs that one of the text ``blocks`` names count where cells name any.
    """
    named = {tab for cell in cells if cell.state in ("code", "invalid") for tab in cell.named}
    return tuple(tab for tab in tabs if not named or tab in named or tab in blocks)


def tabs_of_page(cells: Sequence[SourceCell], blocks: Sequence[str], tabs: Sequence[str]) -> tuple[str, ...]:
    """Return the tabs that a page has, by d2lbook's rule.

    A page without code has all. Else it has the tabs that some cell or one of the text ``blocks``
    names, and the default one if a cell is for it or for all. Code for all that saves something
    saves it for the tabs that cells name, and is only shown for those that text alone names: such
    cells fall into two.
    """
    real = [cell for cell in cells if cell.state in ("code", "invalid")]
    if not any(cell.state != "empty" for cell in cells):
        return tuple(tabs)
    by_cells = {tab for cell in real for tab in cell.named}
    default = tabs[0]
    if any(cell.tabs is None or default in cell.tabs for cell in real):
        by_cells.add(default)
    found = tuple(tab for tab in tabs if tab in by_cells or tab in blocks)
    for cell in cells:
        if cell.tabs is None:
            cell.pieces = [part for piece in cell.pieces for part in _saved_for(piece, found, by_cells)]
    return found or tuple(tabs)


def _saved_for(piece: Piece, tabs: Sequence[str], saving: Collection[str]) -> list[Piece]:
    """Return the piece, or what it falls into where only some of a page's ``tabs`` save what it saves."""
    own = [tab for tab in tabs if piece.tabs is None or tab in piece.tabs]
    shown = tuple(tab for tab in own if tab not in saving)
    if not shown or not any(piece.saves.values()):
        return [piece]
    kept = tuple(tab for tab in own if tab in saving)
    without = Piece(shown, without_marks(piece.source))
    saves = {tab: saved for tab, saved in piece.saves.items() if tab in kept}
    return [*([Piece(kept, piece.source, saves)] if kept else []), without]
