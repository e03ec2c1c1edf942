"""Stage 5: one page of a section again, from its projections and what running them gave.

The page is a notebook for MyST-NB. Cells that belong behind tabs carry a group in their
metadata, ``{"tabbook": {"group": 3, "tab": "jax"}}``; the renderer needs nothing else to
make the tabs, and shows the note that a cell may carry (:data:`NOT_EXECUTED`, :data:`NEEDS_GPU`,
:data:`NO_OUTPUT`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import nbformat
from nbformat import NotebookNode

from tabbook.config import BookSettings
from tabbook.merge.cells import PageCell, figure_options, page_cells, with_errors, without_lost_figures
from tabbook.merge.failures import Failed
from tabbook.merge.glue import for_tab
from tabbook.merge.made_with import made_with_note
from tabbook.merge.notices import notices_of
from tabbook.merge.slides import slide_texts
from tabbook.merge.visible import PAGE_TYPES, look_equal
from tabbook.model import Cell, Output, Projection, Result, Section, with_hyphens
from tabbook.read.markdown import blocks_within, fence_for
from tabbook.read.slides import marked_text, strip_slide_marks

__all__ = ["merge"]

METADATA_KEY = "tabbook"
"""The name of our own part of a cell's metadata."""
NOT_EXECUTED = "not-executed"
"""A note: the tab's code has not been run, and outputs may be missed here."""
NEEDS_GPU = "needs-gpu"
"""A note: the tab's code has not been run because there was no GPU for it."""
NEEDS_GPUS = "needs-gpus"
"""The same of code that needs several."""
NO_OUTPUT = "no-output"
"""A note: the tab's code has been run and shows nothing where others show something."""
OF_FIGURE = "tabbook-of-"
"""The class, with a figure's name behind, of the same figure in other tabs."""

# Not its `new_code_cell` and the like: these check every cell against nbformat's schema, and take
# longer for it than all the rest of this takes.
_from_dict: Any = nbformat.from_dict  # nbformat has no types
# MyST-NB adds one to the line of a cell to count from 1, and MyST adds one again.
_LINE_OFFSET = 2


@dataclass
class _PageBuilder:
    """The cells of a page while it is put together, and the line of the section of each."""

    section: Section
    settings: BookSettings
    executed: Mapping[str, bool]
    failures: Mapping[str, Failed]
    cells: list[NotebookNode] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    groups: int = 0
    figures: set[str] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)

    @property
    def not_executed(self) -> str:
        """The note for a tab without outputs."""
        return (NOT_EXECUTED, NEEDS_GPU, NEEDS_GPUS)[min(self.section.settings.gpus, 2)]

    def fill(self, codes: Mapping[int, PageCell], notices: str) -> None:
        """Add the text and the code of the section, with ``notices`` below the title."""
        shown = (cell for cell in self.section.cells if cell.kind == "text" or cell.index in codes)
        for kind, part in groupby(shown, lambda cell: cell.kind):
            cells = list(part)
            if kind == "code":
                run = [codes[cell.index] for cell in cells]
                if all(_is_hidden(code) for code in run):
                    self.hidden(run)
                self.run(run)
                continue
            if self.text(cells, notices):
                notices = ""
            self.slides(cells)
        if notices:  # the title is not one that `text` finds: before everything, then
            self.markdown(1, notices.split("\n"), "notices")
            self.cells.insert(0, self.cells.pop())
            self.lines.insert(0, self.lines.pop())

    def text(self, cells: Sequence[Cell], notices: str) -> bool:
        """Add a stretch of text, notices below its title; return whether they are placed."""
        start, lines = _recombine(cells, self.section.tabs)
        below = _below_title(lines) if notices else 0
        if not below:
            self.markdown(start, lines, f"text-{cells[0].index}")
            return False
        self.markdown(start, lines[:below], f"text-{cells[0].index}")
        self.markdown(start + below - 1, notices.split("\n"), "notices")
        self.markdown(start + below, lines[below:], f"text-{cells[0].index}-rest")
        return True

    def slides(self, cells: Sequence[Cell]) -> None:
        """Add what is for slides of a stretch of text, as the page has it: resolved for exports alone."""
        for cell in cells:
            tabs = " ".join(cell.tabs or self.section.tabs)
            for number, mark in enumerate(marked_text(cell.source)):
                how, name = "start" if mark.starts_slide else "continue", f"slide-{cell.index}-{number}"
                self.slide(how, tabs, mark.text, cell.line + mark.line, name)

    def slide(self, how: str, tabs: str, text: str, line: int, name: str) -> None:
        """Add text for slides alone; ``how`` says what of them it is."""
        fence = fence_for(text)
        head = [f"{fence}{{tabbook-slide}} {how}", f":tabs: {tabs}", ""]
        self.markdown(line - len(head), [*head, *text.split("\n"), fence], name)

    def hidden(self, run: Sequence[PageCell]) -> None:
        """Add a run of code cells that the page does not show: exports have them at this place."""
        index = run[0].cell.index
        self.markdown(run[0].cell.line, [f"```{{tabbook-cells}} {index}", "```"], f"unseen-{index}")

    def markdown(self, line: int, lines: Sequence[str], name: str) -> None:
        if any(text.strip() for text in lines):
            self.cells.append(
                _from_dict({"cell_type": "markdown", "id": name, "metadata": {}, "source": "\n".join(lines)})
            )
            self.lines.append(line - _LINE_OFFSET)

    def code(self, code: PageCell, source: str, outputs: Sequence[Output], name: str, metadata: Any) -> None:
        metadata = self._with_figure(metadata, outputs, code.cell.index)
        self.cells.append(
            _from_dict(
                {
                    "cell_type": "code",
                    "id": name,
                    "metadata": metadata,
                    "execution_count": None,
                    "source": source,
                    "outputs": outputs,
                }
            )
        )
        self.lines.append(code.cell.line - _LINE_OFFSET)

    def _with_figure(self, metadata: dict[str, Any], outputs: Sequence[Output], index: int) -> dict[str, Any]:
        """Return the metadata so that of a figure in many tabs one alone carries the name."""
        figure = figure_options(metadata)
        name = str(figure.get("name") or "")
        if METADATA_KEY in metadata and figure.get("caption") and not name:
            name = f"{self.section.page.replace('/', '-')}-cell-{index}"
            figure = {**figure, "name": name}
        if not name or not any(
            output["output_type"] in ("display_data", "execute_result") for output in outputs
        ):
            return metadata
        if name not in self.figures:
            self.figures.add(name)
            return {**metadata, "mystnb": {**metadata["mystnb"], "figure": figure}}
        classes = f"{figure.get('classes', '')} {OF_FIGURE}{name}".strip()
        unnamed = {**{key: value for key, value in figure.items() if key != "name"}, "classes": classes}
        return {**metadata, "mystnb": {**metadata["mystnb"], "figure": unnamed}}

    def run(self, run: Sequence[PageCell]) -> None:
        """Add a run of neighbouring code cells, those of some frameworks in one group."""
        for everywhere, part in groupby(run, lambda code: len(code.sources) == len(self.section.tabs)):
            codes = list(part)
            if not everywhere:
                self.group(codes)
                continue
            for code in codes:
                if code.is_same:
                    self.same(code)
                else:
                    self.group([code])

    def group(self, codes: Sequence[PageCell]) -> None:
        """Add a tab group: for each tab that has any of the cells, its cells with their outputs."""
        self.groups += 1
        tabs = [tab for tab in self.section.tabs if any(tab in code.sources for code in codes)]
        output = any(code.shown(tab) for code in codes for tab in tabs)
        for tab in tabs:
            own = [code for code in codes if tab in code.sources]
            for code in own:
                metadata = dict(code.cell.metadata)
                # A reader who looks for an output must not think that there is none.
                missed = not self.executed[tab] and (output or tab not in self.noted)
                note = self.not_executed if missed and code is own[-1] else None
                metadata[METADATA_KEY] = self._mark(code, tab, note)
                self.code(
                    code,
                    code.sources[tab],
                    code.with_glued(tab),
                    f"code-{code.cell.index}-{tab}",
                    metadata,
                )
            self.noted.add(tab)

    def same(self, code: PageCell) -> None:
        """Add a cell whose code is the same in all tabs: code once, outputs once where equal."""
        source = next(iter(code.sources.values()))
        index, metadata = code.cell.index, dict(code.cell.metadata)
        shown = {tab: code.shown(tab) for tab in self.section.tabs if self.executed[tab]}
        results = list(shown.values())
        agree = all(look_equal(results[0], other) for other in results[1:])
        agree = agree and len({code.contexts.get(tab, "") for tab in shown}) <= 1
        if agree and (len(shown) == len(self.section.tabs) or not (any(results) or self.failures)):
            outputs = next(iter(code.outputs.values()), ())
            self.code(code, source, (*outputs, *code.asides), f"code-{index}", metadata)
            return
        asides = code.asides
        tags = [tag for tag in code.cell.tags if tag not in ("remove-input", "remove_input")]
        if len(tags) == len(code.cell.tags):
            self.code(code, source, asides, f"code-{index}", metadata)
            asides = ()
        self.groups += 1
        for tab in self.section.tabs:
            note = self.not_executed if tab not in shown else None if shown[tab] else NO_OUTPUT
            own = {**metadata, "tags": [*tags, "remove-input"], METADATA_KEY: self._mark(code, tab, note)}
            self.code(code, source, (*for_tab(code.shown(tab), tab), *asides), f"code-{index}-{tab}", own)
            asides = ()

    def _mark(self, code: PageCell, tab: str, note: str | None) -> dict[str, Any]:
        mark = {"group": self.groups, "tab": tab}
        if tab in self.failures:
            return mark | self.failures[tab].note(code.places[tab])
        more = {"note": note, "context": code.contexts.get(tab)}
        return mark | {name: value for name, value in more.items() if value}

    def notebook(self, metadata: Mapping[str, Any]) -> NotebookNode:
        """Return the page, with ``metadata`` and what MyST-NB needs besides."""
        made = {"nbformat": 4, "nbformat_minor": 5, "metadata": dict(metadata), "cells": []}
        notebook: NotebookNode = _from_dict(made)
        notebook.cells = self.cells
        notebook.metadata["source_map"] = self.lines
        # Its own way of merging streams would put all prints first.
        for holder in (notebook, *(cell for cell in self.cells if "mystnb" in cell.metadata)):
            options = holder.metadata.get("mystnb", {})
            if isinstance(options, dict):
                holder.metadata["mystnb"] = {**options, "merge_streams": False}
        # MyST-NB takes the lexer from here.
        language = {"name": "python", "pygments_lexer": "ipython3"}
        notebook.metadata.setdefault("language_info", _from_dict(language))
        return notebook


def _is_hidden(code: PageCell) -> bool:
    """Say whether MyST-NB leaves a cell out of the page."""
    tags = with_hyphens(code.cell.tags)
    return "remove-cell" in tags or {"remove-input", "remove-output"} <= tags


def cell_indices(notebook: NotebookNode) -> dict[int, int]:
    """Return the index in the section of each code cell of a page, by its place on the page."""
    cells = enumerate(notebook.cells)
    return {place: int(cell.id.split("-")[1]) for place, cell in cells if cell.cell_type == "code"}


def _recombine(cells: Sequence[Cell], tabs: Sequence[str]) -> tuple[int, list[str]]:
    """Return text cells that follow each other as Markdown, and the line where it starts.

    Tab blocks get their fences again; every cell is on its own line of the file as long as
    the file had room for that.
    """
    start, lines = 0, list[str]()
    for cell in cells:
        text = strip_slide_marks(cell.source).split("\n")
        line = cell.line
        if cell.tabs is not None and set(cell.tabs) != set(tabs):
            fence = fence_for(cell.source, ":")
            text = [f"{fence}{{tab}} {', '.join(cell.tabs)}", *text, fence]
            line -= 1
        start = start or line
        lines += [""] * (line - start - len(lines)) + text
    return start, lines


def _below_title(lines: Sequence[str]) -> int:
    """Return the index of the line below the page's title; 0 if these lines have no title with a ``#``.

    The lines are parsed, since a ``#`` in a comment or a listing is no title.
    """
    return next(
        (
            token.map[1]
            for token in blocks_within("\n".join(lines))
            if token.type == "heading_open" and token.markup == "#" and not token.level and token.map
        ),
        0,
    )


def merge(
    section: Section,
    projections: Mapping[str, Projection],
    results: Mapping[str, Result | None],
    settings: BookSettings,
    metadata: Mapping[str, Any] | None = None,
    failures: Mapping[str, Failed] | None = None,
    types: Collection[str] = PAGE_TYPES,
) -> NotebookNode:
    """Return the page of ``section``: a notebook whose text, code and outputs are those of all tabs.

    ``projections`` has every tab of the section; a tab without a result is shown as not
    executed. ``metadata`` becomes the notebook's, with ``source_map``, from which MyST-NB says
    the line of a fault, as its own reader adds it. ``failures`` says of tabs without a result how
    their jobs failed. ``types`` are those of outputs that the page can draw; of others it shows the
    text. Same input, same bytes.

    * Text is as in the file, tab blocks included, without slide marks.
    * Neighbouring code cells of some frameworks become one group, each tab with its own cells.
    * A cell for all tabs shows its code once where that is the same in all, then the outputs:
      once where they are equal, else as a group. Where the code differs, it is a group.
    * The foot of the page says with what the outputs were made, where that is known.
    """
    executed = {tab: results.get(tab) is not None for tab in section.tabs}
    failures = {tab: failed for tab, failed in (failures or {}).items() if not executed[tab]}
    page = _PageBuilder(section, settings, executed, failures)
    codes = {
        index: with_errors(without_lost_figures(code, settings.language), failures)
        for index, code in page_cells(section, projections, results, types, settings.language).items()
    }
    page.fill(codes, notices_of(section, results, failures, settings))
    for number, text in enumerate(slide_texts(section)):
        page.slide(f"item-{number}", " ".join(text.tabs), text.source, text.line, f"slide-item-{number}")
    tab_results = {tab: result for tab in section.tabs if (result := results.get(tab))}
    named = ((settings.tabs[tab].name, result.made_with) for tab, result in tab_results.items())
    if made := made_with_note(named, settings.language):
        page.markdown(section.cells[-1].line, made.split("\n"), "made-with")
    return page.notebook(metadata or {})
