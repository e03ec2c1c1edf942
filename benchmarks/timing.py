"""How long a command takes as a whole process, and how much memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TABBOOK = (sys.executable, "-m", "tabbook")


@dataclass(frozen=True, order=True, slots=True)
class Taken:
    """What one run of a command took: by the clock, on the cores, and at most in one process.

    ``cpu`` are seconds of all its processes, which a busy machine changes less than ``seconds``.
    """

    seconds: float
    cpu: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:7.2f} s {self.cpu:7.2f} s of CPU {self.megabytes:5.0f} MB"


def run(*command: str | Path, cwd: Path | None = None) -> Taken:
    """Run a command and return what it took; one that fails ends the benchmark with its output.

    The status 1 is no failure: programs say by it that they found something.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            output.seek(0)
            said = output.read().decode(errors="replace")[-4000:]
            sys.exit(f"{' '.join(map(str, command))} failed:\n{said}")
    largest = used.ru_maxrss / (1 << 10 if sys.platform == "linux" else 1 << 20)
    return Taken(seconds, used.ru_utime + used.ru_stime, largest)


def best(
    *command: str | Path, repeats: int, before: Callable[[], object] = lambda: None, cwd: Path | None = None
) -> Taken:
    """Return the shortest of several runs, each after ``before``.

    Other programs of the machine can only make a run longer.
    """

    def once() -> Taken:
        before()
        return run(*command, cwd=cwd)

    return min(once() for _ in range(repeats))
