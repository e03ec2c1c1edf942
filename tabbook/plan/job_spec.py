"""The values that planning, running and reporting jobs share.

All of them can be pickled, so a job may run in a thread, another process or another machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tabbook.code import line_map
from tabbook.config import BookSettings, SectionSettings
from tabbook.errors import Fault
from tabbook.framework import Tab
from tabbook.model import Cell, JobName, Projection, Result
from tabbook.plan.gpus import GpuNeed
from tabbook.pythons import own_version

__all__ = ["DeferredError", "Failure", "JobSpec", "Limits", "Outcome", "Step"]

FailureKind = Literal["raised", "timeout", "memory", "died", "no-start", "stopped", "broken"]
"""Why a job failed: a cell raised, the time was up, it took more memory than it may, the kernel
died or did not start, the run was stopped, or the machinery around the job broke."""


@dataclass(frozen=True, slots=True)
class Step:
    """A code cell to run: its code, its tags, and the line in the section's file of each line."""

    source: str
    tags: tuple[str, ...]
    lines: tuple[int, ...]

    def file_line(self, line: int) -> int:
        """Return the line in the section's file of line ``line`` of the code, from 1."""
        return self.lines[min(max(line, 1), len(self.lines)) - 1]


def steps_of(projection: Projection) -> tuple[Step, ...]:
    """Return the steps that run ``projection``, one for each of its code cells, in order."""
    sources: dict[int, Cell] = {cell.index: cell for cell in projection.section.cells}
    return tuple(
        Step(
            cell.source,
            cell.tags,
            line_map(sources.get(cell.index, cell).source, cell.source, cell.line),
        )
        for cell in projection.code_cells
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may take: seconds in all, seconds for a cell, bytes of memory; ``None``: any number."""

    timeout: float
    cell_timeout: float | None = None
    memory: int | None = None


def limits_of(book: BookSettings, section: SectionSettings) -> Limits:
    """Return what the jobs of a section may take: what it says itself, else what the book says."""
    return Limits(
        section.timeout or book.timeout,
        section.cell_timeout or book.cell_timeout,
        section.memory or book.memory,
    )


@dataclass(frozen=True, slots=True)
class JobSpec:
    """All that it takes to execute one section in one framework, wherever that may be.

    ``python`` is the interpreter of the environment of ``framework``, ``library_folder`` the folder that
    holds the library's package, ``data`` the data files that the job may read, by name. ``files``
    are those that its section declares, by their paths from where the job runs; their hashes are in
    ``inputs``. ``limits`` are
    what it may take; ``threads`` is how many cores it may keep busy.
    ``variables`` is what its environment variables are to hold besides the usual.
    ``output_limit`` is how many characters of one stream of a cell are kept; all, if ``None``.
    ``need`` is what it needs in GPUs. ``shared`` is a folder that jobs have in common, for what
    packages keep from one process to the next; there is none, if ``None``. ``memory`` is how
    many bytes of the machine's memory it is likely to take. ``python_version`` is what the
    environment has to have, such as ``3.11``.
    """

    key: str
    section: str
    tab: str
    steps: tuple[Step, ...]
    python: str
    framework: Tab
    library_folder: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    stand_ins: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"
    limits: Limits = Limits(1200)
    threads: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)
    output_limit: int | None = None
    need: GpuNeed = field(default_factory=GpuNeed)
    shared: str | None = None
    memory: int = 0
    python_version: str = field(default_factory=own_version)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> JobName:
        """The job's section and tab."""
        return JobName(self.section, self.tab)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job has no outputs: what happened, where, and what the kernel had to say.

    ``path`` and ``line`` are the failing statement's; ``cell_line`` is where the cell that was
    running starts (0 if none was). ``traceback`` and ``output`` are plain text, and may be
    empty.
    """

    kind: FailureKind
    path: str
    line: int
    tab: str
    message: str
    cell_line: int = 0
    source: str = ""
    traceback: str = ""
    output: str = ""

    @property
    def fault(self) -> Fault:
        """The failure as a line for a list of faults."""
        return Fault(self.path, self.line, f"{self.tab}: {self.message}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: with a result or with a failure, after ``seconds``.

    ``deferred`` says why there is neither: nothing could execute it.
    ``memory`` is how many bytes it took at most; 0, where that is not known.
    """

    section: str
    tab: str
    seconds: float
    result: Result | None = None
    failure: Failure | None = None
    deferred: str = ""
    memory: int = 0

    @property
    def name(self) -> JobName:
        """The job's section and tab."""
        return JobName(self.section, self.tab)


class DeferredError(Exception):
    """Raised by an executor that has nothing to execute a job on now."""
