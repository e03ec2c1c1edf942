"""The progress of a run: live on a terminal, plain lines in other outputs."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from tabbook.model import JobName
from tabbook.quantities import size_text
from tabbook.status.explain import sentence
from tabbook.status.standing import JobStatus, RunReport

_COLOURS = {
    "executed": "green",
    "stored": "dim",
    "failed": "bold red",
    "skipped": "yellow",
    "deferred": "yellow",
    "elsewhere": "dim",
    "stale": "yellow",
}
_STATUS_TEXTS = {"stored": "from the store", "skipped": "not executed", "elsewhere": "another shard's"}
_UNTIMED = ("skipped", "deferred", "elsewhere", "stale")
"""The statuses of jobs that took no time."""


def _name(section: str) -> str:
    """Return what a section is called in short."""
    return section.rsplit("/", 1)[-1].removesuffix(".md")


def _word(status: str) -> str:
    return _STATUS_TEXTS.get(status, status)


class PlainProgress:
    """Plain lines: one when a job begins, one when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total = self._count = 0

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def planned(self, stale: int, stored: int) -> None:
        """Say how many jobs there are."""
        self._total = stale
        self._say(f"{stale} to execute, {stored} from the store")

    def begun(self, section: str, tab: str) -> None:
        """Say that a job begins."""
        self._say(f"        {_name(section)} · {tab} …")

    def ended(self, job: JobStatus) -> None:
        """Say how a job ended."""
        self._count += 1
        note = f": {job.failure.fault}" if job.failure else ""
        note = note or (f" ({job.reason.splitlines()[0]})" if job.reason else "")
        memory = f", {size_text(job.memory)}" if job.memory else ""
        clock = "" if job.status in _UNTIMED else f" after {job.seconds:.0f} s{memory}"
        count = f"[{self._count}/{self._total}]"
        self._say(f"{count} {_name(job.section)} · {job.tab} {_word(job.status)}{clock}{note}")


class LiveProgress:
    """A line per running job with its clock, and a bar for the whole, on a terminal."""

    def __init__(self, bars: Bars) -> None:
        self._bars, self._lines = bars, PlainProgress(bars.console)
        self._all: TaskID | None = None
        self._tasks: dict[JobName, TaskID] = {}

    def planned(self, stale: int, stored: int) -> None:
        """Show the bar for the whole."""
        self._lines.planned(stale, stored)
        self._all = self._bars.add_task("jobs", total=stale)

    def begun(self, section: str, tab: str) -> None:
        """Show that a job runs."""
        self._tasks[JobName(section, tab)] = self._bars.add_task(f"  {_name(section)} · {tab}", total=1)

    def ended(self, job: JobStatus) -> None:
        """Turn a job's line into its outcome."""
        task = self._tasks.pop(job.name, None)
        if task is not None:
            self._bars.remove_task(task)
        self._lines.ended(job)
        if self._all is not None:
            self._bars.advance(self._all)


class RemoteProgress:
    """Shows a run on ``shown`` whose jobs, once submitted, begin on other machines and later."""

    def __init__(self, shown: PlainProgress | LiveProgress) -> None:
        self._shown = shown
        self.planned, self.ended = shown.planned, shown.ended

    def begun(self, section: str, tab: str) -> None:
        """Show nothing: that a job was handed over is not that it begins."""


@contextmanager
def progress_on(console: Console) -> Iterator[PlainProgress | LiveProgress]:
    """Yield what shows a run on ``console``, for as long as the run takes."""
    if not console.is_terminal:
        yield PlainProgress(console)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Bars(*columns, console=console, transient=True) as bars:
        yield LiveProgress(bars)


def _cell(job: JobStatus | None) -> str:
    if job is None:
        return "[dim]—[/]"
    clock = "" if job.status in _UNTIMED else f" {job.seconds:.0f}\N{NO-BREAK SPACE}s"
    word = "failed (remembered)" if job.remembered else _word(job.status)
    return f"[{_COLOURS[job.status]}]{word}{clock}[/]{' [yellow]*[/]' * bool(job.stand_ins)}"


def summary_table(report: RunReport, tabs: Mapping[str, str], sections: Iterable[str] | None = None) -> Table:
    """Return a table, section × framework, of the status of every job.

    Args:
        report: What the run did.
        tabs: The frameworks' names, by tab, in the order of the columns.
        sections: The order of the rows: paths. Those of the report, if not given.
    """
    by_name = {job.name: job for job in report.jobs}
    have = dict.fromkeys(job.section for job in report.jobs)
    note = "* trained on a stand-in: a data file was not available" if report.stand_ins else None
    table = Table(caption=note, caption_justify="left")
    table.add_column("section", no_wrap=True)
    for tab in tabs:
        table.add_column(tabs[tab])
    for section in sections or have:
        if section in have:
            table.add_row(_name(section), *(_cell(by_name.get(JobName(section, tab))) for tab in tabs))
    return table


def explanations(report: RunReport, *, all_jobs: bool = False) -> list[str]:
    """Return a line for each job that would run, or failed, with the reasons.

    With ``all_jobs`` there is one for those that are up to date, too.
    """
    lines = []
    for job in report.jobs:
        if job.failure is not None:
            text = f"failed before ({job.failure.fault}); nothing has changed since"
        elif job.reasons:
            text = sentence(job.reasons)
        elif all_jobs:
            text = "up to date"
        else:
            continue
        lines.append(f"{_name(job.section)} · {job.tab} — {text}")
    return lines


def failures_text(report: RunReport) -> str:
    """Return what a run ends with besides the table: every failure with its place and report."""
    lines = []
    for job in report.failures:
        if job.failure is not None:
            lines += [str(job.failure.fault), *(f"    | {line}" for line in job.failure.source.split("\n"))]
            lines += [f"    {line}" for line in job.failure.traceback.rstrip().split("\n")[-12:] if line]
        lines += [f"    report: {job.report}"] if job.report else []
        if job.remembered:
            lines.append(
                "    it failed before, and nothing has changed since: tabbook run --retry runs it again"
            )
    for job in report.having("deferred"):
        lines.append(f"{_name(job.section)} · {job.tab}: deferred, {job.reason}")
    for tab, reason in dict.fromkeys((job.tab, job.reason) for job in report.having("skipped")):
        lines.append(f"{tab}: not executed, {reason}")
    for job in report.jobs:
        if job.whole_because:
            lines.append(
                f"{_name(job.section)} · {job.tab}: depends on all of the library: {job.whole_because}"
            )
    for name, why in report.stand_ins.items():
        lines.append(f"WARNING: the data file {name} was not available ({why}); a stand-in was used")
    return "\n".join(lines)
