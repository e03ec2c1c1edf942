"""Guards one kernel: starts it, watches how much memory it takes, and ends all that it started.

It is a program, ``python -I -S guard.py OPTIONS COMMAND…``, that needs nothing but the standard
library: a small process between the runner of a job and the job's kernel. On Linux, what the
kernel's children leave behind becomes a child of the guard, whatever session it moved to, so
nothing escapes. Elsewhere the guard finds what is below the kernel when the job ends.

Standard input is a socket. When its other end is closed, the job is over, whether the runner closed
it or was killed. Before the guard ends, it says there in one line of JSON how the kernel ended.
"""

import contextlib
import ctypes
import json
import os
import re
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

POLL_SECONDS = 0.1
"""Seconds between two looks at the memory; fewer when the limit is near."""
TREE_SECONDS = 0.5
"""Seconds between two looks for new processes."""
OVER_SHARE, PEAK_SHARE = 10, 50
"""Shared pages are counted again only after this many times as long as the last count took: near the
limit, and otherwise, for the record."""
END_SECONDS = 10.0
"""How long what was killed may take to be gone."""
_SUBREAPER, _PARENT_DEATH = 36, 1  # of prctl
_FIELDS = re.compile(rb"^(RssAnon|RssFile|RssShmem|VmSwap|VmHWM|VmRSS):\s+(\d+)", re.MULTILINE)
_SHARES = re.compile(rb"^(Pss_Anon|Pss_Shmem|SwapPss):\s+(\d+)", re.MULTILINE)
_PROC = Path("/proc")
_IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _read(path: Path) -> bytes:
    """Return what is in a file of ``/proc``; nothing where its process is gone."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def _parents() -> dict[int, int]:
    """Return the parent of every process."""
    if not (_PROC / "self/stat").exists():
        with os.popen("ps -A -o pid= -o ppid=") as listed:
            return {int(pid): int(parent) for pid, parent in map(str.split, listed)}
    parents = {}
    for path in _PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(IndexError, ValueError):
            parents[int(path.parent.name)] = int(_read(path).rpartition(b")")[2].split()[1])
    return parents


def _sizes(fields: re.Pattern[bytes], pid: int, name: str) -> dict[bytes, int]:
    """Return sizes in bytes out of a file about a process."""
    return {key: int(kb) * 1024 for key, kb in fields.findall(_read(_PROC / f"{pid}/{name}"))}


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    if (_PROC / f"self/task/{os.getpid()}/children").exists():
        return [int(child) for path in _PROC.glob(f"{pid}/task/*/children") for child in _read(path).split()]
    return [child for child, parent in _parents().items() if parent == pid]


def descendants(pid: int) -> list[int]:
    """Return the processes below ``pid``, each after its parent."""
    pids = [pid]
    for each in pids:
        pids += (child for child in children(each) if child not in pids)
    return pids[1:]


class MemoryWatch:
    """How much memory the processes below this one take, in bytes, and took at most.

    What counts is what the system cannot take back: not the pages of files, such as the code of
    libraries. Pages that several processes share count once; such a count takes the system
    long, so it is made only if it may matter, and seldom.
    """

    def __init__(self, kernel: int) -> None:
        self.peak = 0
        self._kernel = kernel
        self._pids: list[int] = []
        self._next_tree = self._asked = self._cost = 0.0

    def measure(self, limit: int) -> int:
        """Return how much they take; where several share pages, perhaps too much, up to ``limit``."""
        now = time.monotonic()
        if now >= self._next_tree:
            self._next_tree, self._pids = now + TREE_SECONDS, descendants(os.getpid())
        used = highest = holders = 0
        for pid in self._pids:
            sizes = _sizes(_FIELDS, pid, "status")
            own = sizes.get(b"RssAnon", sizes.get(b"VmRSS", 0)) + sizes.get(b"RssShmem", 0)
            own += sizes.get(b"VmSwap", 0)
            used, holders = used + own, holders + bool(own)
            if pid == self._kernel:  # what it took between two looks
                highest = sizes.get(b"VmHWM", 0) - sizes.get(b"RssFile", 0)
        if holders > 1 and used > self.peak:
            if now - self._asked < self._cost * (OVER_SHARE if used > limit else PEAK_SHARE):
                return min(used, limit)
            used = sum(sum(_sizes(_SHARES, pid, "smaps_rollup").values()) for pid in self._pids) or used
            self._asked = time.monotonic()
            self._cost = self._asked - now
        self.peak = max(self.peak, used, highest)
        return used


class Guard:
    """One kernel, and the socket to the process that asked for it."""

    def __init__(self, options: Mapping[str, Any], link: socket.socket) -> None:
        self._parent, self._scratch = int(options["parent"]), str(options["scratch"])
        self._limit = int(options["limit"]) or sys.maxsize
        self._link = link
        self._woken, waker = os.pipe()
        for end in (self._woken, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._asked)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        self._is_asked = False
        self._code: int | None = None
        self._kernel = 0

    def _asked(self, *_: object) -> None:
        self._is_asked = True

    def run(self, command: list[str]) -> None:
        """Start the kernel, wait until it or the job ends, and let nothing be left."""
        _prctl(_SUBREAPER, 1)
        kills = _oom_kills()
        self._kernel = os.fork() or _become(command)
        memory = MemoryWatch(self._kernel)
        used = self._watch(memory)
        code = self._code
        self._end()
        over = used > self._limit and code is None
        report = {"peak": memory.peak, "code": code, "over": over, "starved": _oom_kills() > kills}
        is_alone = os.getppid() != self._parent
        try:
            self._link.sendall(json.dumps(report).encode() + b"\n")
        except OSError:  # the other end is closed: it is being killed
            is_alone = True
        if is_alone:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _watch(self, memory: MemoryWatch) -> int:
        """Return how much memory was in use when the job ended, or went over its limit."""
        used, pause = 0, POLL_SECONDS
        while True:
            is_closed = self._pause(pause, self._link.fileno())
            used = memory.measure(self._limit)
            self._reap()
            is_over = is_closed or self._is_asked or os.getppid() != self._parent
            if is_over or self._code is not None or used > self._limit:
                return used
            pause = POLL_SECONDS / 5 if used > self._limit / 2 else POLL_SECONDS

    def _pause(self, seconds: float, *ends: int) -> bool:
        """Wait until a child ends or one of ``ends`` is closed, not for longer; return whether one was."""
        ready = select.select([self._woken, *ends], [], [], seconds)[0]
        if self._woken in ready:
            os.read(self._woken, 4096)
        return any(end in ready for end in ends)

    def _reap(self) -> bool:
        """Take note of children that ended; return whether any is left."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._kernel:
                    self._code = os.waitstatus_to_exitcode(ended[1])
            return True
        return False

    def _end(self) -> None:
        """Kill all that is below this process. What loses its parent becomes a child of this process."""
        end = time.monotonic() + END_SECONDS
        while self._reap() and time.monotonic() < end:
            for pid in descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            self._pause(0.02)


def _oom_kills() -> int:
    """Return how many processes this machine has killed because it ran out of memory."""
    match = re.search(rb"^oom_kill (\d+)", _read(_PROC / "vmstat"), re.MULTILINE)
    return int(match[1]) if match else 0


def _become(command: list[str]) -> NoReturn:
    """Turn this process, a child of the guard, into the kernel."""
    try:
        _prctl(_PARENT_DEATH, signal.SIGKILL)
        os.setsid()  # signals to its group do not reach the guard
        for number in (*_IGNORED, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        with contextlib.suppress(OSError):  # if memory runs out, rather this one than another
            (_PROC / "self/oom_score_adj").write_text("500")
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # A kernel ends when this process is not its parent any more.
        os.environ["JPY_PARENT_PID"] = str(os.getppid())
        os.execvpe(command[0], command, os.environ)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


if __name__ == "__main__":
    Guard(json.loads(sys.argv[1]), socket.socket(fileno=os.dup(0))).run(sys.argv[2:])
