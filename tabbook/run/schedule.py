"""Run many jobs on an executor, as many at once as there are slots, the longest first.

The executor is any `JobExecutor`; what it is, and where its workers are, is
none of our business. Jobs are handed to it only when a slot is free, so that what was begun is
what is running, and nothing waits in a queue when a run is stopped.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from tabbook.model import JobName
from tabbook.plan.gpus import Gpu, Slots
from tabbook.plan.job_spec import DeferredError, Failure, JobSpec, Outcome
from tabbook.plan.memory import MemoryBudget

if TYPE_CHECKING:
    from tabbook.run.executors import JobExecutor

Lack = Literal["gpus", "memory"]


def longest_first(jobs: Iterable[JobSpec], seconds: Mapping[JobName, float]) -> list[JobSpec]:
    """Return ``jobs`` in the order in which to begin them.

    Args:
        jobs: In the book's order, which decides among equals.
        seconds: How long (section, tab) took before. Jobs that are not among them come first,
            those with more code before others: one of them may be the longest of all.
    """
    unknown = float("inf")

    def rank(job: JobSpec) -> tuple[float, int]:
        return -seconds.get(job.name, unknown), -sum(len(step.lines) for step in job.steps)

    return sorted(jobs, key=rank)


def _lost(job: JobSpec, error: BaseException) -> Outcome:
    """Return the outcome of a job that its executor did not bring to an end."""
    if isinstance(error, DeferredError):
        return Outcome(job.section, job.tab, 0.0, deferred=str(error))
    message = f"the job could not be run: {type(error).__name__}: {error}"
    return Outcome(job.section, job.tab, 0.0, failure=Failure("broken", job.section, 0, job.tab, message))


class FreeResources:
    """What is free for jobs: GPUs and memory; where these are ``None``, others give them out."""

    def __init__(self, slots: Slots | None, budget: MemoryBudget | None) -> None:
        self._cards, self._room = slots, budget

    def take(self, job: JobSpec) -> tuple[int, ...] | Lack:
        """Give ``job`` all that it needs and return the numbers of its GPUs; or what it must wait for."""
        own = () if self._cards is None else self._cards.take(job.need)
        if own is None:
            return "gpus"
        if self._room is None or self._room.take(job.memory):
            return own
        if self._cards is not None:
            self._cards.give(job.need, own)
        return "memory"

    def give(self, job: JobSpec, own: tuple[int, ...]) -> None:
        """Take back what was a job's."""
        if self._cards is not None:
            self._cards.give(job.need, own)
        if self._room is not None:
            self._room.give(job.memory)


def next_job(waiting: list[JobSpec], free: FreeResources) -> tuple[JobSpec, tuple[int, ...]] | None:
    """Take the first job that can begin out of ``waiting``; return it and the GPUs that are its own.

    If one must wait for a GPU, none that needs a GPU passes it, or it might never begin. If one must
    wait for memory, those that need less pass it, so that as many as possible run at once.
    """
    blocked = False
    for place, job in enumerate(waiting):
        if blocked and job.need.gpus:
            continue
        own = free.take(job)
        if not isinstance(own, str):
            del waiting[place]
            return job, own
        blocked |= own == "gpus"
    return None


def _on_gpus(job: JobSpec, gpus: tuple[int, ...]) -> JobSpec:
    """Return ``job`` so that it sees the GPUs that are its own, and no others."""
    if not gpus:
        return job
    return replace(job, variables={**job.variables, "CUDA_VISIBLE_DEVICES": ",".join(map(str, gpus))})


def run_all(
    jobs: Iterable[JobSpec],
    executor: "JobExecutor",
    slots: int,
    work: Callable[[JobSpec], Outcome],
    begun: Callable[[JobSpec], None] = lambda _: None,
    gpus: Iterable[Gpu] | None = (),
    budget: MemoryBudget | None = None,
    ended: Callable[[JobSpec, Outcome], None] = lambda _job, _outcome: None,
) -> Iterator[Outcome]:
    """Yield the outcome of each of ``jobs`` as it ends, at most ``slots`` running at once.

    Jobs begin in the given order, but those that need no GPU pass one that must wait for it. Each job
    gets its own of ``gpus``; if these are ``None``, the executor assigns GPUs. Jobs that need less memory
    pass one that must wait for ``budget``; without a budget, memory does not matter. A job that the
    executor loses (its worker died, it cannot be sent) ends with a failure of kind ``broken``, one that
    it cannot place is deferred. If the caller stops iterating, no more jobs begin; the owner of the
    executor ends those that run. ``ended`` is called with each outcome as soon as the executor has it,
    in a thread of the executor, even if the caller has stopped iterating.
    """
    waiting = list(jobs)
    free = FreeResources(None if gpus is None else Slots(gpus), budget)

    def tell(job: JobSpec, future: Future[Outcome]) -> None:
        if not future.cancelled() and future.exception() is None:
            ended(job, future.result())

    running: dict[Future[Outcome], tuple[JobSpec, tuple[int, ...]]] = {}
    try:
        while waiting or running:
            while len(running) < max(1, slots) and (chosen := next_job(waiting, free)):
                job, own = chosen
                begun(job)
                try:
                    future = executor.submit(work, _on_gpus(job, own))
                except RuntimeError as error:  # the executor is broken or shut down
                    free.give(job, own)
                    yield _lost(job, error)
                    continue
                running[future] = chosen
                future.add_done_callback(partial(tell, job))
            if waiting and not running:  # no job is left that could give a GPU back
                job = waiting.pop(0)
                yield _lost(job, RuntimeError(f"it needs {job.need}, which this machine lacks"))
            for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                job, own = running.pop(future)
                free.give(job, own)
                lost = future.exception()
                yield future.result() if lost is None else _lost(job, lost)
    finally:
        for future in running:
            future.cancel()
