"""Where a job runs: a kernel of its own, in a scratch folder, with chosen environment variables."""

import asyncio
import contextlib
import os
import queue
import re
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tabbook.execute.outputs import plain
from tabbook.execute.processes import Guarded, JobFailedError
from tabbook.plan.spec import JobSpec

_T = TypeVar("_T")
START_SECONDS = 120
"""How long a kernel may take to answer for the first time; imports come later."""
LAST_WORDS = 0.2
"""Seconds to wait for what a kernel that died said before."""

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


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel that runs: Jupyter's manager and client of it, its guard, and the file of its log."""

    manager: Any
    client: Any
    guarded: Guarded
    log: Path

    async def alive(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what comes of ``work``, unless the kernel ends before.

        Raises:
            JobFailedError: It does; the failure says why.
        """
        task: asyncio.Future[_T] = asyncio.ensure_future(work)
        try:
            async with self.guarded.over() as over:
                waited: list[asyncio.Future[Any]] = [task, over]
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():  # what the kernel said last may be on its way
                await asyncio.wait({task}, timeout=LAST_WORDS)
            if not task.done():
                raise self.guarded.death(log_tail(self.log))
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


@contextlib.asynccontextmanager
async def kernel(job: JobSpec, scratch: Path, guarded: Guarded) -> AsyncIterator["Kernel"]:
    """Start the job's kernel behind its guard; yield it; leave no process behind.

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
            argv = guarded.command([job.python, "-c", _LAUNCHER, "-f", "{connection_file}"])
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
    client = None
    try:
        try:
            with log.open("wb") as sink:
                await manager.start_kernel(
                    cwd=str(scratch / "work"),
                    env=job_environment(job, scratch, os.environ),
                    extra_arguments=["--HistoryManager.hist_file=:memory:"],
                    stdin=guarded.stdin,
                    stdout=sink,
                    stderr=sink,
                )
            guarded.started(manager.provisioner.pid)  # type: ignore[union-attr]  # the local one
            manager.context.rcvhwm = 0  # the other end of what _LAUNCHER does
            client = manager.client()
            client.start_channels()
            client.allow_stdin = False
            started = Kernel(manager, client, guarded, log)
            async with asyncio.timeout(min(START_SECONDS, job.limits.timeout)):
                await started.alive(_ready(client))
        except TimeoutError:
            waited = min(START_SECONDS, job.limits.timeout)
            message = f"the kernel does not start: it says nothing for {waited:g} seconds"
            raise JobFailedError("no-start", message, log_tail(log)) from None
        except OSError as error:
            raise JobFailedError("no-start", f"the kernel does not start: {error}", log_tail(log)) from None
        except JobFailedError as failed:
            if failed.kind == "died":
                message = f"the kernel does not start: {failed.message}"
                raise JobFailedError("no-start", message, failed.traceback) from None
            raise
        yield started
    finally:
        if client is not None:
            client.stop_channels()
        guarded.finish()
        if manager.has_kernel:
            with contextlib.suppress(RuntimeError):
                await manager.shutdown_kernel(now=True)  # which has nothing left to end
        await manager.cleanup_resources()
