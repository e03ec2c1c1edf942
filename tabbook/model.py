"""The values that the stages hand on: what a section is, on its own and in one framework."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from tabbook.code import line_map
from tabbook.config import SectionSettings

__all__ = ["Box", "Cell", "Embedded", "Item", "Output", "Projection", "Result", "Section", "Slide"]

Output = dict[str, Any]
"""One output of a cell, as nbformat 4 writes it to JSON."""


def with_hyphens(tags: Iterable[str]) -> frozenset[str]:
    """Return tags as they are documented: MyST-NB takes ``remove_input`` for ``remove-input``, too."""
    return frozenset(tag.replace("_", "-") for tag in tags)


class JobName(NamedTuple):
    """What identifies a job in a book: the path of its section, and its tab."""

    section: str
    tab: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of text, or a code cell, of a section.

    ``tabs`` names the frameworks that it belongs to, in the book's order; ``None`` means all.
    ``line`` is the line in the section's file where ``source`` starts, counted from 1. The
    source of a code cell holds neither the fence nor the options nor the tab mark. ``index``
    is the cell's place among all cells of the section, kept by its projections.
    """

    kind: Literal["text", "code"]
    source: str
    line: int
    index: int
    tabs: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def belongs_to(self, tab: str) -> bool:
        """Say whether the projection onto ``tab`` has this cell."""
        return self.tabs is None or tab in self.tabs

    @property
    def tags(self) -> tuple[str, ...]:
        """The cell's tags, such as ``raises-exception`` or ``hide-input``."""
        return tuple(self.metadata.get("tags", ()))

    @property
    def label(self) -> str:
        """The cell's name, by which slides show it; empty if it has none."""
        return str(self.metadata.get("label", ""))

    @property
    def may_be_wrong(self) -> bool:
        """Whether its tags say that the code may fail, or is not run: it need not be Python, then."""
        return not {"raises-exception", "skip-execution"}.isdisjoint(self.tags)


@dataclass(frozen=True, slots=True)
class Box:
    """Something around parts of a slide: columns, one of them, or a block with classes of its own.

    ``number`` distinguishes the boxes of a slide. ``width`` is as in CSS, such as ``40%``.
    """

    number: int
    classes: tuple[str, ...] = ()
    width: str = ""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A code cell that a slide shows, by its label; ``tab`` is whose, if not that of the deck."""

    label: str
    tab: str | None = None
    has_input: bool = True
    has_output: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of a slide: text in Markdown, or a code cell.

    ``boxes`` are around it, from the outermost to the innermost. ``step`` is the number of the pause
    that it waits for, 0 if for none. Notes are for the speaker alone. ``tabs`` names the frameworks
    that have it; ``None`` means all.
    """

    content: str | Embedded
    line: int
    boxes: tuple[Box, ...] = ()
    step: int = 0
    is_note: bool = False
    tabs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide that is written apart from the page. ``is_below`` says that it goes below the one before."""

    title: str
    line: int
    items: tuple[Item, ...]
    tabs: tuple[str, ...] | None = None
    is_below: bool = False

    def belongs_to(self, tab: str) -> bool:
        """Say whether the deck of ``tab`` has this slide."""
        return self.tabs is None or tab in self.tabs


@dataclass(frozen=True, slots=True)
class Section:
    """One ``.md`` file of the book: one level-1 title, text and code for several frameworks.

    ``path`` is relative to the book, with forward slashes. ``tabs`` are the frameworks that
    the section has, in the book's order. ``label`` is the target above the title, if any.
    ``files`` are the files and folders that it declares, with the line of the front matter that says so.
    ``slides`` are those that are written apart from the text. ``front`` is the front matter as a whole.
    """

    path: str
    title: str
    label: str | None
    tabs: tuple[str, ...]
    settings: SectionSettings
    cells: tuple[Cell, ...]
    files: Mapping[str, int] = field(default_factory=dict)
    slides: tuple[Slide, ...] = ()
    front: Mapping[str, Any] = field(default_factory=dict)

    @property
    def library_tabs(self) -> tuple[str, ...]:
        """The frameworks whose library has what the section saves: its own, and those that it names."""
        return (*self.tabs, *(tab for tab in self.settings.saves_for if tab not in self.tabs))

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells of all frameworks, in order."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def numbers(self) -> Mapping[int, int]:
        """The number of each code cell, by its index: from 1, those of all frameworks counted.

        It is what readers of the library, of a status or of the file count alike.
        """
        return {cell.index: number for number, cell in enumerate(self.code_cells, 1)}

    def lines_of(self, cell: Cell) -> tuple[int, ...]:
        """Return the line of the file for each line of ``cell``, one of this section's in one framework."""
        return line_map(self.cells[cell.index].source, cell.source, cell.line)

    @property
    def name(self) -> str:
        """The file's name without its ending, as commands take it."""
        return self.path.rsplit("/", 1)[-1].removesuffix(".md")

    @property
    def page(self) -> str:
        """The page's name in links and in Sphinx: the path without its ending."""
        return self.path.removesuffix(".md")


@dataclass(frozen=True, slots=True)
class Projection:
    """A section reduced to one framework: what its readers see, run and download.

    Code cells hold the framework's own code: branches chosen, portable names rewritten.
    """

    section: Section
    tab: str
    cells: tuple[Cell, ...]

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells of this framework, in the order in which they run."""
        return tuple(cell for cell in self.cells if cell.kind == "code")


@dataclass(frozen=True, slots=True)
class Result:
    """What a job left in the store.

    ``outputs`` has a tuple of nbformat outputs for each code cell of the projection, in order.
    ``made_with`` has the keys ``framework`` (name and version), ``python``, ``device`` (the one that
    the code used, or nothing), ``date`` (UTC, ISO 8601) and ``seconds``. ``stand_ins`` names the data
    files that were not available and were replaced. ``inputs`` is the record that ``key`` is the hash
    of (see ``tabbook.keys.key``).
    """

    key: str
    section: str
    tab: str
    outputs: tuple[tuple[Output, ...], ...]
    made_with: Mapping[str, Any] = field(default_factory=dict)
    stand_ins: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> JobName:
        """The job's section and tab."""
        return JobName(self.section, self.tab)
