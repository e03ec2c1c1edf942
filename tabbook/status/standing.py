"""The status of each job, decided in one place: stored, failed before, deferred, or to be executed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tabbook.book import Book
from tabbook.keys.key import Key
from tabbook.model import JobName, Result
from tabbook.plan import data as data_files
from tabbook.plan.gpus import Gpu, GpuNeed, lacking
from tabbook.plan.history import PastFailure, load_failure
from tabbook.plan.job_spec import Failure, limits_of, steps_of
from tabbook.plan.outputs import stored_result
from tabbook.plan.planner import Job
from tabbook.plan.reports import failure_report, report_path
from tabbook.status.explain import Reason
from tabbook.store.local import Store

Status = Literal["executed", "stored", "failed", "skipped", "deferred", "elsewhere", "stale"]
"""The status of a job: executed now; taken from the store; failed; not executed because it has no
environment; deferred, because this machine lacks the GPUs that it needs; left to another shard;
or, when nothing is executed, to be executed by the next run."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """The status of one section's job in one tab at the end of a run.

    ``seconds`` is how long the job took, and ``memory`` how many bytes at most (0: not known), now or
    when the store's result was made. ``reason`` says why it was skipped or deferred. ``report`` is
    the file about its failure, ``remembered`` says that it failed in an earlier run and nothing
    changed since. ``stand_ins`` names the data files that were not available. ``key`` is its key on
    this machine, ``whole_because`` why it depends on all of the library, and ``reasons`` why it is stale,
    where that was asked for.
    """

    section: str
    tab: str
    status: Status
    seconds: float = 0.0
    memory: int = 0
    reason: str = ""
    failure: Failure | None = None
    report: Path | None = None
    stand_ins: tuple[str, ...] = ()
    remembered: bool = False
    key: str = ""
    whole_because: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def name(self) -> JobName:
        """The job's section and tab."""
        return JobName(self.section, self.tab)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: every job, in the book's order, and the data that it did without.

    ``stand_ins`` says why each missing data file is not available.
    """

    jobs: tuple[JobStatus, ...]
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, jobs: Iterable[JobStatus], data: data_files.DataFiles) -> "RunReport":
        """Return the report of ``jobs``, of which some were to do without data that was not found."""
        jobs = tuple(jobs)
        used = {name for job in jobs for name in job.stand_ins}
        return cls(jobs, {name: why for name, why in data.missing.items() if name in used})

    def having(self, status: Status) -> tuple[JobStatus, ...]:
        """Return the jobs that stand so."""
        return tuple(job for job in self.jobs if job.status == status)

    @property
    def failures(self) -> tuple[JobStatus, ...]:
        """The jobs that failed."""
        return self.having("failed")

    @property
    def ok(self) -> bool:
        """Whether every job has its outputs, or is left to another shard."""
        return all(job.status in ("executed", "stored", "elsewhere") for job in self.jobs)


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of a job before a run, and its key: that of its stored outputs, or of those to be made."""

    job: Job
    status: JobStatus
    key: Key

    @property
    def name(self) -> JobName:
        """The job's section and tab."""
        return self.job.name


def standings(
    book: Book,
    planned: Sequence[Job],
    device: str,
    find_data: Callable[[Sequence[Job]], data_files.DataFiles],
    *,
    gpus: Callable[[str], Iterable[Gpu]] | None = None,
    force: bool = False,
    retry: bool = False,
) -> tuple[tuple[Standing, ...], data_files.DataFiles]:
    """Return the status of the ``planned`` jobs on ``device``, in order, and the data files of those to run.

    A job is ``stored``, else ``failed`` if it failed before and nothing changed since, else ``deferred``
    if it needs more GPUs than there are, else ``stale``.

    Args:
        book: The book.
        planned: Its jobs.
        device: The class of device that they would run on.
        find_data: Returns the data files of jobs that the store has no outputs of, made with all data.
        gpus: Returns the GPUs that a class of device has here; without it, no job is deferred.
        force: Let no stored outputs count, and no failure.
        retry: Let no failure count.
    """
    store = Store(book.outputs)
    known = {} if force else {id(job): _stored(store, job, device) for job in planned}
    data = find_data([job for job in planned if known.get(id(job)) is None])

    def stand(job: Job) -> Standing:
        missing = tuple(name for name in job.data if name in data.missing)
        taken = known.get(id(job)) or (
            _stored(store, job, device, missing) if missing and not force else None
        )
        if taken:
            return taken
        key = job.key(device, missing)
        failure = None if force or retry else load_failure_of(book, job, key.digest)
        if failure:
            return Standing(job, failed_before(book, job, key.digest, failure), key)
        lacks = lacking(need_of(job), gpus(device)) if gpus and job.section.settings.gpus else ""
        state: Status = "deferred" if lacks else "stale"
        return Standing(job, _status(job, state, key.digest, reason=lacks), key)

    return tuple(map(stand, planned)), data


def _stored(store: Store, job: Job, device: str, missing: Iterable[str] = ()) -> Standing | None:
    """Return the status of a job that has outputs in the store, without these; ``None`` if it has none."""
    result = stored_result(store, job, device, missing)
    return Standing(job, stored_status(job, result), Key(result.key, result.inputs)) if result else None


def stored_status(job: Job, result: Result) -> JobStatus:
    """Return the status of a job whose result is in the store."""
    seconds, memory = (result.made_with.get(name, 0) for name in ("seconds", "memory"))
    spent = {"seconds": float(seconds), "memory": int(memory)}
    return _status(job, "stored", result.key, stand_ins=result.stand_ins, **spent)


def _status(job: Job, status: Status, key: str, **more: Any) -> JobStatus:
    return JobStatus(job.section.path, job.tab, status, key=key, whole_because=job.whole_because, **more)


def need_of(job: Job) -> GpuNeed:
    """Return what ``job`` needs in GPUs."""
    return GpuNeed(job.section.settings.gpus, job.section.settings.gpu_memory)


def load_failure_of(book: Book, job: Job, key: str) -> PastFailure | None:
    """Return how the job with this key failed before, if it did."""
    limits = limits_of(book.settings, job.section.settings)
    return load_failure(book.work, key, steps_of(job.projection), limits)


def failed_last(book: Book, job: Job, device: str) -> Failure | None:
    """Return how ``job`` failed on ``device``, if it did and nothing has changed since."""
    data = data_files.find_all(book.settings.data, job.data, fetch=False)
    known = load_failure_of(book, job, job.key(device, data.missing).digest)
    return known.failure if known else None


def failed_before(book: Book, job: Job, key: str, known: PastFailure) -> JobStatus:
    """Return the status of a job that failed before and has not changed since."""
    path, failure = report_path(book.reports, job.section.path, job.tab), known.failure
    report = path if path.exists() else failure_report(path, failure)
    return _status(job, "failed", key, seconds=known.seconds, failure=failure, report=report, remembered=True)
