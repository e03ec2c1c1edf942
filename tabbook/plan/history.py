"""What one run leaves for the next: each job's last record, and how jobs failed, by key.

Neither decides what is stale: the records are there to say in words what changed, and a failure
is found by the same key as outputs are. Whatever cannot be read counts as not there.
"""

import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tabbook.files import read_json, write_atomic
from tabbook.keys import Key, canonical, sha256
from tabbook.plan.spec import Failure, JobSpec, Limits, Outcome, Step

REMEMBERED = frozenset({"raised", "timeout", "memory", "died"})
"""The failures that come again if nothing changes; the others are not the section's own."""

_LIMITS = {"timeout": ("timeout", "cell_timeout"), "memory": ("memory",)}
"""The limits that a failure may be about."""


def _last_path(work: Path, section: str, tab: str) -> Path:
    return work / "last" / f"{section.removesuffix('.md')}.{tab}.json"


def read_last(work: Path, section: str, tab: str) -> Key | None:
    """Return the key that the job had when it was last executed, or its outputs last taken."""
    value = read_json(_last_path(work, section, tab))
    with contextlib.suppress(KeyError, TypeError):
        known = Key(value["key"], value["record"])
        if known.digest == sha256(canonical(known.record)):
            return known
    return None


def write_last(work: Path, section: str, tab: str, digest: str, record: Mapping[str, Any]) -> None:
    """Remember what went into the key of a job; the file stays as it is where nothing changed."""
    path = _last_path(work, section, tab)
    with contextlib.suppress(OSError):
        write_atomic(path, (canonical({"key": digest, "record": record}) + b"\n").decode())


@dataclass(frozen=True, slots=True)
class Remembered:
    """How a job failed when it was last executed, after ``seconds``."""

    failure: Failure
    seconds: float


def _failure_path(work: Path, key: str) -> Path:
    return work / "failures" / f"{key}.json"


def remember_failure(work: Path, job: JobSpec, outcome: Outcome) -> None:
    """Keep how ``job`` failed, if that can be expected to happen again.

    The place is kept by cell and line in the cell: edited prose moves the lines of the file.
    """
    failure = outcome.failure
    if failure is None or failure.kind not in REMEMBERED:
        return
    cell = next((i for i, step in enumerate(job.steps) if step.place(1) == failure.cell_line), None)
    value: dict[str, Any] = {
        "failure": asdict(failure),
        "seconds": round(outcome.seconds, 1),
        "limits": asdict(job.limits),
        "cell": cell,
    }
    if cell is not None and failure.line in job.steps[cell].lines:
        value["row"] = job.steps[cell].lines.index(failure.line)
    with contextlib.suppress(OSError):
        write_atomic(_failure_path(work, job.key), json.dumps(value) + "\n")


def recall_failure(work: Path, key: str, steps: Sequence[Step], limits: Limits) -> Remembered | None:
    """Return how the job with this key failed, with its places as the section is now.

    A job that ran into a limit is given another chance when it is given more.
    """
    value = read_json(_failure_path(work, key))
    with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):
        failure = Failure(**value["failure"])
        if any(
            type(getattr(failure, f.name)) is not (int if f.type is int else str) for f in fields(failure)
        ):
            return None
        if failure.kind not in REMEMBERED or any(
            (getattr(limits, name) or math.inf) > (value["limits"][name] or math.inf)
            for name in _LIMITS.get(failure.kind, ())
        ):
            return None
        if value["cell"] is not None:
            step = steps[value["cell"]]
            line = step.lines[value["row"]] if "row" in value else failure.line
            failure = replace(failure, cell_line=step.place(1), line=line)
        seconds = float(value["seconds"])
        return Remembered(failure, seconds) if 0 <= seconds < math.inf else None
    return None


def forget_failure(work: Path, key: str) -> None:
    """Forget how the job with this key failed."""
    with contextlib.suppress(OSError):
        _failure_path(work, key).unlink(missing_ok=True)
