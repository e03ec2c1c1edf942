"""What a run leaves to be read: a report per failure, and how long each job took."""

import contextlib
import json
import math
from pathlib import Path

from tabbook.files import read_json, write_atomic
from tabbook.plan.spec import Failure


def report_path(folder: Path, section: str, tab: str) -> Path:
    """Return the file of the report about ``section`` in ``tab``."""
    return folder / f"{section.removesuffix('.md')}.{tab}.md"


def _fenced(title: str, text: str, language: str = "text") -> str:
    if not text.strip():
        return ""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"\n## {title}\n\n{fence}{language}\n{text.rstrip()}\n{fence}\n"


def failure_text(failure: Failure) -> str:
    """Return all that is known about a failure, as Markdown that reads well as plain text."""
    place = f"{failure.path}:{failure.line}" if failure.line else failure.path
    text = f"# {place} ({failure.tab})\n\n{failure.message}\n"
    if failure.cell_line and failure.cell_line != failure.line:
        text += f"\nIt happened while the cell at {failure.path}:{failure.cell_line} was running.\n"
    text += _fenced("The cell", failure.source, "python")
    text += _fenced("What it printed last", failure.output)
    return text + _fenced("Traceback" if failure.kind == "raised" else "The kernel's log", failure.traceback)


def failure_report(path: Path, failure: Failure) -> Path | None:
    """Write the report about ``failure`` and return its file, or nothing where that is impossible."""
    with contextlib.suppress(OSError):
        write_atomic(path, failure_text(failure))
        return path
    return None


def _seconds_folder(work: Path) -> Path:
    return work / "seconds"


def read_seconds(work: Path) -> dict[tuple[str, str], float]:
    """Return how long each (section, tab) took when it was last executed here.

    It only decides what begins first, so whatever cannot be read is left out.
    """
    found: dict[tuple[str, str], float] = {}
    for path in _seconds_folder(work).glob("**/*.json"):
        value = read_json(path)
        with contextlib.suppress(ValueError, KeyError, TypeError, OverflowError):
            seconds = float(value["seconds"])
            if 0 <= seconds < math.inf:
                found[str(value["section"]), str(value["tab"])] = seconds
    return found


def write_seconds(work: Path, section: str, tab: str, seconds: float) -> None:
    """Remember how long a job took; one that cannot be written is no loss."""
    value = {"section": section, "tab": tab, "seconds": round(seconds, 1)}
    path = _seconds_folder(work) / f"{section.removesuffix('.md')}.{tab}.json"
    with contextlib.suppress(OSError):
        write_atomic(path, json.dumps(value) + "\n")
