"""The worker's side of a cluster: execute a job that came as a payload.

A job needs a framework's environment, made from the requirements in the job's key, and files, which
the worker keeps by hash in its own folder until it ends. A worker never executes a job that would give
other outputs: it answers what is missing, or why it refuses.

All functions that a worker calls are in this module. Several threads may call them at once, and Python
lets these import one module after the other, but not two that import each other.
"""

import contextlib
import hashlib
import os
import pickle
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from distributed import Reschedule, Worker, WorkerPlugin, get_worker
from distributed.comm.addressing import get_address_host
from distributed.utils import sync, thread_state  # type: ignore[attr-defined]  # the task's key

from tabbook.book import interpreter
from tabbook.environments import source_of
from tabbook.execute.processes import Stop
from tabbook.keys.key import canonical, requirement_lines, sha256
from tabbook.machine import cores
from tabbook.plan.data import search_folders
from tabbook.plan.gpus import Slots, inventory, lacking
from tabbook.plan.job_spec import JobSpec, Outcome
from tabbook.plan.memory import MemoryBudget, available_memory
from tabbook.plan.planner import device_class
from tabbook.run.schedule import FreeResources
from tabbook_dask.payload import Payload, file_digest, version

ENVIRONMENTS = "TABBOOK_ENVIRONMENTS"
"""Names the folder of a worker's environments, one by the name of each tab."""

Answer = tuple[Literal["done", "missing", "refused"], str, Any]
"""What became of a payload, which worker says so, and: the outcome, the hashes of the files that are
missing here, or why the job cannot be executed here."""

_PLUGIN = "tabbook"


class WorkerState(WorkerPlugin):
    """What a worker has for jobs: a folder, GPUs, memory, and a way to end jobs that are no longer wanted.

    A job is ended when its run is: the run was stopped, or its process is gone, or this worker is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[object, tuple[str, Stop]] = {}
        self._free = FreeResources(Slots(inventory(device_class())), MemoryBudget(available_memory))
        self._given = threading.Condition()

    def transition(self, key: object, start: str, finish: str, **_: object) -> None:
        """End a job that Dask no longer wants; by itself it would let it run to its end."""
        known = self._running.get(key)
        if known and start in ("executing", "long-running") and finish == "released":
            known[1]()

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002  # Dask's signature
        """End all jobs, as the worker ends."""
        for _, stop in list(self._running.values()):
            stop()

    def is_busy(self, topic: str) -> bool:
        """Say whether a job of a run is being executed here."""
        return any(topic == known for known, _ in list(self._running.values()))

    @contextlib.contextmanager
    def running(self, key: object, topic: str) -> Iterator[Stop]:
        """Let the task ``key`` of this thread, of the run ``topic``, be ended while this lasts."""
        with Stop() as stop:
            self._running[key] = topic, stop
            try:
                yield stop
            finally:
                del self._running[key]

    @contextlib.contextmanager
    def room(self, job: JobSpec, stop: Stop) -> Iterator[Mapping[str, str]]:
        """Wait until there are GPUs and memory for a job; yield the variables that say which GPUs.

        Raises:
            Reschedule: It was ended while it waited.
        """
        with self._given:
            while isinstance(own := self._free.take(job), str):
                if stop.asked:
                    raise Reschedule
                self._given.wait(1)
        try:
            if job.device != "gpu":
                yield {"CUDA_VISIBLE_DEVICES": ""} if device_class() == "gpu" else {}
            else:
                yield {"CUDA_VISIBLE_DEVICES": ",".join(map(str, own))} if own else {}
        finally:
            with self._given:
                self._free.give(job, own)
                self._given.notify_all()


def _folder(worker: Worker) -> Path:
    """Return the worker's folder for what it keeps between jobs; Dask removes it in the end."""
    return Path(worker.local_directory).resolve() / "tabbook"


def _state(worker: Worker) -> WorkerState:
    """Return the worker's state, set up when the first job comes."""

    async def set_up() -> None:
        if _PLUGIN not in worker.plugins:
            await worker.plugin_add(WorkerState(_folder(worker)), name=_PLUGIN)

    if _PLUGIN not in worker.plugins:
        sync(worker.loop, set_up)
    return cast(WorkerState, worker.plugins[_PLUGIN])


def venv_folder(tab: str) -> Path:
    """Return the folder of this worker's environment for ``tab``, whether it is there or not."""
    return Path(os.environ.get(ENVIRONMENTS) or ".tabbook/environments").absolute() / tab


def _refusal(payload: Payload) -> str:
    """Return why this worker cannot execute a job as its key says; empty if it can."""
    job = payload.job
    folder = venv_folder(job.tab)
    if not interpreter(folder).exists():
        return f"there is no environment {folder}; set {ENVIRONMENTS} to the folder that holds it"
    origin = source_of(folder)
    if origin is None:
        return f"it is not known what {folder} was made from; run tabbook env make there"
    if origin.python != job.python_version:
        return f"its {job.tab} environment has Python {origin.python}, and the book's {job.python_version}"
    have = set(requirement_lines(origin.requirements))
    wanted = set(job.inputs.get("environment", have))
    if wanted != have:
        lacks, more = (", ".join(sorted(lines)[:2]) for lines in (wanted - have, have - wanted))
        differ = " and ".join(filter(None, (lacks and f"lacks {lacks}", more and f"has {more}")))
        return f"its {job.tab} environment was made from other requirements: it {differ}"
    if job.device == "gpu" and device_class() != "gpu":
        return "it has no GPU that frameworks can use"
    return lacking(job.need, inventory(job.device))


class _FileStore:
    """The files that came to a worker, by hash, and libraries made of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        return self._folder / "files" / digest

    def find(self, name: str, digest: str) -> Path | None:
        """Return where a file is: it came, or this machine has it among its own data."""
        if self.path(digest).exists():
            return self.path(digest)
        for folder in search_folders():
            with contextlib.suppress(OSError):
                if file_digest(folder / name) == digest:
                    return (folder / name).resolve()
        return None

    def library(self, modules: Mapping[str, str]) -> Path:
        """Return the folder of the library with these modules, made when it is first asked for."""
        folder = self._folder / "libraries" / sha256(canonical(dict(modules)))[:16]
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(dir=folder.parent))
            for name, digest in modules.items():
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.path(digest), made / name)
            try:
                made.rename(folder)
            except OSError:  # another job was quicker
                shutil.rmtree(made)
        return folder


def carry_out(client_version: str, pickled: bytes, threads_by_host: Mapping[str, int], topic: str) -> Answer:
    """Execute a job in a thread of a Dask worker and return what came of it.

    Args:
        client_version: The sender's `version`; if this one differs, the job is refused.
        pickled: The function that executes the job, and its payload.
        threads_by_host: How many threads the workers of each host have.
        topic: Of the event that says that the job begins.
    """
    worker, key = get_worker(), thread_state.key
    if client_version != version():
        return "refused", worker.address, f"its tabbook is {version()}, and this one {client_version}"
    execute: Callable[[JobSpec], Outcome]
    payload: Payload
    execute, payload = pickle.loads(pickled)
    if reason := _refusal(payload):
        return "refused", worker.address, reason
    state = _state(worker)
    store = _FileStore(state.folder)
    data = {name: store.find(name, digest) for name, digest in payload.data.items()}
    missing = {payload.data[name] for name, path in data.items() if path is None}
    sent = {*payload.library.values(), *payload.files.values()}
    missing |= {digest for digest in sent if not store.path(digest).exists()}
    if missing:
        return "missing", worker.address, sorted(missing)
    threads = threads_by_host.get(get_address_host(worker.address), worker.state.nthreads)
    with state.running(key, topic) as stop, state.room(payload.job, stop) as variables:
        task = worker.state.tasks.get(key)
        if task is None or task.state != "executing":  # it was given up before it could be ended
            stop()
        try:
            job = payload.job_here(
                python=str(interpreter(venv_folder(payload.job.tab))),
                library=store.library(payload.library),
                shared=state.folder,
                data={name: str(path) for name, path in data.items()},
                files={name: str(store.path(digest)) for name, digest in payload.files.items()},
                threads=max(1, cores() // threads),
                variables=variables,
            )
        except OSError as error:
            return "refused", worker.address, f"its folder cannot be written: {error}"
        worker.log_event(topic, {"section": job.section, "tab": job.tab, "worker": worker.address})
        outcome = execute(job)
        if stop.asked:
            # If it is still wanted, another worker runs it; being ended is no outcome.
            raise Reschedule
    if reason := _refusal(payload):  # its environment was made anew meanwhile
        return "refused", worker.address, reason
    return "done", worker.address, outcome


def worker_version() -> str:
    """Return what identifies the tabbook of this worker."""
    return version()


def running_here(topic: str, dask_worker: Worker) -> bool:
    """Say whether a worker still executes jobs of the run that is known by ``topic``."""
    state = dask_worker.plugins.get(_PLUGIN)
    return state is not None and cast(WorkerState, state).is_busy(topic)


def missing(digests: Iterable[str], dask_worker: Worker) -> list[str]:
    """Return the hashes of the files that a worker does not have."""
    store = _FileStore(_folder(dask_worker))
    return [digest for digest in digests if not store.path(digest).exists()]


_arriving: dict[str, "hashlib._Hash"] = {}
"""The hashes of the files that are on their way, by their temporary files."""


def receive(digest: str, token: str, chunk: bytes, last: bool, dask_worker: Worker) -> str:
    """Take a part of a file that a job needs; return why it cannot be kept, if so.

    Args:
        digest: The SHA-256 of the file.
        token: Identifies this transfer of the file.
        chunk: The next part, in order.
        last: Whether the file ends here.
        dask_worker: The worker, put in by Dask.
    """
    target = _FileStore(_folder(dask_worker)).path(digest)
    part = target.with_name(f"{digest}.{token}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            file.write(chunk)
        _arriving.setdefault(str(part), hashlib.sha256()).update(chunk)
        if not last:
            return ""
        if _arriving[str(part)].hexdigest() == digest:
            part.chmod(0o444)  # jobs see it through a link
            part.replace(target)
            return ""
        return "it changed while it was sent"
    except OSError as error:
        last = True
        return str(error)
    finally:
        if last:
            _arriving.pop(str(part), None)
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
