"""How much time the engine adds: python benchmarks/execute.py [--section NAME …] [--tab TAB …].

Prints two ratios. The first is the time of a cold run of the book, `tabbook run` from its start to
its end, to the best packing of the jobs' own times onto as many cores. The second is, for each
job, its time to that of the same code as a plain script in the same environment, plus the time
that a kernel takes there to start. Both should be at most 1.10.

A job and its script run in turns, alone, and the best of several times counts, as other programs
of the machine can only make them slower.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from tabbook.book import Book
from tabbook.execute.job import execute
from tabbook.execute.sandbox import job_variables, make_folders, work_folder
from tabbook.machine import cores
from tabbook.plan.job_spec import DeferredError, JobSpec
from tabbook.run.runner import run
from tabbook.store.local import Store

SCRIPT = """
import json, sys
for source, may_raise in json.load(open(sys.argv[1])):
    try:
        exec(compile(source, "<cell>", "exec"), globals())
    except Exception:
        if not may_raise:
            raise
"""
_MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)


def packed(seconds: Iterable[float], slots: int) -> float:
    """Return how long jobs of these lengths take on ``slots``, the longest first, with nothing between."""
    ends = [0.0] * slots
    for each in sorted(seconds, reverse=True):
        ends[ends.index(min(ends))] += each
    return max(ends)


def bound(seconds: Sequence[float], slots: int) -> float:
    """Return the time that no packing of jobs of these lengths onto ``slots`` can beat."""
    return max(max(seconds, default=0.0), sum(seconds) / slots)


class Collector(Executor):
    """Executes nothing, and keeps the jobs that a run would execute."""

    def __init__(self) -> None:
        self.jobs: list[JobSpec] = []

    def submit(self, _work: Any, /, *args: Any, **_: Any) -> Future[Any]:
        """Keep a job."""
        self.jobs.append(args[0])
        future: Future[Any] = Future()
        future.set_exception(DeferredError("only looked at"))
        return future


def jobs_of(book: Book, sections: Sequence[str], tabs: Sequence[str]) -> list[JobSpec]:
    """Return the jobs of ``book``, as a run executes them, but each alone on all cores."""
    collector = Collector()
    run(book, book.find(sections) if sections else None, tabs or None, force=True, executor=collector)
    return collector.jobs


def script_seconds(job: JobSpec) -> float:
    """Return how long the job's code takes as a plain script: without magics, in the job's surroundings.

    Raises:
        CalledProcessError: It fails.
    """
    with tempfile.TemporaryDirectory(prefix="tabbook-") as name:
        scratch = Path(name).resolve()
        make_folders(job, scratch)
        cells = [
            (_MAGIC.sub(r"\1pass", step.source), "raises-exception" in step.tags)
            for step in job.steps
            if "skip-execution" not in step.tags
        ]
        (scratch / "cells.json").write_text(json.dumps(cells))
        start = time.perf_counter()
        subprocess.run(
            [job.python, "-c", SCRIPT, str(scratch / "cells.json")],
            cwd=work_folder(job, scratch),
            env=job_variables(job, scratch, os.environ),
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - start


def start_seconds(job: JobSpec) -> float:
    """Return how long a kernel of the job's environment takes from its start to its first answer."""
    with tempfile.TemporaryDirectory(prefix="tabbook-") as name:
        scratch = Path(name).resolve()
        make_folders(job, scratch)
        manager = KernelManager(transport="ipc", connection_file=str(scratch / "kernel.json"))
        argv = [job.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        manager._kernel_spec = KernelSpec(argv=argv, display_name="plain", language="python")
        start = time.perf_counter()
        manager.start_kernel(cwd=str(work_folder(job, scratch)), env=job_variables(job, scratch, os.environ))
        client = manager.client()
        try:
            client.start_channels()
            client.kernel_info()
            client.get_shell_msg(timeout=120)
            return time.perf_counter() - start
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


@dataclass(frozen=True, slots=True)
class Times:
    """The best times of one job in seconds: as a job, as a script, and of its kernel's start."""

    section: str
    tab: str
    job: float
    script: float
    start: float

    @property
    def ratio(self) -> float:
        """How many times as long the job takes as it must."""
        return self.job / (self.script + self.start)


def measure(job: JobSpec, repeat: int) -> Times:
    """Return the best of ``repeat`` times of a job; it and its script take turns.

    Raises:
        RuntimeError: It fails.
    """
    found: list[tuple[float, float, float]] = []
    for _ in range(repeat):
        outcome = execute(job)
        if outcome.failure is not None:
            raise RuntimeError(str(outcome.failure.fault))
        found.append((outcome.seconds, script_seconds(job), start_seconds(job)))
    return Times(job.section, job.tab, *(min(each) for each in zip(*found, strict=True)))


def cold(book: Book, sections: Sequence[str], tabs: Sequence[str], slots: int) -> tuple[float, list[float]]:
    """Return how long a run takes that executes everything, and how long each of its jobs took.

    Raises:
        CalledProcessError: A job fails.
    """
    command = [sys.executable, "-m", "tabbook", "run", "--force", "--book", str(book.root), "-j", str(slots)]
    command += [*sections, *(part for tab in tabs for part in ("--tab", tab))]
    began, start = time.time(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    total = time.perf_counter() - start
    store = Store(book.outputs)
    made = [entry.result.made_with for entry in store.entries() if entry.written >= began and entry.result]
    return total, [float(with_what["seconds"]) for with_what in made]


def copy_of(book: Book, folder: Path) -> Book:
    """Return a copy of ``book`` with its environments and durations, and with no outputs."""
    unwanted = shutil.ignore_patterns(".tabbook", ".git", ".venv", "_build", ".*_cache", "node_modules")
    shutil.copytree(book.root, folder, ignore=unwanted)
    (folder / ".tabbook").mkdir()
    (folder / ".tabbook/environments").symlink_to((book.work / "environments").resolve())
    for name in ("seconds", "matplotlib"):  # what a run learns from those before it
        if (book.work / name).is_dir():
            shutil.copytree(book.work / name, folder / ".tabbook" / name)
    return Book.load(folder)


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--book", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--section", action="append", default=[], help="a section's name; all if not given")
    parser.add_argument("--tab", action="append", default=[], help="a framework; all if not given")
    parser.add_argument("--repeat", type=int, default=3, help="of how many times the best counts")
    parser.add_argument("--jobs", "-j", type=int, default=cores(), help="how many run at once")
    parser.add_argument("--only", choices=("run", "jobs"), help="only the first ratio, or the second")
    arguments = parser.parse_args()
    os.environ.setdefault("TABBOOK_DEVICE", "cpu")
    say = sys.stdout.write
    with tempfile.TemporaryDirectory() as name:
        book = copy_of(Book.load(arguments.book), Path(name).resolve() / "book")
        wanted = (arguments.section, arguments.tab)
        if arguments.only != "jobs":
            say(
                f"{'run':>8} {'packed':>8} {'ratio':>6} {'bound':>8} {'ratio':>6}  {arguments.jobs} at once\n"
            )
            for _ in range(arguments.repeat):
                total, seconds = cold(book, *wanted, arguments.jobs)
                best, least = packed(seconds, arguments.jobs), bound(seconds, arguments.jobs)
                say(f"{total:8.2f} {best:8.2f} {total / best:6.3f} {least:8.2f} {total / least:6.3f}\n")
                sys.stdout.flush()
        say(f"\n{'job':>8} {'script':>8} {'start':>8} {'ratio':>6}\n")
        times = []
        for job in jobs_of(book, *wanted) if arguments.only != "run" else ():
            times.append(measure(job, arguments.repeat))
            each = times[-1]
            say(f"{each.job:8.2f} {each.script:8.2f} {each.start:8.2f} {each.ratio:6.3f}")
            say(f"  {Path(each.section).stem} · {each.tab}\n")
            sys.stdout.flush()
    if times:
        whole = sum(each.job for each in times) / sum(each.script + each.start for each in times)
        say(f"{'all jobs':>26} {whole:6.3f}\n")


if __name__ == "__main__":
    main()
