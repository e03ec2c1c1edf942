"""What a run leaves to be read: a report per failure, and what each job took: time and memory."""

import contextlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

from tabbook.files import read_json, write_atomic
from tabbook.model import JobName
from tabbook.plan.job_spec import Failure
from tabbook.read.markdown import fence_for


def job_file(folder: Path, section: str, tab: str, suffix: str = ".json") -> Path:
    """Return the file in ``folder`` that is about the job of ``section`` in ``tab``."""
    return folder / f"{section.removesuffix('.md')}.{tab}{suffix}"


def report_path(folder: Path, section: str, tab: str) -> Path:
    """Return the file of the report about ``section`` in ``tab``."""
    return job_file(folder, section, tab, ".md")


def _fenced(title: str, text: str, language: str = "text") -> str:
    if not text.strip():
        return ""
    fence = fence_for(text)
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


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job took: ``seconds``, and ``memory`` in bytes at most; 0, where that is not known."""

    seconds: float
    memory: int = 0


def _costs_folder(work: Path) -> Path:
    return work / "seconds"


def read_costs(work: Path) -> dict[JobName, Cost]:
    """Return what each (section, tab) took when it was last executed here.

    It only decides what begins when, so whatever cannot be read is left out.
    """
    costs: dict[JobName, Cost] = {}
    for path in _costs_folder(work).glob("**/*.json"):
        value = read_json(path)
        with contextlib.suppress(ValueError, KeyError, TypeError, OverflowError):
            spent = Cost(float(value["seconds"]), int(value.get("memory", 0)))
            if 0 <= spent.seconds < math.inf and spent.memory >= 0:
                costs[JobName(str(value["section"]), str(value["tab"]))] = spent
    return costs


def write_cost(work: Path, section: str, tab: str, spent: Cost) -> None:
    """Remember what a job took; what cannot be written is no loss."""
    value = {"section": section, "tab": tab, "seconds": round(spent.seconds, 1), "memory": spent.memory}
    with contextlib.suppress(OSError):
        write_atomic(job_file(_costs_folder(work), section, tab), json.dumps(value) + "\n")
