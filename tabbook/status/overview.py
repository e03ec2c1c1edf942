"""The status of a book's jobs: what the store has, what failed before, what is stale and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from tabbook.book import Book
from tabbook.model import Section
from tabbook.plan import data as data_files
from tabbook.plan.gpus import inventory
from tabbook.plan.history import Records
from tabbook.plan.planner import Job, device_class, jobs
from tabbook.status.explain import Reason, reasons
from tabbook.status.places import symbol_places
from tabbook.status.standing import JobStatus, RunReport, Standing, Status, standings
from tabbook.store.local import Store

__all__ = ["JobStatus", "RunReport", "Status", "status"]


def status(
    book: Book,
    sections: Iterable[Section] | None = None,
    tabs: Iterable[str] | None = None,
    *,
    explain: bool = False,
    library_texts: Mapping[str, str] | None = None,
) -> RunReport:
    """Return the status of every job, without executing anything or using the network.

    With ``explain`` stale jobs have their reasons. ``library_texts`` are the files of the library
    as the next run will write them; those on disk count, if not given.

    Raises:
        TabbookError: A section cannot be projected.
    """
    device = device_class()

    def find_data(lacking: Sequence[Job]) -> data_files.DataFiles:
        names = (name for job in lacking for name in job.data)
        return data_files.find_all(book.settings.data, names, fetch=False)

    planned = jobs(book, sections, tabs, library_texts)
    standing, data = standings(book, planned, device, find_data, gpus=inventory)
    statuses = [one.status for one in standing]
    if explain:
        explained = _explained(book)
        statuses = [
            replace(one.status, reasons=explained(one)) if one.status.status == "stale" else one.status
            for one in standing
        ]
    return RunReport.of(statuses, data)


def _explained(book: Book) -> Callable[[Standing], tuple[Reason, ...]]:
    """Return what says why a job is stale."""
    store = Store(book.outputs)
    records, package = Records(book.work, store), book.settings.library.package
    places = {tab: symbol_places(book, tab) for tab in book.settings.tabs}

    def explain(one: Standing) -> tuple[Reason, ...]:
        section, numbers = one.job.section, one.job.section.numbers
        cells = [
            (numbers[cell.index], f"{section.path}:{cell.line}") for cell in one.job.projection.code_cells
        ]
        before = records.previous_key(*one.name, one.key)
        damaged = store.path(one.key.digest).exists()
        return reasons(before, one.key, cells, places[one.job.tab], package, damaged=damaged)

    return explain
