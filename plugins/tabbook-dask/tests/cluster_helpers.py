"""A real Dask cluster for tests: a scheduler and workers, each a process of its own on this machine."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

REQUIREMENTS = {"pytorch": "pytorch==1.0\n", "jax": "jax==1.0\n"}
"""What the books of `engine_helpers.make_book` pin."""


def until(holds, seconds=30, what="it did not happen in time"):
    """Wait until ``holds()`` is true, and return what it returns."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


def worker_of(kernel: int, machines: "Machines") -> subprocess.Popen:
    """Return the worker that executes the job of a kernel."""
    above = {process.pid for process in psutil.Process(kernel).parents()}
    (worker,) = (process for process in machines.processes.values() if process.pid in above)
    return worker


def gone(pid):
    """Say whether a process has ended; one that nobody waited for has."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def environments(folder: Path, requirements=REQUIREMENTS) -> Path:
    """Make a folder of environments that are this Python's own, as ``tabbook env make`` leaves them."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for tab, text in requirements.items():
        python = folder / tab / "bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        (folder / tab / "tabbook-requirements.txt").write_text(f"# python {version}\n{text}")
    return folder


class Machines:
    """A scheduler and its workers; all end with the context that made them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen] = {}
        self.environments = environments(folder / "environments")
        self.path = os.pathsep.join(path for path in sys.path if path)

    def start(self, name: str, *command: str, **variables: str) -> subprocess.Popen:
        """Start a process of Dask's; its log is ``NAME.log``."""
        kept = {k: v for k, v in os.environ.items() if k not in ("D2L_DATA", "XDG_CACHE_HOME")}
        home = self.folder / name
        home.mkdir()
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *command, "--no-dashboard"],
                cwd=home,
                env={**kept, "PYTHONPATH": self.path, "HOME": str(home), **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.processes[name]

    def scheduler(self, **variables: str) -> str:
        """Start the scheduler, which cannot import tabbook, and return its address."""
        (self.folder / "no/tabbook").mkdir(parents=True)
        (self.folder / "no/tabbook/__init__.py").write_text("raise ImportError('there is no tabbook here')\n")
        file = self.folder / "scheduler.json"
        path = os.pathsep.join((str(self.folder / "no"), self.path))
        command = ["--scheduler-file", str(file), "--host", "127.0.0.1", "--port", "0"]
        command += ["--idle-timeout", "30 minutes"]  # it ends, and its workers do, if the tests are killed
        self.start("scheduler", "scheduler", *command, **{"PYTHONPATH": path, **variables})
        until(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        return self.address

    def worker(self, name: str, resources: str = "pytorch=1 jax=1", threads: int = 1, **variables: str):
        """Start a worker that no nanny starts anew, and return its process."""
        options = ["--nthreads", str(threads), "--no-nanny", "--host", "127.0.0.1", "--name", name]
        options += ["--local-directory", str(self.folder / name), "--death-timeout", "10"]
        if resources:
            options += ["--resources", resources]
        named = {
            "TABBOOK_ENVIRONMENTS": str(self.environments),
            "TABBOOK_DEVICE": "cpu",
            "TABBOOK_WRITABLE": str(self.folder.parent),  # jobs of tests leave notes there
            **variables,
        }
        return self.start(name, "worker", self.address, *options, **named)

    def ready(self) -> str:
        """Wait until all workers are known to the scheduler, and return its address."""
        logs = [self.folder / f"{name}.log" for name in self.processes if name != "scheduler"]
        until(lambda: all("Registered to" in log.read_text() for log in logs), 60, "a worker is missing")
        return self.address

    def kept(self, pattern: str) -> list[Path]:
        """Return the files that were sent to workers, by their hashes."""
        return sorted(self.folder.glob(f"*/dask-scratch-space/*/tabbook/files/{pattern}"))


@contextmanager
def machines(folder: Path) -> Iterator[Machines]:
    """Yield machines without anything on them yet; end what was started when the context ends."""
    made = Machines(folder)
    try:
        yield made
    finally:
        for process in made.processes.values():
            with suppress(psutil.NoSuchProcess):
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
            process.kill()
            process.wait()
