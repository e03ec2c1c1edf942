"""What one run leaves for the next: each job's last record, and how jobs failed, by key.

Neither decides what is stale: the records are there to say in words what changed, and a failure
is found by the same key as outputs are. Whatever cannot be read counts as not there.
"""

import contextlib
import json
import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tabbook.files import read_json, write_atomic
from tabbook.keys.key import Key, canonical, sha256
from tabbook.model import JobName
from tabbook.plan.job_spec import Failure, JobSpec, Limits, Outcome, Step
from tabbook.plan.reports import job_file
from tabbook.store.local import Store

REPEATABLE_FAILURES = frozenset({"raised", "timeout", "memory", "died"})
"""The failures that come again if nothing changes; the others are not the section's own."""

_LIMITS = {"timeout": ("timeout", "cell_timeout"), "memory": ("memory",)}
"""The limits that a failure may be about."""


def _last_path(work: Path, section: str, tab: str) -> Path:
    return job_file(work / "last", section, tab)


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


class Records:
    """What the keys of jobs were about before."""

    def __init__(self, work: Path, store: Store) -> None:
        self._work, self._store = work, store
        self._stored: dict[JobName, list[Key]] | None = None

    def previous_key(self, section: str, tab: str, now: Key) -> Key | None:
        """Return the key that a job had before, with its record.

        That is the last one that is known, else, of those that the store has outputs for, the one
        that is most like ``now``.
        """
        last = read_last(self._work, section, tab)
        if last is not None:
            return last
        if self._stored is None:
            self._stored = {}
            for entry in self._store.entries():
                if (result := entry.result) is not None and result.inputs:
                    key = Key(result.key, result.inputs)
                    self._stored.setdefault(result.name, []).append(key)
        candidates = self._stored.get(JobName(section, tab), ())
        return max(candidates, key=lambda key: (_likeness(key.record, now.record), key.digest), default=None)


def _likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return how many parts two records have in common."""
    count = float(sum(one.get(name) == value for name, value in other.items()))
    cells = [set(map(str, record.get("cells", ()))) for record in (one, other)]
    symbols = [set(map(str, dict(record.get("library", {})).items())) for record in (one, other)]
    return count + sum(len(a & b) / max(1, len(a | b)) for a, b in (cells, symbols))


@dataclass(frozen=True, slots=True)
class PastFailure:
    """How a job failed when it was last executed, after ``seconds``."""

    failure: Failure
    seconds: float


def _failure_path(work: Path, key: str) -> Path:
    return work / "failures" / f"{key}.json"


def save_failure(work: Path, job: JobSpec, outcome: Outcome) -> None:
    """Keep how ``job`` failed, if that can be expected to happen again.

    The place is kept by cell and line in the cell: edited prose moves the lines of the file.
    """
    failure = outcome.failure
    if failure is None or failure.kind not in REPEATABLE_FAILURES:
        return
    cell = next((i for i, step in enumerate(job.steps) if step.file_line(1) == failure.cell_line), None)
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


def load_failure(work: Path, key: str, steps: Sequence[Step], limits: Limits) -> PastFailure | None:
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
        if failure.kind not in REPEATABLE_FAILURES or any(
            (getattr(limits, name) or math.inf) > (value["limits"][name] or math.inf)
            for name in _LIMITS.get(failure.kind, ())
        ):
            return None
        if value["cell"] is not None:
            step = steps[value["cell"]]
            line = step.lines[value["row"]] if "row" in value else failure.line
            failure = replace(failure, cell_line=step.file_line(1), line=line)
        seconds = float(value["seconds"])
        return PastFailure(failure, seconds) if 0 <= seconds < math.inf else None
    return None


def has_failures(work: Path) -> bool:
    """Say whether any failure is remembered: most books have none, and need not look for more."""
    return next((work / "failures").glob("*.json"), None) is not None


def remove_failure(work: Path, key: str) -> None:
    """Forget how the job with this key failed."""
    with contextlib.suppress(OSError):
        _failure_path(work, key).unlink(missing_ok=True)


def old_failures(
    work: Path, used: Collection[str], keep_seconds: float, now: float | None = None
) -> tuple[Path, ...]:
    """Return the files of failures that are no longer needed.

    Args:
        work: The folder of the book's own files.
        used: The keys to keep, whatever their age.
        keep_seconds: Seconds for which the others are kept, too.
        now: The time, in seconds since the epoch.
    """
    now, files = time.time() if now is None else now, []
    for path in sorted((work / "failures").glob("*.json")):
        with contextlib.suppress(OSError):
            if path.stem not in used and now - path.stat().st_mtime > keep_seconds:
                files.append(path)
    return tuple(files)
