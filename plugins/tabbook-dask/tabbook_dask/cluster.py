"""A Dask cluster as an executor: jobs travel to its workers, and come back as outcomes.

Dask decides which worker gets which job, by their resources, and gives a job whose worker is lost to
another one. What is added here: files are sent to workers that do not have them; a worker that refuses
a job is passed over; a job that no worker can take is deferred; and when the run ends, its jobs end on
all workers.
"""

import contextlib
import logging
import os
import pickle
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures import wait as wait_for
from functools import partial
from typing import TYPE_CHECKING, Any

from tabbook.errors import usage
from tabbook.model import JobName
from tabbook.plan.job_spec import DeferredError, JobSpec, Outcome
from tabbook.quantities import seconds
from tabbook_dask.payload import payload_of, version
from tabbook_dask.submission import Refusals, Submission, readable, resources_of
from tabbook_dask.transfer import FileTransfer

if TYPE_CHECKING:
    from distributed import Client

    from tabbook.run.executors import Connect

CONNECT_SECONDS = 5.0
"""How long the scheduler may take to answer."""
WORKER_WAIT_SECONDS = 30.0
"""Seconds for which a job waits for a worker that could take it to appear."""
_LOOK_SECONDS = 0.5
_STOP_SECONDS = 4.0
_MAX_LOSSES = 3
_MAX_SCHEDULER_ERRORS = 60

_CALL = "__import__('pkgutil').resolve_name('tabbook_dask.worker:carry_out')(*given)"
"""What workers evaluate. The scheduler unpickles whatever is submitted, and may lack tabbook: so it
gets a call by name."""

_log = logging.getLogger(__name__)


def connect(address: str, wait_seconds: float | None = None) -> "Cluster":
    """Return the cluster whose scheduler is at ``address``; use it as a context.

    Args:
        address: Such as ``tcp://host:8786``.
        wait_seconds: Seconds for which a job waits for a worker that could take it. If not given,
            ``TABBOOK_CLUSTER_PATIENCE`` says, or else it is `WORKER_WAIT_SECONDS`.

    Raises:
        UsageError: It cannot be reached, has no workers, or Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError:
        raise usage("--cluster needs the package distributed", "pip install distributed") from None
    wait_seconds = _wait_seconds() if wait_seconds is None else wait_seconds
    hint = "name the address that dask scheduler printed, such as tcp://host:8786"
    if not address.strip():
        raise usage("--cluster needs an address", hint)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="tabbook")
    except Exception as error:  # of many kinds: no address, no such host, no answer, another protocol
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise usage(f"the cluster at {address} cannot be reached: {reason}", hint) from None
    try:
        client.wait_for_workers(1, timeout=wait_seconds)
    except TimeoutError:
        client.close()
        start = f"start one: dask worker {address} --resources …"
        raise usage(f"the cluster at {address} has no workers", start) from None
    return Cluster(client, address, wait_seconds)


def _wait_seconds() -> float:
    named = os.environ.get("TABBOOK_CLUSTER_PATIENCE")
    try:
        return seconds(named) if named else WORKER_WAIT_SECONDS
    except ValueError as error:
        raise usage(f"TABBOOK_CLUSTER_PATIENCE={named}: {error}") from None


def _in_background(work: Callable[..., None], *arguments: object) -> threading.Thread:
    """Start a thread that does not outlive the process, whatever it waits for."""
    thread = threading.Thread(target=work, args=arguments, name="tabbook-cluster", daemon=True)
    thread.start()
    return thread


class Cluster(Executor):
    """The workers of a Dask cluster; jobs that are handed to it run at once or wait there."""

    def __init__(self, client: "Client", address: str, wait_seconds: float = WORKER_WAIT_SECONDS) -> None:
        self._client, self._address, self._wait_seconds = client, address, wait_seconds
        self._topic = f"tabbook-{uuid.uuid4().hex}"
        self._lock = threading.RLock()
        self._submissions: set[Submission] = set()
        self._count = 0
        self._refusals = Refusals()
        self._transfer = FileTransfer(client)
        self._given_up = self._closed = False
        self._begun: Callable[[str, str], None] = lambda _section, _tab: None
        self._seen: set[JobName] = set()
        client.subscribe_topic(self._topic, self._note_begun)
        self._closing = threading.Event()
        _in_background(self._watch)

    @property
    def device(self) -> str:
        """The class of device that jobs run on: ``gpu`` where a worker has ``GPU``.

        ``TABBOOK_DEVICE`` overrides what is found.
        """
        has_gpu = any(worker["resources"].get("GPU") for worker in self._workers().values())
        return os.environ.get("TABBOOK_DEVICE") or ("gpu" if has_gpu else "cpu")

    def on_begin(self, begun: Callable[[str, str], None]) -> None:
        """Call ``begun`` with the section and the tab of each job when a worker begins it."""
        self._begun = begun

    def submit(  # type: ignore[override]  # for jobs alone
        self, fn: Callable[[JobSpec], Outcome], /, job: JobSpec
    ) -> "Future[Outcome]":
        """Hand over ``job``; the future brings what ``fn`` returns for it on a worker.

        Those handed over earlier come first. The future raises a `DeferredError` if no worker can
        take the job. A job that is cancelled is ended on its worker, too.

        Raises:
            RuntimeError: The cluster was shut down.
        """
        if self._closed:
            raise RuntimeError("the connection to the cluster was closed")
        try:
            payload, files = payload_of(job)
        except OSError as error:
            failed: Future[Outcome] = Future()
            failed.set_exception(error)
            return failed
        with self._lock:
            self._count += 1
            submission = Submission(self._count, job, pickle.dumps((fn, payload)), files)
            self._submissions.add(submission)
        submission.future.add_done_callback(partial(self._forget, submission))
        if job.need.gpus and job.device != "gpu":
            submission.finish(error=DeferredError(f"needs {job.need}; these jobs run on {job.device}"))
        else:
            self._try(submission)
        return submission.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Close the connection; without ``wait``, jobs on workers are ended as well.

        Jobs that were cancelled are waited for until they are gone, some seconds at most.
        """
        if self._closed:
            return
        self._closed = True
        with self._lock:
            futures = [submission.future for submission in self._submissions]
        if cancel_futures or not wait:
            for future in futures:
                future.cancel()
        wait_for(futures)
        self._closing.set()
        if self._given_up:
            _in_background(self._await_quiet).join(_STOP_SECONDS)
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.close(timeout=_STOP_SECONDS)

    def _workers(self) -> dict[str, Any]:
        """Return what the scheduler says of its workers, by address."""
        workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def _note_begun(self, event: tuple[float, Mapping[str, str]]) -> None:
        name = JobName(event[1]["section"], event[1]["tab"])
        with self._lock:
            for submission in self._submissions:
                submission.begun |= name == (submission.job.section, submission.job.tab)
        if name not in self._seen:  # another worker may begin it again
            self._seen.add(name)
            self._begun(*name)

    def _fitting(self, submission: Submission, workers: Mapping[str, Any]) -> list[str]:
        """Return those of ``workers`` that have what a job needs and did not refuse it."""
        needed = resources_of(submission.job).items()
        return sorted(
            address
            for address, worker in workers.items()
            if all(worker["resources"].get(name, -1) >= amount for name, amount in needed)
            and address not in self._refusals.of(submission.job)
        )

    def _try(self, submission: Submission) -> None:
        """Submit a job; where the scheduler does not answer, leave it to the watcher."""
        try:
            self._submit(submission, self._workers())
        except Exception as error:  # of many kinds; if the scheduler is gone, the watcher notices
            _log.debug("the cluster does not answer: %r", error)
            submission.task = None

    def _submit(self, submission: Submission, workers: Mapping[str, Any]) -> None:
        """Submit a job to workers that can take it; leave it to the watcher where there are none."""
        fitting = self._fitting(submission, workers)
        refused = bool(self._refusals.of(submission.job))
        threads_by_host: dict[str, int] = {}
        for worker in workers.values():
            threads_by_host[worker["host"]] = threads_by_host.get(worker["host"], 0) + worker["nthreads"]
        with self._lock:
            before, submission.task, submission.begun = submission.task, None, False
            submission.allowed = tuple(fitting) if refused else None
            if submission.future.done():
                return
            if fitting or not refused:
                executor = self._client.get_executor(
                    resources=resources_of(submission.job), workers=submission.allowed, pure=False
                )
                submission.task = executor.submit(
                    eval,
                    _CALL,
                    {"given": (version(), submission.pickled, threads_by_host, self._topic)},
                    key=f"tabbook-{submission.job.tab}-{uuid.uuid4().hex}",
                    priority=-submission.number,
                )
                submission.task.add_done_callback(partial(self._on_done, submission))
        if before is not None:
            before.cancel()

    def _on_done(self, submission: Submission, task: "Future[Any]") -> None:
        """See to what came in a thread of its own: this one is Dask's, and must not wait."""
        _in_background(self._receive, submission, task)

    def _receive(self, submission: Submission, task: "Future[Any]") -> None:
        """Take what came of a task: an outcome, or why there is none yet."""
        if task is not submission.task or submission.future.done():
            return
        try:
            self._handle_result(submission, task)
        except CancelledError:  # not by us: the scheduler is gone, or was begun anew
            submission.losses += 1
            if submission.losses > _MAX_LOSSES:
                submission.finish(error=ConnectionError("the cluster lost it repeatedly"))
            submission.task = None  # the watcher tries again when there is a worker
        except Exception as error:
            submission.finish(error=readable(error))
        else:
            if not submission.future.done():
                self._try(submission)

    def _handle_result(self, submission: Submission, task: "Future[Any]") -> None:
        """Take an outcome, send the files that the worker lacks, or note why it refuses the job."""
        try:
            kind, worker, content = task.result()
        except ImportError:
            if not self._refuse_other_versions(submission):
                raise
            return
        if kind == "done":
            submission.finish(content)
            return
        if kind == "missing":
            content = self._transfer.send(worker, {digest: submission.files[digest] for digest in content})
        if content:
            self._refusals.note(submission.job, worker, content)

    def _forget(self, submission: Submission, future: "Future[Outcome]") -> None:
        """Let a job go that has ended; one that was cancelled is ended where it runs."""
        with self._lock:
            self._submissions.discard(submission)
            task, submission.task = submission.task, None
        if future.cancelled():
            self._given_up = True
        if task is not None:
            task.cancel()

    def _refuse_other_versions(self, submission: Submission) -> bool:
        """Pass over the workers that do not have this tabbook; return whether there are any."""
        from tabbook_dask.worker import worker_version

        answers = self._client.run(worker_version, on_error="return")
        others = {worker: answer for worker, answer in answers.items() if answer != version()}
        for worker, answer in others.items():
            is_other = isinstance(answer, str)
            why = f"it has tabbook {answer}" if is_other else f"it cannot load tabbook-dask ({answer})"
            self._refusals.note(submission.job, worker, f"{why}, and this is {version()}")
        return bool(others)

    def _watch(self) -> None:
        """Watch the jobs that no worker can take, as long as there is a connection."""
        troubles = 0
        while not self._closing.wait(_LOOK_SECONDS):
            with self._lock:
                submissions = list(self._submissions)
            try:
                workers = self._workers()
                for submission in submissions:
                    self._look_after(submission, workers)
                troubles = 0
            except Exception as error:  # of many kinds
                troubles += 1
                _log.debug("the cluster does not answer: %r", error)
                if troubles > _MAX_SCHEDULER_ERRORS or self._client.status in ("closing", "closed"):
                    gone = ConnectionError(f"the cluster's scheduler at {self._address} is gone")
                    for submission in submissions:
                        submission.finish(error=gone)

    def _look_after(self, submission: Submission, workers: Mapping[str, Any]) -> None:
        """Send a job to workers that have joined since, or give it up when none has for long."""
        if fitting := self._fitting(submission, workers):
            submission.waiting_since = None
            allowed = submission.allowed
            came = allowed is not None and not submission.begun and set(fitting) - set(allowed)
            gone = allowed is not None and not set(allowed) & set(workers)
            if submission.task is None or came or gone:
                self._submit(submission, workers)
            return
        submission.waiting_since = submission.waiting_since or time.monotonic()
        if time.monotonic() - submission.waiting_since > self._wait_seconds:
            submission.finish(error=DeferredError(self._why_no_worker(submission, workers)))

    def _why_no_worker(self, submission: Submission, workers: Mapping[str, Any]) -> str:
        """Return in words why no worker can take a job."""
        refused = sorted(self._refusals.of(submission.job).items())
        why = [f"{worker}: {reason}" for worker, reason in refused if worker in workers]
        if why:
            return "no worker of the cluster can run it. " + "; ".join(why)
        needed = " ".join(f"{name}={max(1, n):g}" for name, n in resources_of(submission.job).items())
        return f'no worker has what it needs; start one: dask worker {self._address} --resources "{needed}"'

    def _await_quiet(self) -> None:
        """Wait until no worker executes a job of this run; they notice that jobs are cancelled."""
        from tabbook_dask.worker import running_here

        with contextlib.suppress(Exception):  # a worker that does not answer is gone
            while any(self._client.run(running_here, self._topic, on_error="ignore").values()):
                time.sleep(0.05)


if TYPE_CHECKING:
    _: Connect = connect  # what the entry point must be
