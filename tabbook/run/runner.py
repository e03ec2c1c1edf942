"""Run what is stale: plan, take what the store has, execute the rest, keep every good result."""

import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from tabbook import environments
from tabbook.book import Book
from tabbook.errors import ExecuteError, Fault
from tabbook.execute.job import execute
from tabbook.execute.processes import stop_all
from tabbook.library.generator import frozen_copy, library_files
from tabbook.machine import cores
from tabbook.model import JobName, Section
from tabbook.plan import data as data_files
from tabbook.plan.gpus import SHARED_GPU_VARIABLES, Gpu, inventory
from tabbook.plan.history import write_last
from tabbook.plan.job_spec import JobSpec, Outcome, limits_of, steps_of
from tabbook.plan.memory import MemoryBudget, available_memory, likely_memory
from tabbook.plan.outputs import page_result
from tabbook.plan.planner import Job, device_class, jobs
from tabbook.plan.reports import Cost, read_costs
from tabbook.run.recorder import Recorder, cannot_store, forget_report
from tabbook.run.schedule import longest_first, run_all
from tabbook.run.shard import Shard, jobs_of_shard
from tabbook.status.overview import status
from tabbook.status.standing import JobStatus, RunReport, Standing, Status, need_of, standings
from tabbook.store.local import Store

if TYPE_CHECKING:
    from tabbook.run.executors import JobExecutor

__all__ = ["JobStatus", "Progress", "RunReport", "Status", "page_result", "run", "status"]


class Progress(Protocol):
    """Something that shows the progress of a run; see ``tabbook.run.progress`` for two that do."""

    def planned(self, stale: int, stored: int) -> None:
        """Say how many jobs are to be executed, and how many the store has."""

    def begun(self, section: str, tab: str) -> None:
        """Say that a job begins."""

    def ended(self, job: JobStatus) -> None:
        """Say that a job ended: ``executed``, ``failed`` or ``skipped``."""


class _Silent:
    """Shows nothing."""

    def planned(self, stale: int, stored: int) -> None: ...

    def begun(self, section: str, tab: str) -> None: ...

    def ended(self, job: JobStatus) -> None: ...


def _prepare(book: Book, store: Store, library_files: Mapping[str, bytes]) -> Path:
    """Make sure that results can be stored; return a folder with the library that the keys are about.

    Raises:
        StoreError: They cannot.
    """
    try:
        store.check_writable()
        return frozen_copy(book, library_files)
    except OSError as error:
        raise cannot_store(book, error) from error


def _spec(
    book: Book,
    job: Job,
    library_folder: Path,
    data: data_files.DataFiles,
    device: str,
    threads: int,
    peaks: Mapping[JobName, int],
) -> JobSpec:
    """Return all that it takes to execute ``job``, with the data files that were found."""
    missing = tuple(name for name in job.data if name in data.missing)
    key, own = job.key(device, missing), job.section.settings
    return JobSpec(
        key=key.digest,
        section=job.section.path,
        tab=job.tab,
        steps=steps_of(job.projection),
        python=str(book.python(job.tab)),
        framework=book.settings.tabs[job.tab],
        library_folder=str(library_folder),
        data={name: str(data.paths[name]) for name in job.data if name in data.paths},
        files={name: str((book.root / job.section.path).parent / name) for name in job.files},
        stand_ins=missing,
        inputs=key.record,
        device=device,
        limits=limits_of(book.settings, own),
        output_limit=book.settings.output_limit,
        threads=threads,
        variables=SHARED_GPU_VARIABLES if device == "gpu" else {},
        need=need_of(job),
        shared=str(book.work),
        memory=likely_memory(job.name, peaks, own.memory, book.settings.memory),
        python_version=book.python_version(job.tab),
    )


def _slots(workers: int | None, count: int, *, here: bool) -> int:
    """Return how many of ``count`` jobs run at once: as many as wanted, or as this machine has cores."""
    return min(workers or (cores() if here else sys.maxsize), count)


def _specs(
    book: Book,
    jobs: Mapping[JobName, Job],
    library: Path,
    found: data_files.DataFiles,
    device: str,
    slots: int,
    spent: Mapping[JobName, Cost],
) -> list[JobSpec]:
    """Return all that it takes to execute ``jobs``, ``slots`` at once; those that took long come first."""
    threads = max(1, cores() // slots)
    peaks = {name: one.memory for name, one in spent.items()}
    specs = [_spec(book, job, library, found, device, threads, peaks) for job in jobs.values()]
    return longest_first(specs, {name: one.seconds for name, one in spent.items()})


def _check_strict(stale: Iterable[Job], missing: Mapping[str, str]) -> None:
    hint = "put the file into a folder and set D2L_DATA to it, or run without --strict-data"
    faults = [
        Fault(job.section.path, 0, f"the data file {name!r} is not available: {missing[name]}", hint)
        for job in stale
        for name in job.data
        if name in missing
    ]
    if faults:
        raise ExecuteError(faults)


def run(
    book: Book,
    sections: Iterable[Section] | None = None,
    tabs: Iterable[str] | None = None,
    *,
    workers: int | None = None,
    strict_data: bool = False,
    force: bool = False,
    retry: bool = False,
    progress: Progress | None = None,
    executor: "JobExecutor | None" = None,
    device: str | None = None,
    why_unusable: Callable[[str], str] | None = None,
    shard: Shard | None = None,
) -> RunReport:
    """Execute the jobs whose outputs the store does not have, and keep each result as it comes.

    Args:
        book: The book; its library must be up to date.
        sections: The sections whose jobs are wanted; all, if not given.
        tabs: The tabs whose jobs are wanted; all, if not given.
        workers: How many jobs run at once; if not given, as many as this machine has cores, and
            as many as it likes on an ``executor``.
        strict_data: Raise if a data file is not available, instead of using a stand-in.
        force: Execute every job, whatever the store has.
        retry: Execute again what failed before, although nothing changed since, and try downloads again
            that failed minutes ago (as ``force`` and ``strict_data`` do).
        progress: Shows how the run goes.
        executor: Runs the jobs; threads of this process, if not given. It is not shut down. Which
            environments and GPUs there are is its business: a job that it cannot place
            raises a `DeferredError`.
        device: The class of device that the jobs run on; this machine's, if not given.
        why_unusable: Returns why the environment of a tab cannot be used, or nothing if it can.
        shard: The part of the stale jobs to execute; all of them, if not given.

    Raises:
        TabbookError: A section cannot be projected, or data is missing where that is an error.
            Nothing was executed then.
        StoreError: The store cannot be written, from the start or any more (the disk is full).
            Finished results are kept.
        KeyboardInterrupt: The run was stopped. Kernels are gone, finished results are kept.
    """
    progress = progress or _Silent()
    device, here = device or device_class(), executor is None
    library = library_files(book)
    planned = _plan(book, library, sections, tabs)
    find_data = partial(_find_data, book, strict=strict_data, retry=retry or force or strict_data)
    standing, data = standings(
        book, planned, device, find_data, gpus=inventory if here else None, force=force, retry=retry
    )
    _note_taken(book, standing)
    spent = read_costs(book.work)
    standing = _leave_to_others(standing, shard, spent)
    if here:
        standing = _skip_unusable(standing, why_unusable or (lambda tab: _why_unusable(book, tab)))
    _announce(standing, progress)
    done = {one.name: one.status for one in standing}
    stale = {one.name: one.job for one in standing if one.status.status == "stale"}
    if stale:
        store, slots = Store(book.outputs), _slots(workers, len(stale), here=here)
        specs = _specs(book, stale, _prepare(book, store, library), data, device, slots, spent)
        recorder = Recorder(book, store, stale, force=force, retry=retry)
        outcomes = _outcomes(specs, executor, recorder, slots, progress, inventory(device) if here else None)
        done |= _executed(outcomes, specs, recorder, progress)
    return RunReport.of(done.values(), data)


def _executed(
    outcomes: Generator[Outcome, None, None], specs: Iterable[JobSpec], recorder: Recorder, progress: Progress
) -> dict[JobName, JobStatus]:
    """Keep each of ``outcomes`` as it comes; return how the jobs of ``specs`` stand then.

    Raises:
        StoreError: The store cannot be written any more.
    """
    given = {spec.name: spec for spec in specs}
    done = {}
    with closing(outcomes):
        for outcome in outcomes:
            name = outcome.name
            done[name] = recorder.record(given[name], outcome)
            progress.ended(done[name])
            if recorder.error is not None:
                raise recorder.error
    return done


def _plan(
    book: Book,
    library_files: Mapping[str, bytes],
    sections: Iterable[Section] | None,
    tabs: Iterable[str] | None,
) -> tuple[Job, ...]:
    """Return the jobs that are wanted, with the library as it was read."""
    inside = book.library_folder.relative_to(book.root).as_posix()
    texts = {f"{inside}/{name}": data.decode(errors="replace") for name, data in library_files.items()}
    return jobs(book, sections, tabs, texts)


def _find_data(book: Book, lacking: Sequence[Job], *, strict: bool, retry: bool) -> data_files.DataFiles:
    """Return the data files of jobs that the store has no outputs of; download or make what is not there.

    Raises:
        ExecuteError: Some are not available, and the run is ``strict``.
    """
    found = data_files.find_all(
        book.settings.data,
        (name for job in lacking for name in job.data),
        fetch=True,
        notes=book.work / "unreachable",
        retry=retry,
        root=book.root,
    )
    if strict:
        _check_strict(lacking, found.missing)
    return found


def _note_taken(book: Book, standing: Iterable[Standing]) -> None:
    """Note what the store had: later changes are explained by it, and reports of failures are out of date."""
    for one in standing:
        if one.status.status == "stored":
            write_last(book.work, *one.name, one.key.digest, one.key.record)
            forget_report(book, *one.name)


def _leave_to_others(
    standing: tuple[Standing, ...], shard: Shard | None, spent: Mapping[JobName, Cost]
) -> tuple[Standing, ...]:
    """Mark the jobs that other shards execute."""
    if shard is None:
        return standing
    names = [one.name for one in standing if one.status.status != "stored"]
    past: dict[object, float] = {name: one.seconds for name, one in spent.items()}
    others = set(names) - set(jobs_of_shard(names, past, shard))
    return tuple(
        replace(one, status=JobStatus(*one.name, "elsewhere")) if one.name in others else one
        for one in standing
    )


def _why_unusable(book: Book, tab: str) -> str:
    state = environments.state(book, tab)
    return "" if state.usable else f"its environment is {state.status}: {state.reason}"


def _skip_unusable(
    standing: tuple[Standing, ...], why_unusable: Callable[[str], str]
) -> tuple[Standing, ...]:
    """Mark the jobs whose environment cannot be used as skipped."""
    reason = cache(why_unusable)
    return tuple(
        replace(one, status=JobStatus(*one.name, "skipped", reason=reason(one.job.tab)))
        if one.status.status == "stale" and reason(one.job.tab)
        else one
        for one in standing
    )


def _announce(standing: Sequence[Standing], progress: Progress) -> None:
    """Show in ``progress`` what there is to do, and which jobs cannot be executed here."""
    states = [one.status.status for one in standing]
    here = sum(state in ("stale", "deferred", "skipped") for state in states)
    progress.planned(here, states.count("stored"))
    for one in standing:
        if one.status.status in ("deferred", "skipped"):
            progress.ended(one.status)


def _outcomes(
    specs: list[JobSpec],
    executor: "JobExecutor | None",
    recorder: Recorder,
    slots: int,
    progress: Progress,
    gpus: Iterable[Gpu] | None,
) -> Generator[Outcome, None, None]:
    """Yield the outcomes of ``specs``; when stopped, end this process's kernels at once."""
    own = ThreadPoolExecutor(slots, thread_name_prefix="tabbook-job") if executor is None else None
    work = execute if own is None else recorder.execute
    room = None if own is None else MemoryBudget(available_memory)

    def begun(job: JobSpec) -> None:
        progress.begun(job.section, job.tab)

    def ended(job: JobSpec, outcome: Outcome) -> None:
        recorder.record(job, outcome)

    try:
        executor = own or cast("JobExecutor", executor)
        yield from run_all(specs, executor, slots, work, begun, gpus, room, ended)
    except BaseException:
        with stop_all():
            if own is not None:
                own.shutdown(wait=True, cancel_futures=True)
        raise
    if own is not None:
        own.shutdown()
