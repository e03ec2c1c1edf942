"""How the jobs of a book stand: what the store has, what failed before, what is stale and why."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tabbook.book import Book
from tabbook.keys import Key
from tabbook.model import Result, Section
from tabbook.plan import Job, device_class, jobs
from tabbook.plan import data as data_files
from tabbook.plan.gpus import Need, inventory, lacking
from tabbook.plan.history import Records, Remembered, has_failures, recall_failure
from tabbook.plan.outputs import stored
from tabbook.plan.report import failure_report, report_path
from tabbook.plan.spec import Failure, limits_of, steps_of
from tabbook.status.explain import Reason, reasons
from tabbook.status.places import symbol_places
from tabbook.store import Store

Status = Literal["executed", "stored", "failed", "skipped", "deferred", "elsewhere", "stale"]
"""How a job stands: executed now; taken from the store; failed; not executed because it has no
environment; deferred, because this machine lacks the GPUs that it needs; left to another shard;
or, when nothing is executed, to be executed by the next run."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How the job of one section and tab stands at the end of a run.

    ``seconds`` is how long the job took, and ``memory`` how many bytes at most (0: not known), now or
    when the store's result was made. ``reason``
    says why it was skipped or deferred. ``report`` is the file about its failure, ``remembered`` says that it
    failed in an earlier run and nothing changed since. ``stand_ins`` names the data files that
    could not be had. ``key`` is its key on this machine, ``whole`` why it depends on all of the
    library, and ``reasons`` why it is stale, where that was asked for.
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
    whole: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: every job, in the book's order, and the data that it did without.

    ``stand_ins`` says for each data file that could not be had why.
    """

    jobs: tuple[JobStatus, ...]
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[JobStatus, ...]:
        """The jobs that failed."""
        return tuple(job for job in self.jobs if job.status == "failed")

    @property
    def skipped(self) -> tuple[JobStatus, ...]:
        """The jobs that have no environment to run in."""
        return tuple(job for job in self.jobs if job.status == "skipped")

    @property
    def deferred(self) -> tuple[JobStatus, ...]:
        """The jobs that wait for a machine with the GPUs that they need."""
        return tuple(job for job in self.jobs if job.status == "deferred")

    @property
    def executed(self) -> tuple[JobStatus, ...]:
        """The jobs that were executed and have new outputs."""
        return tuple(job for job in self.jobs if job.status == "executed")

    @property
    def ok(self) -> bool:
        """Whether every job has its outputs, or is left to another shard."""
        return all(job.status in ("executed", "stored", "elsewhere") for job in self.jobs)


def stored_status(job: Job, result: Result) -> JobStatus:
    """Return how a job stands whose result is in the store."""
    seconds = float(result.made_with.get("seconds", 0))
    return JobStatus(
        job.section.path,
        job.tab,
        "stored",
        seconds,
        int(result.made_with.get("memory", 0)),
        stand_ins=result.stand_ins,
        key=result.key,
        whole=job.whole,
    )


def need_of(job: Job) -> Need:
    """Return what ``job`` needs in GPUs."""
    return Need(job.section.settings.gpus, job.section.settings.gpu_memory)


def recall(book: Book, job: Job, key: str) -> Remembered | None:
    """Return how the job with this key failed before, if it did."""
    limits = limits_of(book.settings, job.section.settings)
    return recall_failure(book.work, key, steps_of(job.projection), limits)


def failed_last(book: Book, job: Job, device: str) -> Failure | None:
    """Return how ``job`` failed on ``device``, if it did and nothing has changed since."""
    if not has_failures(book.work):
        return None
    found = data_files.resolve({name: book.settings.data[name] for name in job.data}, job.data, fetch=False)
    known = recall(book, job, job.key(device, found.missing).digest)
    return known.failure if known else None


def failed_before(book: Book, job: Job, key: str, known: Remembered) -> JobStatus:
    """Return how a job stands that failed before and is what it was then."""
    report = report_path(book.reports, job.section.path, job.tab)
    return JobStatus(
        job.section.path,
        job.tab,
        "failed",
        known.seconds,
        failure=known.failure,
        report=report if report.exists() else failure_report(report, known.failure),
        remembered=True,
        key=key,
        whole=job.whole,
    )


def status(
    book: Book,
    sections: Iterable[Section] | None = None,
    tabs: Iterable[str] | None = None,
    *,
    explain: bool = False,
    library_texts: Mapping[str, str] | None = None,
) -> RunReport:
    """Return how every job stands, executing nothing and without the network.

    With ``explain`` stale jobs have their reasons. ``library_texts`` are the files of the library
    as the next run will write them; those on disk count, if not given.

    Raises:
        TabbookError: A section cannot be projected.
    """
    device, store = device_class(), Store(book.outputs)
    planned = jobs(book, sections, tabs, library_texts)

    def known(job: Job, missing: Iterable[str] = ()) -> JobStatus | None:
        result = stored(store, job, device, missing)
        return stored_status(job, result) if result else None  # the outputs are let go of

    taken = [known(job) for job in planned]
    wanted = dict.fromkeys(
        name for job, kept in zip(planned, taken, strict=True) if not kept for name in job.data
    )
    found = data_files.resolve(book.settings.data, wanted, fetch=False)
    records = Records(book.work, store)
    places = {tab: symbol_places(book, tab) for tab in book.settings.tabs} if explain else {}
    statuses = []
    for job, kept in zip(planned, taken, strict=True):
        missing = [name for name in job.data if name in found.missing]
        if from_store := kept or (known(job, missing) if missing else None):
            statuses.append(from_store)
            continue
        key = job.key(device, missing)
        if failure := recall(book, job, key.digest):
            statuses.append(failed_before(book, job, key.digest, failure))
            continue
        if lacks := lacking(need_of(job), inventory(device)):
            statuses.append(
                JobStatus(
                    job.section.path, job.tab, "deferred", reason=lacks, key=key.digest, whole=job.whole
                )
            )
            continue
        why = _reasons(book, job, key, store, places[job.tab], records) if explain else ()
        statuses.append(
            JobStatus(job.section.path, job.tab, "stale", key=key.digest, whole=job.whole, reasons=why)
        )
    used = {name for entry in statuses for name in entry.stand_ins}
    return RunReport(tuple(statuses), {name: why for name, why in found.missing.items() if name in used})


def _reasons(
    book: Book, job: Job, key: Key, store: Store, places: Callable[[str], str], records: Records
) -> tuple[Reason, ...]:
    numbers = job.section.numbers
    return reasons(
        records.before(job.section.path, job.tab, key),
        key,
        [(numbers[cell.index], f"{job.section.path}:{cell.line}") for cell in job.projection.code_cells],
        places,
        book.settings.library.package,
        damaged=store.path(key.digest).exists(),
    )
