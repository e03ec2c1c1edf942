"""Why a job would run, in words with places: the record of its last run beside today's."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from tabbook.keys.closure import ALWAYS, MISSING, changes
from tabbook.keys.key import PYTHON, STAND_IN, Key

ReasonKind = Literal[
    "never", "code", "environment", "device", "data", "file", "library", "format", "store", "failed"
]

_PACKAGE = re.compile(r"([A-Za-z0-9][\w.-]*(?:\[[^]]*\])?)\s*(?:[=~<>!]=?=?|@)\s*([^\s;\\]+)")
_MAX_REASONS = 5
_DECLARED = {"new": "is declared now", "gone": "is no longer declared", "changed": "changed"}
"""What to say of a file that a section declares."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that makes a job stale: what ``kind`` of thing, in words, and where, if anywhere."""

    kind: ReasonKind
    text: str
    location: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.location})" if self.location else self.text


def reasons(
    last: Key | None,
    now: Key,
    cell_places: Sequence[tuple[int, str]],
    symbol_place: Callable[[str], str],
    package: str,
    damaged: bool = False,
) -> tuple[Reason, ...]:
    """Return why a job whose outputs are not in the store has to run.

    Args:
        last: The key and the record of its last outputs, if any are known.
        now: Those of today.
        cell_places: For each of the job's cells its number in the section, and its ``path:line``.
        symbol_place: Returns where a symbol of the library, or a method, is saved; nothing for
            what the library does not have.
        package: The name that the library is imported as.
        damaged: The store has an entry, and it is not whole.
    """
    if damaged:
        return (Reason("store", "its outputs in the store are damaged"),)
    if last is None:
        return (Reason("never", "never executed here"),)
    if last.digest == now.digest:
        return (Reason("store", "its outputs are no longer in the store"),)
    before, after = last.record, now.record
    reasons_found = [
        *_format(before, after),
        *_cells(before.get("cells", []), after["cells"], cell_places),
        *_library(before, after, symbol_place, package),
        *_data(before.get("data", {}), after["data"]),
        *_files(before.get("files", {}), after.get("files", {})),
        *_machine(before, after),
        *_variables(before.get("variables", {}), after.get("variables", {})),
        *_environment(before.get("environment", []), after["environment"]),
    ]
    return tuple(reasons_found) or (Reason("format", "the record of its last run cannot be read"),)


def sentence(reasons: Iterable[Reason]) -> str:
    """Return reasons as one line, with what did not change if that helps."""
    reasons = tuple(reasons)
    kinds = {reason.kind for reason in reasons}
    text = "; ".join(map(str, reasons))
    compared = kinds and not kinds & {"never", "store", "failed", "environment", "format"}
    return f"{text}; environment unchanged" if compared else text


def _format(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Reason]:
    if before.get("format") != after["format"]:
        yield Reason("format", "tabbook executes jobs differently now")


def _machine(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Reason]:
    if before.get("device") != after["device"]:
        yield Reason("device", f"device {before.get('device')} → {after['device']}")
    old, new = (record.get("python", PYTHON) for record in (before, after))
    if old != new:
        yield Reason("environment", f"Python changed: {old} → {new}")


def _cells(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    places: Sequence[tuple[int, str]],
) -> Iterator[Reason]:
    """Yield a reason for each cell that changed, is new, or is gone."""
    old, new = ([cell["sha256"] for cell in cells] for cells in (before, after))
    for word, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if word == "equal":
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                if before[i].get("tags") != after[j].get("tags"):
                    yield Reason("code", f"tags of cell {places[j][0]} changed", places[j][1])
            continue
        shared = min(i2 - i1, j2 - j1)
        for number, place in places[j1 : j1 + shared]:
            yield Reason("code", f"code of cell {number} changed", place)
        for number, place in places[j1 + shared : j2]:
            yield Reason("code", f"cell {number} is new", place)
        gone = i2 - i1 - shared
        if gone > 0:
            where = f"after cell {places[j2 - 1][0]}" if j2 else "at the start"
            yield Reason("code", f"{'a cell' if gone == 1 else f'{gone} cells'} {where} gone")


def _library(
    before: Mapping[str, Any], after: Mapping[str, Any], place: Callable[[str], str], package: str
) -> Iterator[Reason]:
    old, new = before.get("library", {}), after["library"]
    changed = changes(old, new)
    whole = after.get("whole", "")
    if whole != before.get("whole", ""):
        text = (
            f"depends on all of the library now ({whole})" if whole else "uses only some of the library now"
        )
        yield Reason("library", text)
        changed = [(name, word) for name, word in changed if word == "changed"]
    for name, word in changed[:_MAX_REASONS]:
        yield _symbol(name, word, new.get(name), place(name), package)
    if len(changed) > _MAX_REASONS:
        yield Reason("library", f"and {len(changed) - _MAX_REASONS} more of the library's symbols")


def _symbol(name: str, word: str, digest: str | None, where: str, package: str) -> Reason:
    called = name if name.startswith(f"{package}.") else f"{package}.{name}"
    if name == ALWAYS:
        called = f"what importing {package} does"
    if digest == MISSING:
        text = f"{called} is not in the library"
    elif word == "new":
        text = f"{called} is used now"
    elif word == "gone":
        text = f"{called} is no longer used" if where else f"{called} is gone"
    else:
        text = f"{called} changed"
    return Reason("library", text, where)


def _data(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Reason]:
    for name, word in changes(before, after):
        said = _DECLARED[word]
        if word == "changed" and STAND_IN in (before[name], after[name]):
            said = "is no longer available" if after[name] == STAND_IN else "is available now"
        yield Reason("data", f"the data file {name} {said}")


def _files(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Reason]:
    for name, word in changes(before, after):
        yield Reason("file", f"the file {name} {_DECLARED[word]}")


def _variables(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Reason]:
    said = {"new": "is set now", "gone": "is not set any more", "changed": "changed"}
    for name, word in changes(before, after):
        yield Reason("environment", f"the variable {name} {said[word]}")


def _environment(before: Sequence[str], after: Sequence[str]) -> Iterator[Reason]:
    """Yield one reason that names the packages whose versions changed."""
    old, new = (_packages(lines) for lines in (before, after))
    words = [
        f"{name} {old[name]} → {new[name]}" if word == "changed" else f"{name} {word}"
        for name, word in changes(old, new)
    ]
    if len(words) > _MAX_REASONS:
        words[_MAX_REASONS:] = [f"and {len(words) - _MAX_REASONS} more"]
    if list(before) != list(after):
        yield Reason("environment", f"environment changed ({', '.join(words) or 'options of its packages'})")


def _packages(lines: Iterable[str]) -> dict[str, str]:
    return {match[1].lower(): match[2] for line in lines if (match := _PACKAGE.match(line))}
