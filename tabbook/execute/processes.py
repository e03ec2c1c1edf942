"""The kernels that this process has running, each behind a guard, and how each of them ended.

A guard (``tabbook.execute.guard``) ends its kernel when a socket is closed, which also happens when
this process is killed.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabbook.execute import guard
from tabbook.plan.job_spec import FailureKind
from tabbook.quantities import size_text

GUARD_TIMEOUT_SECONDS = guard.END_SECONDS + 5
"""Seconds that a guard may take to end a kernel and all that it started."""


class JobFailedError(Exception):
    """Carries what went wrong from deep inside a job to its outcome."""

    def __init__(self, kind: FailureKind, message: str, traceback: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message, self.traceback, self.line = message, traceback, line


@dataclass(frozen=True, slots=True)
class Exit:
    """How a kernel ended.

    ``peak`` is the memory that it and its children took at most, in bytes. ``code`` is its exit
    status, or the number of the signal that killed it, below 0; ``None``, if it had to be ended.
    ``over`` says that it went over its limit, ``starved`` that the machine killed something
    meanwhile because it ran out of memory.
    """

    peak: int = 0
    code: int | None = None
    over: bool = False
    starved: bool = False


class GuardedKernel:
    """One kernel behind its guard. Always call `finish`, whatever happens."""

    def __init__(self, limit: int | None, scratch: Path) -> None:
        """Prepare for a kernel that may take ``limit`` bytes, and whose folder is ``scratch``."""
        self._limit, self._scratch = limit, scratch
        self._socket, self.stdin = socket.socketpair()
        self._ending: Exit | None = None
        self._pid = 0

    def command(self, command: Sequence[str]) -> list[str]:
        """Return what starts ``command`` behind a guard; its standard input must be `stdin`."""
        options = {"limit": self._limit or 0, "parent": os.getpid(), "scratch": str(self._scratch)}
        return [sys.executable, "-I", "-S", guard.__file__, json.dumps(options), *command]

    def started(self, pid: int) -> None:
        """Take note that the guard runs, as process ``pid``."""
        self._pid = pid
        self.stdin.close()
        running.add(self)

    def end(self) -> None:
        """Ask the guard to end the kernel; do not wait for it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    @contextlib.asynccontextmanager
    async def ended(self) -> AsyncIterator[asyncio.Future[None]]:
        """Yield a future that is done when the kernel has ended, for whatever reason."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def end() -> None:
            loop.remove_reader(self._socket)
            ended.set_result(None)

        loop.add_reader(self._socket, end)
        try:
            yield ended
        finally:
            loop.remove_reader(self._socket)

    def finish(self) -> Exit:
        """End the kernel, its children and theirs, and return how it ended. Waits for it."""
        if self._ending is not None:
            return self._ending
        self.stdin.close()
        report = b""
        if self._pid:
            self.end()
            self._socket.settimeout(GUARD_TIMEOUT_SECONDS)
            with contextlib.suppress(OSError):
                while part := self._socket.recv(4096):
                    report += part
            running.remove(self)
            if not report or sys.platform != "linux":  # it was killed, or cannot know of all
                self._kill_marked()
        self._socket.close()
        self._ending = Exit(**json.loads(report)) if report.endswith(b"\n") else Exit()
        return self._ending

    def _kill_marked(self) -> None:
        """Kill the guard and whatever has the scratch folder in its environment."""
        import psutil

        with contextlib.suppress(OSError):
            os.killpg(self._pid, signal.SIGKILL)
        mark = str(self._scratch)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if any(value.startswith(mark) for value in process.environ().values()):
                    process.kill()

    def failure(self, log: str) -> JobFailedError:
        """Return why the kernel died, as the failure of its job; ``log`` is what it said last."""
        ending = self.finish()
        if ending.over and self._limit is not None:
            message = (
                f"the job was stopped: it needed more than {size_text(self._limit)} of memory;"
                " raise memory, under tabbook in the section's front matter or in _config.yml"
            )
            return JobFailedError("memory", message, log)
        had = f"; the job had {size_text(ending.peak)}" if ending.peak else ""
        if ending.code == -signal.SIGKILL and ending.starved:
            message = f"the system ran out of memory and killed the kernel{had}"
        elif ending.code == -signal.SIGKILL:
            message = f"the kernel died: it was killed, perhaps because memory ran out{had}"
        elif ending.code is not None and ending.code < 0:
            message = f"the kernel died of {signal.Signals(-ending.code).name}"
        elif ending.code is not None:
            message = f"the kernel died: it ended with status {ending.code}"
        else:
            message = "the kernel died"
        return JobFailedError("died", message, log)


class _Running:
    """The kernels that run, so that a run or a job can be stopped at once.

    A job is known by the thread that executes it, which executes no other at the same time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: dict[GuardedKernel, int] = {}
        self._stopped: set[int] = set()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether this thread's job is to end, or all are."""
        with self._lock:
            return self._stopping or threading.get_ident() in self._stopped

    def add(self, kernel: GuardedKernel) -> None:
        with self._lock:
            self._threads[kernel] = threading.get_ident()
            if self._stopping or threading.get_ident() in self._stopped:
                kernel.end()

    def remove(self, kernel: GuardedKernel) -> None:
        with self._lock:
            self._threads.pop(kernel, None)

    def stop(self, stopping: bool) -> None:
        with self._lock:
            self._stopping = stopping
            for kernel in self._threads if stopping else ():
                kernel.end()

    def stop_thread(self, thread: int) -> None:
        with self._lock:
            self._stopped.add(thread)
            for kernel, owner in self._threads.items():
                if owner == thread:
                    kernel.end()

    def let_thread(self, thread: int) -> None:
        with self._lock:
            self._stopped.discard(thread)


running = _Running()


@contextlib.contextmanager
def stop_all() -> Iterator[None]:
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
