"""The code cells of a page: the code of each in every framework, and what readers see of its outputs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tabbook.language import translator
from tabbook.merge.failures import Failed
from tabbook.merge.glue import for_all, for_tab
from tabbook.merge.isolation import contexts
from tabbook.merge.visible import on_page, seen_and_glued
from tabbook.model import Cell, Output, Projection, Result, Section


@dataclass(frozen=True, slots=True)
class PageCell:
    """A code cell of the page: for each tab that has it, its code and what readers see of its outputs.

    ``outputs`` has the tabs that were executed, ``glued`` what is not shown at the cell but may be
    shown elsewhere on the page. ``places`` are the cell's places among the code cells of each tab,
    ``contexts`` is what a tab's outputs depend on besides themselves.
    """

    cell: Cell
    sources: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, tuple[Output, ...]] = field(default_factory=dict)
    glued: dict[str, tuple[Output, ...]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    contexts: dict[str, str] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        """Whether all tabs that have the cell have the same code in it."""
        return len(set(self.sources.values())) == 1

    def shown(self, tab: str) -> tuple[Output, ...]:
        """Return the outputs of ``tab``; none if it was not executed."""
        return self.outputs.get(tab, ())

    def with_glued(self, tab: str) -> tuple[Output, ...]:
        """Return the outputs of ``tab``, and what it glues and does not show, under keys of its own."""
        return for_tab((*self.shown(tab), *self.glued.get(tab, ())), tab)

    @property
    def asides(self) -> tuple[Output, ...]:
        """What the cell glues and does not show, for all tabs."""
        return for_all(self.glued, list(self.sources))


def figure_options(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options for showing a cell's outputs as a figure; empty if it has none."""
    options = metadata.get("mystnb")
    figure = options.get("figure") if isinstance(options, dict) else None
    return figure if isinstance(figure, dict) else {}


def page_cells(
    section: Section,
    projections: Mapping[str, Projection],
    results: Mapping[str, Result | None],
    types: Collection[str],
    language: str = "en",
) -> dict[int, PageCell]:
    """Return the code cells of the page, by their place in the section; notes are in ``language``."""
    values = {cell.index: PageCell(cell) for cell in section.code_cells}
    for tab in section.tabs:
        result = results.get(tab)
        for position, cell in enumerate(projections[tab].code_cells):
            made = values[cell.index]
            made.sources[tab], made.places[tab] = cell.source, position
            if result is not None and position < len(result.outputs):
                seen, made.glued[tab] = seen_and_glued(result.outputs[position], cell.tags, language)
                made.outputs[tab] = on_page(seen, types, language)
        shown = {index: made.outputs[tab] for index, made in values.items() if tab in made.outputs}
        for index, context in contexts(shown).items():
            values[index].contexts[tab] = context
    return {index: made for index, made in values.items() if made.sources}


def without_lost_figures(code: PageCell, language: str = "en") -> PageCell:
    """Return ``code`` with a placeholder for a named figure that no tab has made.

    References to it would break, and they are not what is wrong.
    """
    if not figure_options(code.cell.metadata).get("name") or code.outputs:
        return code
    _ = translator(language)
    placeholder: Output = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/plain": _("not executed")},
    }
    return replace(code, outputs=dict.fromkeys(code.sources, (placeholder,)))


def with_errors(code: PageCell, failures: Mapping[str, Failed]) -> PageCell:
    """Return ``code`` with the errors of the tabs in which it failed."""
    errors = {
        tab: (*code.outputs.get(tab, ()), *failed.outputs)
        for tab, failed in failures.items()
        if failed.cell is not None and code.places.get(tab) == failed.cell
    }
    return replace(code, outputs={**code.outputs, **errors}) if errors else code
