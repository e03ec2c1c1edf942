"""Recording what jobs return: results in the store, failures as reports, durations for later runs.

A job of this machine is recorded by the thread that executes it, while it has the lock of its key, and one
of another machine by the thread that receives it: a run that waits for the lock finds the result, and no
result is lost between a thread that is done and a run that is being stopped.
"""

import errno
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tabbook.book import Book
from tabbook.environments import STAMP_FILE
from tabbook.errors import Fault, StoreError
from tabbook.execute.job import execute
from tabbook.execute.processes import running
from tabbook.model import JobName
from tabbook.plan.history import remove_failure, save_failure, write_last
from tabbook.plan.job_spec import Failure, JobSpec, Outcome
from tabbook.plan.planner import Job
from tabbook.plan.reports import Cost, failure_report, report_path, write_cost
from tabbook.run.locks import job_lock
from tabbook.status.standing import JobStatus, failed_before, load_failure_of, stored_status
from tabbook.store.local import Store

_FOR_ALL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""Where the store cannot be written for one of these reasons, no other result can be stored either."""
START_SECONDS = 180.0
"""Seconds that a job may take besides its time limit; another run waits no longer for it."""


def cannot_store(book: Book, error: OSError) -> StoreError:
    """Return what to say when the store of ``book`` cannot be written."""
    where = book.outputs.relative_to(book.root).as_posix()
    hint = "fix that, and run again: finished jobs are kept"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free some space, and run again: finished jobs are kept"
    return StoreError([Fault(where, 0, f"outputs cannot be stored: {error.strerror or error}", hint)])


def forget_report(book: Book, section: str, tab: str) -> None:
    """Remove the report about a job that has its outputs now, if there is one."""
    with suppress(OSError):
        report_path(book.reports, section, tab).unlink(missing_ok=True)


class Recorder:
    """Records the outcomes of one run's jobs, once each.

    Args:
        book: The book.
        store: Where results go.
        jobs: The jobs of the run, by section and tab.
        force: Execute a job even if another run of the book has just done so.
        retry: Execute a job even if it has just failed in another run of the book.
    """

    def __init__(
        self,
        book: Book,
        store: Store,
        jobs: Mapping[JobName, Job],
        *,
        force: bool = False,
        retry: bool = False,
    ) -> None:
        self._book, self._store, self._jobs = book, store, jobs
        self._force, self._retry = force, retry
        self._statuses: dict[JobName, JobStatus] = {}
        self._lock = threading.Lock()
        self._environments = {tab: _state(book.venv(tab)) for tab in book.settings.tabs}
        self.error: StoreError | None = None
        """Why no result can be stored any more."""

    def execute(self, spec: JobSpec) -> Outcome:
        """Execute a job of this machine, and keep what it brings; another run may do so meanwhile."""
        file, seconds = self._book.work / "locks", spec.limits.timeout + START_SECONDS
        with job_lock(file, spec.key, seconds, lambda: running.stopping):
            known = self._done_elsewhere(spec)
            if known is not None:
                self._statuses[spec.name] = known
                return Outcome(spec.section, spec.tab, known.seconds)
            outcome = execute(spec)
            failure = outcome.failure
            if failure is not None and failure.kind == "stopped":
                pass
            elif _state(self._book.venv(spec.tab)) != self._environments[spec.tab]:
                message = "its environment was changed or removed during the run: run it again"
                failure = Failure("broken", spec.section, 0, spec.tab, message)
                outcome = replace(outcome, result=None, failure=failure)
            self._statuses[spec.name] = self._record(spec, outcome)
            return outcome

    def record(self, spec: JobSpec, outcome: Outcome) -> JobStatus:
        """Write what is to be kept of ``outcome``, unless that was done, and return its job's status.

        Nothing raises here; `error` says when the store cannot be written any more.
        """
        with self._lock:
            name = spec.name
            if name not in self._statuses:
                self._statuses[name] = self._record(spec, outcome)
            return self._statuses[name]

    def _done_elsewhere(self, spec: JobSpec) -> JobStatus | None:
        """Return the job's status if another run of the book has executed it since this one began."""
        job = self._jobs[spec.name]
        result = None if self._force else self._store.get(spec.key, warn=False)
        if result is not None:
            return stored_status(job, result)
        known = None if self._force or self._retry else load_failure_of(self._book, job, spec.key)
        return None if known is None else failed_before(self._book, job, spec.key, known)

    def _record(self, spec: JobSpec, outcome: Outcome) -> JobStatus:
        name, work = spec.name, self._book.work
        if outcome.deferred:
            return JobStatus(*name, "deferred", reason=outcome.deferred)
        failure = outcome.failure
        if outcome.result is not None:
            try:
                self._store.put(outcome.result)
            except OSError as error:
                message = f"its outputs cannot be stored: {error.strerror or error}"
                failure = Failure("broken", spec.section, 0, spec.tab, message)
                if error.errno in _FOR_ALL:
                    self.error = cannot_store(self._book, error)
        if failure is not None:
            report = failure_report(report_path(self._book.reports, *name), failure)
            save_failure(work, spec, replace(outcome, failure=failure))
            return JobStatus(
                *name, "failed", outcome.seconds, outcome.memory, failure=failure, report=report, key=spec.key
            )
        remove_failure(work, spec.key)
        write_last(work, *name, spec.key, spec.inputs)
        write_cost(work, *name, Cost(outcome.seconds, outcome.memory))
        forget_report(self._book, *name)
        stand_ins = outcome.result.stand_ins if outcome.result else ()
        return JobStatus(
            *name, "executed", outcome.seconds, outcome.memory, stand_ins=stand_ins, key=spec.key
        )


def _state(venv: Path) -> tuple[int, int] | None:
    """Return what changes when an environment is made anew, brought up to date, or removed."""
    with suppress(OSError):
        state = (venv / STAMP_FILE).stat()
        return state.st_ino, state.st_mtime_ns
    return None
