"""Run many jobs on an executor, as many at once as there are slots, the longest first.

The executor is any ``concurrent.futures.Executor``; what it is, and where its workers are, is
none of our business. Jobs are handed to it only when a slot is free, so that what was begun is
what is running, and nothing waits in a queue when a run is stopped.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from types import FrameType

from tabbook.jobs import Failure, JobSpec, Outcome


def longest_first(jobs: Iterable[JobSpec], seconds: Mapping[tuple[str, str], float]) -> list[JobSpec]:
    """Return ``jobs`` in the order in which to begin them.

    Args:
        jobs: In the book's order, which decides among equals.
        seconds: How long (section, tab) took before. Jobs that are not among them come first,
            those with more code before others: one of them may be the longest of all.
    """
    unknown = float("inf")

    def rank(job: JobSpec) -> tuple[float, int]:
        return -seconds.get((job.section, job.tab), unknown), -sum(len(step.lines) for step in job.steps)

    return sorted(jobs, key=rank)


def _broken(job: JobSpec, error: BaseException) -> Outcome:
    message = f"the job could not be run: {type(error).__name__}: {error}"
    return Outcome(job.section, job.tab, 0.0, failure=Failure("broken", job.section, 0, job.tab, message))


def run_all(
    jobs: Iterable[JobSpec],
    executor: Executor,
    slots: int,
    work: Callable[[JobSpec], Outcome],
    begun: Callable[[JobSpec], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Yield the outcome of each of ``jobs`` as it ends, at most ``slots`` running at once.

    Jobs begin in the given order. One that the executor itself loses (its worker died, it
    cannot be sent) ends with a failure of kind ``broken``. Whoever stops iterating early stops
    what has not begun; ending what runs is up to the executor's owner.
    """
    waiting = list(reversed(list(jobs)))
    running: dict[Future[Outcome], JobSpec] = {}
    try:
        while waiting or running:
            while waiting and len(running) < max(1, slots):
                job = waiting.pop()
                begun(job)
                try:
                    running[executor.submit(work, job)] = job
                except RuntimeError as error:  # the executor is broken or shut down
                    yield _broken(job, error)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                lost = future.exception()
                yield future.result() if lost is None else _broken(job, lost)
    finally:
        for future in running:
            future.cancel()


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does, by a ``KeyboardInterrupt``, and thus in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
