"""Where a job runs: a kernel of its own, in a scratch folder, with chosen environment variables.

Processes of kernels are known here, so that none outlives its job, nor a run that is stopped.
"""

import contextlib
import os
import re
import signal
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

from tabbook.execute.outputs import plain
from tabbook.plan.spec import FailureKind, JobSpec

START_SECONDS = 120
"""How long a kernel may take to answer for the first time; imports come later."""

_LAUNCHER = """
import sys
if sys.path[0] == "":
    del sys.path[0]
from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp
class Stream(OutStream):
    ahead = 0
    def write(self, string):
        written = super().write(string)
        self.ahead += len(string)
        if self.ahead > 1_000_000:
            self.ahead = 0
            self.flush()
        return written
class App(IPKernelApp):
    outstream_class = "__main__.Stream"
    def init_iopub(self, context):
        context.sndhwm = 0
        super().init_iopub(context)
App.launch_instance()
"""
"""Starts a kernel that keeps outputs until they are read. Usual ones drop what is more than a
thousand messages ahead of a slow reader. What a cell prints is sent before it is much: a usual
kernel makes one message of whatever was printed meanwhile, however many copies that takes."""

_PASSED_ON = re.compile(
    r"HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|PATH|(DY)?LD_LIBRARY_PATH|SYSTEMROOT"
    r"|SSL_CERT_\w+|XDG_\w+|(CUDA|CUDNN|NVIDIA|NCCL|XLA|JAX|TF|KERAS|TORCH|PYTORCH|MXNET|D2L)_\w+"
)
_CREDENTIAL = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|(^|_)KEY|KEY($|_)", re.IGNORECASE)
_THREADS = [
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",
]


class JobFailedError(Exception):
    """Carries what went wrong from deep inside a job to its outcome."""

    def __init__(self, kind: FailureKind, message: str, traceback: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message, self.traceback, self.line = message, traceback, line


class _Running:
    """The process groups of this process's kernels, so that a run or a job can be stopped at once.

    A job is known by the thread that executes it, which executes no other at the same time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: dict[int, int] = {}
        self._stopped: set[int] = set()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether this thread's job is to end, or all are."""
        with self._lock:
            return self._stopping or threading.get_ident() in self._stopped

    def add(self, group: int) -> None:
        with self._lock:
            self._threads[group] = threading.get_ident()
            if self._stopping or threading.get_ident() in self._stopped:
                _kill(group)

    def remove(self, group: int) -> None:
        _kill(group)
        with self._lock:
            self._threads.pop(group, None)

    def stop(self, stopping: bool) -> None:
        with self._lock:
            self._stopping = stopping
            for group in self._threads if stopping else ():
                _kill(group)

    def stop_thread(self, thread: int) -> None:
        with self._lock:
            self._stopped.add(thread)
            for group, owner in self._threads.items():
                if owner == thread:
                    _kill(group)

    def let_thread(self, thread: int) -> None:
        with self._lock:
            self._stopped.discard(thread)


running = _Running()


def _kill(group: int) -> None:
    """Kill what is left of a kernel: the process itself and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


@contextlib.contextmanager
def stopped() -> Iterator[None]:
    """End this process's jobs at once, and let none start, for as long as the context lasts."""
    running.stop(True)
    try:
        yield
    finally:
        running.stop(False)


class Stop:
    """Ends one job from any thread: the one that its thread executes within this context.

    Once called, it is `asked`. It does nothing when the context is over.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None
        self.asked = False

    def __enter__(self) -> "Stop":
        with self._lock:
            self._thread = threading.get_ident()
            if self.asked:
                running.stop_thread(self._thread)
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            running.let_thread(threading.get_ident())
            self._thread = None

    def __call__(self) -> None:
        """End the job at once; if it has not begun, as soon as it does."""
        with self._lock:
            self.asked = True
            if self._thread is not None:
                running.stop_thread(self._thread)


def job_environment(job: JobSpec, scratch: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that a job's kernel sees.

    Of ``inherited`` only what is known to be needed passes, never what looks like a credential;
    ``TABBOOK_PASS_ENV`` names, with commas, what else to pass.
    """
    named = {name.strip() for name in inherited.get("TABBOOK_PASS_ENV", "").split(",")}
    kept = {
        name: value
        for name, value in inherited.items()
        if name in named or (_PASSED_ON.fullmatch(name) and not _CREDENTIAL.search(name))
    }
    search = os.pathsep.join(filter(None, (str(Path(job.python).parent), kept.get("PATH", os.defpath))))
    return {
        **kept,
        **dict.fromkeys(_THREADS, str(job.threads)),
        "PATH": search,
        "TMPDIR": str(scratch / "t"),
        "PYTHONPATH": job.library or "",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(scratch / "matplotlibrc"),
        "SOURCE_DATE_EPOCH": "0",  # figures carry the date of their making otherwise
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "D2L_DATA": str(scratch / "data"),
        "D2L_DATA_OFFLINE": "1",
        "TABBOOK_TAB": job.tab,
        # So that only the first job makes matplotlib's cache of fonts.
        **({"MPLCONFIGDIR": str(Path(job.shared) / "matplotlib")} if job.shared else {}),
        **job.environment,
    }


def make_folders(job: JobSpec, scratch: Path) -> None:
    """Make a job's folders: ``work`` to run in, ``data`` with links to the files it declared.

    ``t`` is for temporary files; its name is short because sockets, whose paths may have 100
    bytes or so, are made in it.
    """
    for name in ("work", "data", "ipython", "t"):
        (scratch / name).mkdir()
    # The same figure is the same file: matplotlib makes up the names inside of it otherwise.
    (scratch / "matplotlibrc").write_text("svg.hashsalt: tabbook\n", encoding="utf-8")
    for name, path in job.data.items():
        link = scratch / "data" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)


def shown_paths(job: JobSpec, scratch: Path) -> dict[str, str]:
    """Return what outputs say in place of this machine's folders, longest first."""
    environment = Path(job.python).parent.parent
    shown = {f"{path}/": "site-packages/" for path in environment.glob("lib/python*/site-packages")}
    shown |= {f"{scratch / 'work'}/": "", f"{scratch / 'data'}/": ""}
    shown[f"{scratch / 't'}/ipykernel_"] = "/ipykernel_"  # where cells are, see tabbook.execute.outputs
    if job.library:
        shown[f"{job.library.rstrip('/')}/"] = ""
    home = str(Path.home())
    # IPython writes ~ for the home folder in its tracebacks.
    shown |= {f"~{path[len(home) :]}": name for path, name in shown.items() if path.startswith(f"{home}/")}
    return dict(sorted(shown.items(), key=lambda item: -len(item[0])))


def log_tail(log: Path, lines: int = 20) -> str:
    """Return the end of what the kernel's process wrote to its own output."""
    with contextlib.suppress(OSError):
        return plain("\n".join(log.read_text(errors="replace").rstrip().split("\n")[-lines:]))
    return ""


@contextlib.asynccontextmanager
async def kernel(job: JobSpec, scratch: Path) -> AsyncIterator[tuple[Any, Any]]:
    """Start the job's kernel; yield its manager and its client; leave no process behind.

    The kernel is started from ``job.python`` itself, so it depends on no kernel that the user
    has registered, and spoken to through sockets in the scratch folder, so jobs that start at
    the same moment cannot take each other's ports.

    Raises:
        JobFailedError: The kernel does not start.
    """
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class OneKernel(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            argv = [job.python, "-c", _LAUNCHER, "-f", "{connection_file}"]
            # What native code writes past Python, such as TensorFlow's notes on the machine's
            # CPU and drivers, is no output of a cell; it stays in the kernel's log.
            argv.append("--IPKernelApp.capture_fd_output=False")
            return KernelSpec(argv=argv, display_name=kernel_name, language="python")

    manager = AsyncKernelManager(
        kernel_name="tabbook",
        kernel_spec_manager=OneKernel(),
        transport="ipc",
        connection_file=str(scratch / "kernel.json"),
    )
    log = scratch / "kernel.log"
    group, client = 0, None
    try:
        try:
            with log.open("wb") as sink:
                await manager.start_kernel(
                    cwd=str(scratch / "work"),
                    env=job_environment(job, scratch, os.environ),
                    extra_arguments=["--HistoryManager.hist_file=:memory:"],
                    stdout=sink,
                    stderr=sink,
                )
            group = manager.provisioner.pid  # type: ignore[union-attr]  # the local one
            running.add(group)
            manager.context.rcvhwm = 0  # the other end of what _LAUNCHER does
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=min(START_SECONDS, job.timeout))
        except (OSError, RuntimeError, ValueError) as error:
            raise JobFailedError("no-start", f"the kernel does not start: {error}", log_tail(log)) from None
        client.allow_stdin = False
        yield manager, client
    finally:
        if client is not None:
            client.stop_channels()
        if group:
            running.remove(group)
            with contextlib.suppress(RuntimeError):
                await manager.shutdown_kernel(now=True)
        await manager.cleanup_resources()
