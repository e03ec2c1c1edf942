"""Execute one job: a section's cells, in its framework's kernel, in a scratch folder.

`execute` takes a value and returns a value, and neither knows of a book, so it runs on any
``concurrent.futures.Executor``. Whatever goes wrong inside a job is part of its outcome. When
`execute` returns, the kernel and its children are gone, and so is the scratch folder.
"""

import ast
import asyncio
import contextlib
import math
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tabbook.jobs import Failure, FailureKind, JobSpec, Outcome
from tabbook.model import Output, Result
from tabbook.outputs import normalise, plain, stream_text

START_SECONDS = 120
"""How long a kernel may take to answer for the first time; imports come later."""

_LAUNCHER = """
import sys
if sys.path[0] == "":
    del sys.path[0]
from ipykernel.kernelapp import IPKernelApp
class App(IPKernelApp):
    def init_iopub(self, context):
        context.sndhwm = 0
        super().init_iopub(context)
App.launch_instance()
"""
"""Starts a kernel that keeps outputs until they are read. Usual ones drop what is more than a
thousand messages ahead of a slow reader."""

_CELL_FRAME = re.compile(r"^ *(?:File )?Cell In\[(\d+)\], line (\d+)", re.MULTILINE)
_SYNTAX_PLACE = re.compile(r" \(\d+\.py, line \d+\)$")  # names a file that nobody has
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


class _FailedError(Exception):
    """Carries what went wrong from deep inside a job to its outcome."""

    def __init__(self, kind: FailureKind, message: str, traceback: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message, self.traceback, self.line = message, traceback, line


class _Running:
    """The process groups of this process's kernels, so that a run can be stopped at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self.stopping = False

    def add(self, group: int) -> None:
        with self._lock:
            self._groups.add(group)
            if self.stopping:
                _kill(group)

    def remove(self, group: int) -> None:
        _kill(group)
        with self._lock:
            self._groups.discard(group)

    def stop(self, stopping: bool) -> None:
        with self._lock:
            self.stopping = stopping
            for group in self._groups if stopping else ():
                _kill(group)


_running = _Running()


def _kill(group: int) -> None:
    """Kill what is left of a kernel: the process itself and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


@contextlib.contextmanager
def stopped() -> Iterator[None]:
    """End this process's jobs at once, and let none start, for as long as the context lasts."""
    _running.stop(True)
    try:
        yield
    finally:
        _running.stop(False)


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
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "D2L_DATA": str(scratch / "data"),
        "D2L_DATA_OFFLINE": "1",
        "TABBOOK_TAB": job.tab,
        **job.environment,
    }


def _folders(job: JobSpec, scratch: Path) -> None:
    """Make a job's folders: ``work`` to run in, ``data`` with links to the files it declared.

    ``t`` is for temporary files; its name is short because sockets, whose paths may have 100
    bytes or so, are made in it.
    """
    for name in ("work", "data", "ipython", "t"):
        (scratch / name).mkdir()
    for name, path in job.data.items():
        link = scratch / "data" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)


def _shown_paths(job: JobSpec, scratch: Path) -> dict[str, str]:
    """Return what outputs say in place of this machine's folders, longest first."""
    environment = Path(job.python).parent.parent
    shown = {f"{path}/": "site-packages/" for path in environment.glob("lib/python*/site-packages")}
    shown |= {f"{scratch / 'work'}/": "", f"{scratch / 'data'}/": ""}
    shown[f"{scratch / 't'}/ipykernel_"] = "/ipykernel_"  # where cells are, see tabbook.outputs
    if job.library:
        shown[f"{job.library.rstrip('/')}/"] = ""
    home = str(Path.home())
    # IPython writes ~ for the home folder in its tracebacks.
    shown |= {f"~{path[len(home) :]}": name for path, name in shown.items() if path.startswith(f"{home}/")}
    return dict(sorted(shown.items(), key=lambda item: -len(item[0])))


def _log_tail(log: Path, lines: int = 20) -> str:
    """Return the end of what the kernel's process wrote to its own output."""
    with contextlib.suppress(OSError):
        return plain("\n".join(log.read_text(errors="replace").rstrip().split("\n")[-lines:]))
    return ""


@contextlib.asynccontextmanager
async def _kernel(job: JobSpec, scratch: Path) -> AsyncIterator[tuple[Any, Any]]:
    """Start the job's kernel; yield its manager and its client; leave no process behind.

    The kernel is started from ``job.python`` itself, so it depends on no kernel that the user
    has registered, and spoken to through sockets in the scratch folder, so jobs that start at
    the same moment cannot take each other's ports.

    Raises:
        _FailedError: The kernel does not start.
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
            _running.add(group)
            manager.context.rcvhwm = 0  # the other end of what _LAUNCHER does
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=min(START_SECONDS, job.timeout))
        except (OSError, RuntimeError, ValueError) as error:
            raise _FailedError("no-start", f"the kernel does not start: {error}", _log_tail(log)) from None
        client.allow_stdin = False
        yield manager, client
    finally:
        if client is not None:
            client.stop_channels()
        if group:
            _running.remove(group)
            with contextlib.suppress(RuntimeError):
                await manager.shutdown_kernel(now=True)
        await manager.cleanup_resources()


async def _versions(client: Any, module: str) -> dict[str, str]:
    """Return the versions of Python and of the framework in the kernel, where they can be known."""
    asked = {
        "python": "__import__('platform').python_version()",
        "framework": f"__import__('importlib.metadata').metadata.version({module!r})",
    }
    found: dict[str, str] = {}
    reply = await client.execute(
        "", silent=True, store_history=False, user_expressions=asked, reply=True, timeout=60
    )
    for name, answer in reply["content"].get("user_expressions", {}).items():
        if answer.get("status") == "ok":
            found[name] = str(ast.literal_eval(answer["data"]["text/plain"]))
    return found


class _Clock:
    """The time that a job has left."""

    def __init__(self, seconds: float) -> None:
        self._limit = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> int:
        """Return the whole seconds that are left, at least one.

        Raises:
            _FailedError: None is left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.up()
        return max(1, math.ceil(left))

    def up(self) -> _FailedError:
        """Return the failure of a job that outlived its time."""
        return _FailedError("timeout", f"the job was stopped: it took more than {self._limit:g} seconds")


def _raised(reply: Mapping[str, Any], job: JobSpec, paths: Mapping[str, str]) -> _FailedError:
    """Return the failure of a cell that raised: its line is the innermost one in the section."""
    error = normalise([{"output_type": "error", "ename": "", "evalue": "", **reply}], paths)[0]
    traceback = plain("\n".join(error["traceback"]))
    line = 0
    for count, number in _CELL_FRAME.findall(traceback):
        if 0 < int(count) <= len(job.steps):
            step = job.steps[int(count) - 1]
            # IPython drops a cell's first lines where they are blank, and counts without them.
            blank = re.match(r"(?:[ \t]*\n)*", step.source)
            line = step.place(int(number) + (blank[0].count("\n") if blank else 0))
    first = _SYNTAX_PLACE.sub("", error["evalue"].strip().split("\n")[0])
    return _FailedError("raised", f"{error['ename']}: {first}" if first else error["ename"], traceback, line)


async def _run_cells(job: JobSpec, scratch: Path, done: list[tuple[Output, ...]]) -> dict[str, str]:
    """Run the job's cells, adding each one's outputs to ``done``; return the versions used.

    Raises:
        _FailedError: A cell fails, or the kernel does. ``done`` then holds the cells before it, and
            what the failing one put out.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbformat import v4

    paths = _shown_paths(job, scratch)
    clock = _Clock(job.timeout)
    cells = [v4.new_code_cell(step.source, metadata={"tags": list(step.tags)}) for step in job.steps]
    replies: list[Mapping[str, Any]] = []
    async with _kernel(job, scratch) as (manager, client):
        versions = await _versions(client, job.module)
        runner = NotebookClient(
            v4.new_notebook(cells=cells),
            km=manager,
            timeout_func=lambda _: clock.left(),
            iopub_timeout=max(60, math.ceil(job.timeout)),  # outputs are never cut off in silence
            raise_on_iopub_timeout=True,
            record_timing=False,
            store_widget_state=False,
            on_cell_error=lambda execute_reply, **_: replies.append(execute_reply["content"]),
        )
        runner.kc = client
        for index, cell in enumerate(cells):
            try:
                # The margin is for a client that hangs; the limit itself is timeout_func's.
                async with asyncio.timeout(clock.left() + 30):
                    await runner.async_execute_cell(cell, index)
            except CellExecutionError:
                raise _raised(replies[-1], job, paths) from None
            except (CellTimeoutError, TimeoutError):
                raise clock.up() from None
            except DeadKernelError:
                raise _FailedError("died", "the kernel died", _log_tail(scratch / "kernel.log")) from None
            finally:
                done.append(normalise(cell.outputs, paths))
    # Displays that later cells update change outputs of earlier ones, so all are taken at the end.
    done[:] = [normalise(cell.outputs, paths) for cell in cells]
    return versions


def _failure(job: JobSpec, failed: _FailedError, done: list[tuple[Output, ...]]) -> Failure:
    """Return ``failed`` with its place: the cell that ran last, or the section as a whole."""
    if _running.stopping:
        failed = _FailedError("stopped", "the run was stopped")
    failure = Failure(
        failed.kind, job.section, failed.line, job.tab, failed.message, traceback=failed.traceback
    )
    if not done:
        return failure
    step = job.steps[len(done) - 1]
    return replace(
        failure,
        line=failed.line or step.place(1),
        cell_line=step.place(1),
        source=step.source,
        output=stream_text(done[-1]),
    )


def execute(job: JobSpec) -> Outcome:
    """Execute ``job`` and return its outcome; nothing that the job does raises here.

    Blocks for as long as the job takes. May be called from any thread, several at once.
    """
    start = time.monotonic()
    done: list[tuple[Output, ...]] = []
    scratch = Path(tempfile.mkdtemp(prefix="tabbook-")).resolve()
    result = failure = None
    try:
        _folders(job, scratch)
        versions = asyncio.run(_run_cells(job, scratch, done))
        made_with = {
            "framework": " ".join(filter(None, (job.framework, versions.get("framework")))),
            "python": versions.get("python", ""),
            "device": job.device,
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": round(time.monotonic() - start, 1),
        }
        result = Result(
            job.key, job.section, job.tab, tuple(done), made_with, job.stand_ins, dict(job.inputs)
        )
    except _FailedError as failed:
        failure = _failure(job, failed, done)
    except Exception as error:  # whatever else breaks must not take the other jobs along
        failure = _failure(job, _FailedError("broken", f"the job could not be run: {error!r}"), done)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Outcome(job.section, job.tab, time.monotonic() - start, result, failure)
