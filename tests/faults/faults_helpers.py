"""Books on which the real command runs in processes of their own, and what such a run may not leave.

Their environments hold this environment's Python, so a job costs little more than its kernel.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from engine_helpers import LocalBook, make_book

from tabbook import environments
from tabbook.store.local import Store

ROOT = Path(__file__).parents[2]
TABS = ("pytorch", "jax")


@dataclass
class FaultyBook:
    """A book in ``root``, the folder ``scratch`` for what its runs have in the works, and a mark.

    Every process of its runs, kernels and their children included, has the mark among its
    environment variables.
    """

    root: Path
    scratch: Path
    mark: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return Store(self.root / ".tabbook/outputs")

    @property
    def book(self) -> LocalBook:
        return LocalBook.load(self.root)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment variables of a command about this book."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.scratch),
            "XDG_CACHE_HOME": str(self.root.parent / "cache"),
            "TABBOOK_DEVICE": "cpu",
            "TABBOOK_PASS_ENV": "FAULTS_MARK",
            "FAULTS_MARK": self.mark,
            "COLUMNS": "200",
            **self.variables,
            **more,
        }

    def start(
        self, *arguments: str, env: Mapping[str, str] = MappingProxyType({}), **options
    ) -> subprocess.Popen:
        """Start ``tabbook ARGUMENTS`` on the book; what it prints goes into ``log``."""
        options = {"preexec_fn": _default_signals, "cwd": self.root.parent, **options}
        if "stdout" not in options:
            options["stdout"] = options["stderr"] = self.log.open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", "tabbook", *arguments, "--book", str(self.root)],
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            **options,
        )

    def go(self, *arguments: str, status: int | None = 0, timeout: float = 120, **options) -> str:
        """Run ``tabbook ARGUMENTS``, check its exit status, and return all that it printed."""
        running = self.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        with ending(running):
            said = running.communicate(timeout=timeout)[0].decode()
        assert status is None or running.returncode == status, said
        assert "Traceback (most recent call last)" not in said or "Cell In[" in said, said
        return said

    @property
    def log(self) -> Path:
        return self.root.parent / "log.txt"

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def processes(self) -> list[int]:
        """Return the processes that carry the mark."""
        found, mark = [], f"FAULTS_MARK={self.mark}".encode()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return found

    def left(self, patience: float = 5) -> list[str]:
        """Return what a run has left behind that it should not have: processes, folders."""
        await_(lambda: not self.processes() and not self.leftovers(), patience)
        commands = []
        for pid in self.processes():
            with contextlib.suppress(OSError):
                commands.append(f"{pid}: {Path(f'/proc/{pid}/cmdline').read_bytes()[:300]!r}")
        return commands + [str(path) for path in self.leftovers()]

    def leftovers(self) -> list[Path]:
        return sorted(self.scratch.iterdir())

    def trusted(self) -> dict[str, str]:
        """Return what the store holds, by key, as text; none of it may be damaged."""
        entries = tuple(self.store.entries())
        assert [entry.problem for entry in entries if entry.problem] == []
        return {entry.key: repr(entry.result.outputs) for entry in entries if entry.result}


def _default_signals() -> None:
    """Undo what whoever runs the tests in the background may have had ignored."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def ending(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """Let no process outlive its test."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def await_(is_so: Callable[[], object], patience: float = 60) -> bool:
    """Wait until something is so; say whether it came to be, in ``patience`` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.02)
    return bool(is_so())


def make(root: Path, sections: Mapping[str, str], **settings) -> FaultyBook:
    """Write a book into ``root/book`` whose every tab runs in this environment's Python."""
    book = make_book(root / "book", sections, **settings)
    for tab in TABS:
        python = book.work / "environments" / tab / "bin/python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        (python.parents[1] / environments.STAMP_FILE).write_text(environments.fingerprint(book, tab))
    scratch = Path(tempfile.mkdtemp(prefix="tf-", dir="/tmp" if Path("/tmp").is_dir() else None))
    return FaultyBook(root / "book", scratch, scratch.name)


def tidy(book: FaultyBook) -> None:
    """End what is left of a book's processes, and remove its folder for scratch."""
    for pid in book.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(book.scratch, ignore_errors=True)
