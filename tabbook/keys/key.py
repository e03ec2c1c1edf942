"""The one definition of stale: a job's key, made from everything that can change its outputs.

A key covers the projected code, the framework's pinned environment, the class of the device,
the data files and other files that the section declares, and the library's symbols that the job can
run (see ``tabbook.keys.closure``), and nothing else: no path, no time stamp, no prose. Only this
decides whether outputs are up to date. The record that the key is the hash of is stored beside the
outputs, so that a later run can say in words what changed.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tabbook.lexemes import is_whole, lexemes, long_strings
from tabbook.model import Cell, Projection

FORMAT = 2
"""Raised when the way in which jobs run changes their outputs: every key changes with it."""

PYTHON = "3.11"
"""The Python whose outputs have no version in their record: the only one when the format began."""

STAND_IN = "stand-in"
"""What the record says in place of the hash of a data file that is not available."""

EXECUTION_TAGS = frozenset({"raises-exception", "skip-execution"})
"""The cell tags that change what a job does; all others are a matter of presentation."""

_TRAILING = re.compile(r"[^\S\n](?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Key:
    """The address of a job's outputs, and the record of what went into it.

    ``digest`` is the SHA-256 of ``record`` in canonical JSON, so one proves the other.
    """

    digest: str
    record: Mapping[str, Any]


def canonical(value: Any) -> bytes:
    """Return ``value`` as JSON that is the same for equal values: sorted, without blanks, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: str | bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal digits."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def _unix(text: str) -> str:
    """Return ``text`` with line feeds alone between its lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _open_lines(text: str) -> set[int]:
    """Return the numbers of the lines whose end lies inside a string."""
    return {line for first, last in long_strings(text) for line in range(first, last)}


def normal_code(text: str) -> str:
    """Return a cell's code without what cannot change its outputs.

    That is: the kind of line endings, trailing blanks (but not inside a string, where they
    are part of a value) and blank lines around it. Comments stay, as tracebacks show them.
    """
    text = _unix(text)
    if not _TRAILING.search(text) or not is_whole(text):
        return text.strip("\n")
    inside = _open_lines(text)
    lines = text.split("\n")
    return "\n".join(
        line if number in inside else line.rstrip() for number, line in enumerate(lines, 1)
    ).strip("\n")


def library_code(text: str) -> str:
    """Return the library's code without comments and blank lines.

    The generated module says in comments where each block comes from; those places move
    whenever a section gains a paragraph, and no output depends on them.
    """
    text = _unix(text)
    if not any(sign in text for sign in ("#", '"""', "'''", "\\\n")):
        return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())
    if not is_whole(text):
        return text
    text = "".join(text[one.start : one.end] for one in lexemes(text) if one.kind != "comment")
    inside, lines = _open_lines(text), text.split("\n")
    kept = [(n in inside or n - 1 in inside, line) for n, line in enumerate(lines, 1)]
    return "\n".join(line if whole else line.rstrip() for whole, line in kept if whole or line.strip())


def requirement_lines(text: str) -> tuple[str, ...]:
    """Return the requirements of the text of a requirements file: sorted, no comments, no blanks."""
    lines = (line.partition(" #")[0].strip() for line in _unix(text).split("\n"))
    return tuple(sorted({line for line in lines if line and not line.startswith("#")}))


def _cell_part(cell: Cell) -> dict[str, Any]:
    return {"sha256": sha256(normal_code(cell.source)), "tags": sorted(EXECUTION_TAGS & set(cell.tags))}


def cell_parts(projection: Projection) -> list[dict[str, Any]]:
    """Return what the record of a job says of its code cells."""
    return [_cell_part(cell) for cell in projection.code_cells]


def job_key(
    projection: Projection,
    *,
    requirements: Iterable[str],
    device: str,
    data: Mapping[str, str],
    library_hashes: Mapping[str, str],
    whole_because: str = "",
    cells: Sequence[Mapping[str, Any]] | None = None,
    python: str | None = None,
    files: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Key:
    """Return the key of the job that executes ``projection``.

    Args:
        projection: The section as the framework's readers see it; its code cells count.
        requirements: The framework's requirements, from `requirement_lines`.
        device: The class of the device: ``cpu`` or ``gpu``.
        data: For each declared data file the SHA-1 that it must have, or `STAND_IN`.
        library_hashes: The hashes of the library's code that the job can run, by symbol.
        cells: The `cell_parts` of ``projection``, where they are known.
        whole_because: Why that is all of the library, where the text does not say what the job uses.
        python: The version of Python that the framework's tab names, if it names one.
        files: For each declared file of the section its SHA-256, by name.
        variables: The environment variables that the framework's tab sets, if any.
    """
    record = {
        "format": FORMAT,
        "tab": projection.tab,
        "cells": cell_parts(projection) if cells is None else list(cells),
        "environment": list(requirements),
        "device": device,
        "data": dict(data),
        "library": dict(library_hashes),
        "whole": whole_because,
    }
    if python not in (None, PYTHON):
        record["python"] = python
    # The keys of jobs that have none of these stay as they were before there were any.
    if files:
        record["files"] = dict(files)
    if variables:
        record["variables"] = dict(variables)
    return Key(sha256(canonical(record)), record)
