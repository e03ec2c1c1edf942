"""Outputs that came with an imported section, kept in a file beside it.

An imported book may bring outputs that were not made here: they are in ``NAME.outputs.json``
beside ``NAME.md``, each with the hash of the cell that it belongs to. The store of outputs comes
first; these are shown where it has nothing, and no longer than the cell stays as it was.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabbook.keys.key import normal_code, sha256
from tabbook.model import Output, Projection, Result

FORMAT = "tabbook outputs 1"
SUFFIX = ".outputs.json"


@dataclass(frozen=True, slots=True)
class BundledCell:
    """The outputs of one cell in some tabs; ``tabs`` is None for all that it belongs to.

    ``cell`` is the hash of the cell's code as the section has it (see :func:`cell_hash`), and
    ``number`` counts the cells with the same code above it on the page.
    """

    cell: str
    number: int
    tabs: tuple[str, ...] | None
    outputs: tuple[Output, ...]


def cell_hash(source: str) -> str:
    """Return the hash that ties outputs to a cell's code, tab mark and options aside."""
    return sha256(normal_code(source))


def outputs_path(section: str) -> str:
    """Return the path of the file with the outputs of the section in the file ``section``."""
    return section.removesuffix(".md") + SUFFIX


def dump(cells: Sequence[BundledCell]) -> str:
    """Return the text of a file of outputs; equal outputs, equal text."""
    values = [
        {
            "cell": cell.cell,
            "number": cell.number,
            "tabs": None if cell.tabs is None else list(cell.tabs),
            "outputs": cell.outputs,
        }
        for cell in cells
    ]
    return (
        json.dumps({"format": FORMAT, "cells": values}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    )


def parse(text: str) -> tuple[BundledCell, ...]:
    """Return what a file of outputs holds.

    Raises:
        ValueError: It is no such file.
    """
    data: Any = json.loads(text)
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise ValueError(f"not a file of the format {FORMAT!r}")
    return tuple(
        BundledCell(
            str(cell["cell"]),
            int(cell["number"]),
            None if cell["tabs"] is None else tuple(cell["tabs"]),
            tuple(dict(output) for output in cell["outputs"]),
        )
        for cell in data["cells"]
    )


def result(cells: Sequence[BundledCell], projection: Projection) -> Result | None:
    """Return what ``cells`` hold for ``projection``; None if nothing of it fits any more."""
    tab, section = projection.tab, projection.section
    stored = {(cell.cell, cell.number): cell for cell in cells}
    place = {cell.index: number for number, cell in enumerate(projection.code_cells)}
    outputs: list[tuple[Output, ...]] = [()] * len(place)
    seen: Counter[str] = Counter()
    any_found = False
    for cell in section.code_cells:
        digest = cell_hash(cell.source)
        kept = stored.get((digest, seen[digest]))
        seen[digest] += 1
        if kept and cell.index in place and (kept.tabs is None or tab in kept.tabs):
            outputs[place[cell.index]] = kept.outputs
            any_found = True
    if not any_found:
        return None
    key = sha256(json.dumps([tab, outputs], sort_keys=True))
    return Result(key, section.path, tab, tuple(outputs), {"stored": "with the section"})


def load(root: Path, section: str) -> tuple[BundledCell, ...]:
    """Return the outputs stored beside the file ``section`` of the book in ``root``; none if none are.

    A file that cannot be used counts as none: outputs are what a run can make again.
    """
    try:
        return parse((root / outputs_path(section)).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return ()
