"""How long a command takes as a whole process, and how much memory."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TABBOOK = (sys.executable, "-m", "tabbook")
_LAUNCH = """
import json, os, sys, time
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
took = [time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss]
with open(int(sys.argv[1]), "w") as answer:
    json.dump([os.waitstatus_to_exitcode(status), *took], answer)
"""
"""Starts the command from a small process: the system counts to a process what its parent took."""


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
    words = list(map(str, command))
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile("w+") as answer:
        place = str(answer.fileno())
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCH, place, *words],
            cwd=cwd,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[answer.fileno()],
            check=False,
        )
        output.seek(0)
        said = output.read().decode(errors="replace")[-4000:]
        answer.seek(0)
        status, seconds, cpu, largest = json.loads(answer.read() or "[127, 0, 0, 0]")
    if status not in (0, 1):
        sys.exit(f"{' '.join(words)} failed:\n{said}")
    return Taken(seconds, cpu, largest / (1 << 10 if sys.platform == "linux" else 1 << 20))


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
