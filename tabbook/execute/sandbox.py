"""Where a job runs: a kernel of its own, in a scratch folder, with chosen environment variables."""

import asyncio
import contextlib
import fcntl
import json
import os
import queue
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from tabbook.environ import passed_on
from tabbook.execute.landlock import restricted_command
from tabbook.execute.outputs import MAX_DISPLAY_BYTES, without_colours
from tabbook.execute.paths import BOOK_FOLDER
from tabbook.execute.processes import GuardedKernel, JobFailedError
from tabbook.files import read_file
from tabbook.keys.key import sha256
from tabbook.plan.job_spec import JobSpec

_T = TypeVar("_T")
START_SECONDS = 120
"""How long a kernel may take to answer for the first time; imports come later."""
_TAIL_BYTES = 20_000
"""Bytes of a kernel's log that are looked at."""
_PIPE_BYTES = 1 << 20
"""Bytes that native code can write before it has to wait for Python to read them."""
LAST_OUTPUT_SECONDS = 0.2
"""Seconds to wait for what a kernel that died said before."""

_LAUNCHER = Path(__file__).with_name("launcher.py")
_CONNECTION_FILE = "kernel.json"
_THREADS = [
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
]

_LOG_LINES = r"""(?x:
    [IWEF]\d{4}\ [\d:.]+\ +\d+\ [^\s:]+:\d+\]                      # absl and glog
    | \d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d\.\d+:\ [IWEF]\ [^\s:]+:\d+\]  # with the date
    | \[[IWEF](\d{4})?\ ?[\d:.]*\ [^\s:]+\.(c|cc|cpp|cu|h|hpp):\d+\]   # c10
    | \[\d\d:\d\d:\d\d\]\ \S+\.(c|cc|cpp|cu|h|hpp):\d+:             # dmlc
    | \S+:\d+:\d+\ \[\d+\]\ NCCL\ (INFO|WARN)\b
    | WARNING:\ All\ log\ messages\ before\ absl::InitializeLog\(\)
)"""
"""How log lines of native code begin, in the formats of common loggers; a framework may have more."""


def job_variables(job: JobSpec, scratch: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that a job's kernel sees.

    Its home folder is one of its own: the user's settings and credentials are not consulted.
    """
    kept = passed_on(inherited, job.framework.passed(job.tab))
    search = os.pathsep.join(filter(None, (str(Path(job.python).parent), kept.get("PATH", os.defpath))))
    return {
        **kept,
        **dict.fromkeys(_THREADS, str(job.threads)),
        "PATH": search,
        "HOME": str(scratch / "home"),
        "USER": "reader",  # or pages say who executed them
        "LOGNAME": "reader",
        "TMPDIR": str(scratch / "t"),
        "PYTHONPATH": job.library_folder or "",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(scratch / "matplotlibrc"),
        "SOURCE_DATE_EPOCH": "0",  # figures carry the date of their making otherwise
        "D2L_DATA": str(scratch / "data"),
        "D2L_DATA_OFFLINE": "1",
        "TABBOOK_TAB": job.tab,
        "TABBOOK_SECTION": job.section,
        "TABBOOK_DATA": os.pathsep.join((*job.data, *job.stand_ins)),  # those that it declares
        **{name: str(path) for name, path in _shared(job).items()},
        **job.framework.environ(scratch / "home", job.threads),
        **job.variables,
    }


def _shared(job: JobSpec) -> dict[str, Path]:
    """Return the folders that jobs have in common, by the variables that name them."""
    if not job.shared:
        return {}
    # So that only the first job makes matplotlib's cache of fonts, or compiles what a GPU runs.
    folders = {"MPLCONFIGDIR": Path(job.shared) / "matplotlib"}
    return folders | ({"CUDA_CACHE_PATH": Path(job.shared) / "cuda"} if job.device == "gpu" else {})


def writable(job: JobSpec, scratch: Path, inherited: Mapping[str, str]) -> list[str]:
    """Return the folders that a job may write to: ``TABBOOK_WRITABLE`` names more, with colons."""
    named = inherited.get("TABBOOK_WRITABLE", "").split(os.pathsep)
    return [str(scratch), *map(str, _shared(job).values()), *filter(None, named)]


def make_folders(job: JobSpec, scratch: Path) -> None:
    """Make a job's folders: `BOOK_FOLDER` with the files of its section, ``data`` with links to its data.

    ``t`` is for temporary files; its name is short because sockets, whose paths may have 100
    bytes or so, are made in it.

    Raises:
        JobFailedError: A file of the section is not what it was when the job's key was made.
    """
    for name in (BOOK_FOLDER, "data", "home", "ipython", "t"):
        (scratch / name).mkdir()
    for folder in _shared(job).values():
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
    # The same figure is the same file: matplotlib makes up the names inside of it otherwise.
    (scratch / "matplotlibrc").write_text("svg.hashsalt: tabbook\n", encoding="utf-8")
    for name, path in job.data.items():
        link = scratch / "data" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    place = work_folder(job, scratch)
    place.mkdir(parents=True, exist_ok=True)
    for name, path in job.files.items():
        _copy(name, Path(path), place, job.inputs["files"][name])


def work_folder(job: JobSpec, scratch: Path) -> Path:
    """Return the folder that a job runs in: as deep as its section's files may lie above it."""
    depth = max((PurePosixPath(name).parts.count("..") for name in job.files), default=0)
    return scratch.joinpath(BOOK_FOLDER, *["section"] * depth)


def _copy(name: str, path: Path, place: Path, digest: str) -> None:
    """Copy a file of the section, so that the job cannot change it, to where its code looks for it."""
    try:
        data = read_file(path)
    except OSError as error:
        problem = f"the file {name!r} cannot be read: {error.strerror or error}"
        raise JobFailedError("broken", problem) from None
    if sha256(data) != digest:
        raise JobFailedError("broken", f"the file {name!r} was changed during the run: run it again")
    target = Path(os.path.normpath(place / name))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


class KernelLog:
    """What a kernel's process and its children say past Python: in a file, and in two named pipes.

    The kernel reads the pipes. They are open here, too, so that what is in them when it dies is kept.
    """

    def __init__(self, scratch: Path) -> None:
        """Make the pipes in the folder ``scratch``.

        Raises:
            OSError: That is not possible.
        """
        self.file, self.pipes = scratch / "kernel.log", str(scratch / "fd")
        self._ends: list[int] = []
        for number in (1, 2):
            os.mkfifo(f"{self.pipes}{number}")
            end = os.open(f"{self.pipes}{number}", os.O_RDWR | os.O_NONBLOCK)
            self._ends.append(end)
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                with contextlib.suppress(OSError):  # the system allows for less
                    fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def close(self) -> None:
        """Close the pipes."""
        while self._ends:
            os.close(self._ends.pop())

    def tail(self, lines: int = 150) -> str:
        """Return the last that a kernel that is over has said."""
        text = b""
        with contextlib.suppress(OSError), self.file.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES)
        for end in self._ends:
            with contextlib.suppress(BlockingIOError):
                text += os.read(end, _PIPE_BYTES)
        return without_colours("\n".join(text.decode(errors="replace").rstrip().split("\n")[-lines:]))


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel that runs: Jupyter's manager and client of it, its guard, and its log."""

    manager: Any
    client: Any
    guarded: GuardedKernel
    log: KernelLog

    async def unless_dead(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what comes of ``work``, unless the kernel ends before.

        Raises:
            JobFailedError: It does; the failure says why.
        """
        task: asyncio.Future[_T] = asyncio.ensure_future(work)
        try:
            async with self.guarded.ended() as over:
                waited: list[asyncio.Future[Any]] = [task, over]
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():  # what the kernel said last may be on its way
                await asyncio.wait({task}, timeout=LAST_OUTPUT_SECONDS)
            if not task.done():
                raise self.guarded.failure(self.log.tail())
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)  # whatever it makes of that


async def _ready(client: Any) -> None:
    """Wait until a kernel answers, and what it publishes arrives."""
    while True:
        client.kernel_info()
        with contextlib.suppress(queue.Empty):
            await client.get_shell_msg(timeout=1)
            await client.get_iopub_msg(timeout=0.2)
            return


def _manager(job: JobSpec, scratch: Path, guarded: GuardedKernel, log: KernelLog) -> Any:
    """Return Jupyter's manager of the kernel that `_LAUNCHER` is, behind its guard."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class OneKernel(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            command = [job.python, "-c", _LAUNCHER.read_text(encoding="utf-8"), "-f", "{connection_file}"]
            argv = guarded.command(restricted_command(command, writable(job, scratch, os.environ)))
            argv += [f"--Bounded.most={MAX_DISPLAY_BYTES}", f"--App.pipes={log.pipes}"]
            argv.append(f"--App.noise={json.dumps([_LOG_LINES, *job.framework.log_lines])}")
            argv.append("--IPKernelApp.capture_fd_output=False")  # the launcher does it by itself
            return KernelSpec(argv=argv, display_name=kernel_name, language="python")

    return AsyncKernelManager(
        kernel_name="tabbook",
        kernel_spec_manager=OneKernel(),
        transport="ipc",
        connection_file=str(scratch / _CONNECTION_FILE),
    )


def _check_sockets(scratch: Path) -> None:
    """Check that the names of the kernel's sockets fit into an address.

    Raises:
        OSError: The path of the scratch folder is too long.
    """
    import zmq

    most = zmq.IPC_PATH_MAX_LEN - len(f"/{scratch.name}/{_CONNECTION_FILE}-ipc-5")
    if len(os.fsencode(scratch.parent)) > most:
        raise OSError(
            f"its sockets are in {scratch.parent}, and the path of a socket must be short;"
            f" set TMPDIR to a folder whose path has at most {most} characters"
        )


@contextlib.contextmanager
def _start_failures(seconds: float, log: KernelLog) -> Iterator[None]:
    """Turn whatever keeps a kernel from starting within ``seconds`` into the failure of its job.

    Raises:
        JobFailedError: The kernel does not start.
    """
    try:
        yield
    except TimeoutError:
        message = f"the kernel does not start: it did not answer within {seconds:g} seconds"
        raise JobFailedError("no-start", message, log.tail()) from None
    except OSError as error:
        raise JobFailedError("no-start", f"the kernel does not start: {error}", log.tail()) from None
    except JobFailedError as failed:
        if failed.kind != "died":
            raise
        message = f"the kernel does not start: {failed.message}"
        raise JobFailedError("no-start", message, failed.traceback) from None


@contextlib.asynccontextmanager
async def kernel(job: JobSpec, scratch: Path, guarded: GuardedKernel) -> AsyncIterator["Kernel"]:
    """Start the job's kernel behind its guard; yield it; leave no process behind.

    The kernel is started from ``job.python`` itself, so it depends on no kernel that the user
    has registered, and spoken to through sockets in the scratch folder, so jobs that start at
    the same moment cannot take each other's ports.

    Raises:
        JobFailedError: The kernel does not start.
    """
    log, client = KernelLog(scratch), None
    manager = _manager(job, scratch, guarded, log)
    patience = min(START_SECONDS, job.limits.timeout)
    try:
        with _start_failures(patience, log):
            _check_sockets(scratch)
            with log.file.open("w+b") as sink:  # the launcher reads what it moved there
                await manager.start_kernel(
                    cwd=str(work_folder(job, scratch)),
                    env=job_variables(job, scratch, os.environ),
                    extra_arguments=["--HistoryManager.hist_file=:memory:"],
                    stdin=guarded.stdin,
                    stdout=sink,
                    stderr=sink,
                )
            guarded.started(manager.provisioner.pid)  # the provisioner is the local one
            manager.context.rcvhwm = 0  # the other end of what _LAUNCHER does
            client = manager.client()
            client.start_channels()
            client.allow_stdin = False
            started = Kernel(manager, client, guarded, log)
            async with asyncio.timeout(patience):
                await started.unless_dead(_ready(client))
        yield started
    finally:
        if client is not None:
            client.stop_channels()
        guarded.finish()
        if manager.has_kernel:
            with contextlib.suppress(RuntimeError):
                await manager.shutdown_kernel(now=True)  # which has nothing left to end
        await manager.cleanup_resources()
        log.close()
