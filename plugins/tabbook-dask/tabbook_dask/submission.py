"""A job on its way to a worker, what it needs there, and who has refused it."""

import contextlib
import logging
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tabbook.plan.job_spec import JobSpec, Outcome

_log = logging.getLogger(__name__)


def resources_of(job: JobSpec) -> dict[str, float]:
    """Return what a worker must have for ``job``, in Dask's resources.

    Its framework's environment, under the name of the tab; and where jobs run on GPUs, a worker
    with ``GPU``, as many of them as the job says that it needs. They are the job's own.
    """
    needed: dict[str, float] = {job.tab: 1}
    if job.device == "gpu":
        needed["GPU"] = job.need.gpus
    return needed


@dataclass(eq=False)
class Submission:
    """A job on its way: its files, and the task of Dask's that is to bring its outcome."""

    number: int
    job: JobSpec
    pickled: bytes
    """The function that executes it on a worker, and its payload."""
    files: Mapping[str, Path]
    future: "Future[Outcome]" = field(default_factory=Future)
    task: "Future[Any] | None" = None
    allowed: tuple[str, ...] | None = None
    """The workers that it may go to; all, if ``None``."""
    waiting_since: float | None = None
    """Since when there is no worker for it."""
    begun: bool = False
    """Whether a worker executes it."""
    losses: int = 0
    """How often the scheduler forgot it."""

    def finish(self, outcome: Outcome | None = None, error: BaseException | None = None) -> None:
        """Bring the job to its end, unless it has come to one."""
        with contextlib.suppress(InvalidStateError):
            if error is not None:
                self.future.set_exception(error)
            elif outcome is not None:
                self.future.set_result(outcome)


class Refusals:
    """Which workers do not take which jobs, and why.

    A worker that refuses a job refuses those that need the same: framework, device and GPUs.
    """

    def __init__(self) -> None:
        self._why: dict[object, dict[str, str]] = {}

    def note(self, job: JobSpec, worker: str, reason: str) -> None:
        """Take note that ``worker`` refuses ``job``; what is new is logged as a warning."""
        known = self._why.setdefault(_kind(job), {})
        if worker not in known:
            known[worker] = reason
            _log.warning("%s takes no jobs such as %s in %s: %s", worker, job.section, job.tab, reason)

    def of(self, job: JobSpec) -> Mapping[str, str]:
        """Return why workers refuse ``job``, by their addresses."""
        return dict(self._why.get(_kind(job), {}))


def _kind(job: JobSpec) -> object:
    return job.tab, job.device, job.need


def readable(error: BaseException) -> BaseException:
    """Return an error of Dask's in words that make sense without knowing Dask."""
    from distributed import KilledWorker

    if not isinstance(error, KilledWorker):
        return error
    count, last = error.allowed_failures + 1, error.last_worker.address
    return ConnectionError(
        f"its worker died, {last}" if count == 1 else f"{count} workers died that ran it, the last one {last}"
    )
