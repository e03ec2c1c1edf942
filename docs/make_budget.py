"""Write docs/budget.md, how long each section trains, from the stored outputs.

Run it with ``make budget`` after ``make book``. A test reads the page: every section that trains has its
line, and all of them together are below the bound.
"""

# ruff: noqa: E501 (documents have a sentence on each line)

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tabbook.book import Book
from tabbook.files import write_atomic

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "budget.md"
AIM = 2640
"""Seconds that all training sections together should take, in all frameworks: 22 minutes for two jobs at a time."""
BOUND = 3300
"""Seconds that they may take until some have been shortened."""
_HEAD = f"""\
<!-- Written by make budget from the stored outputs. -->

# How long the book trains

Seconds that each section with training takes from the first cell to the last, with the start of the kernel, in each framework.
They were measured when the outputs were stored, on a machine with two CPU cores and no GPU that executed the whole book from nothing, two jobs at a time.

The aim is that on such a machine the four frameworks together train for at most {AIM // 120} minutes, {AIM:,} seconds in all columns.
They take longer since the chapters on attention and translation.
Until sections have been shortened, a test fails above {BOUND:,} seconds.
A section that takes too long trains less: fewer seeds, fewer epochs, a smaller network.
"""


def trains(source: str) -> bool:
    """Say whether code trains a model: with the trainer, or with steps by hand."""
    return bool(re.search(r"\.(?:fit|descend)\(|steps\.gradient\(", source))


def training_sections(book: Book) -> tuple[str, ...]:
    """Return the paths of the sections that train, in the book's order."""
    return tuple(s.path for s in book.sections if any(trains(cell.source) for cell in s.code_cells))


def seconds(book: Book) -> dict[str, dict[str, float]]:
    """Return how long each section took by its path, and there by framework.

    Raises:
        LookupError: The outputs of a job are not stored.
    """
    command = [sys.executable, "-m", "tabbook", "status", "--json"]
    done = subprocess.run(command, cwd=book.root, stdout=subprocess.PIPE, check=False)
    found: dict[str, dict[str, float]] = {}
    listed = training_sections(book)
    for job in json.loads(done.stdout)["jobs"]:
        if job["status"] != "stored" and job["section"] in listed:
            raise LookupError(f"{job['section']} has no outputs for {job['tab']}; run make book first")
        found.setdefault(job["section"], {})[job["tab"]] = job["seconds"]
    return found


def table(book: Book, spent: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Yield the lines of the table; times are rounded, and the sums are those of the rounded times."""
    tabs = book.settings.tabs
    sums = dict.fromkeys(tabs, 0)
    yield f"| Section | {' | '.join(tab.name for tab in tabs.values())} |"
    yield f"| --- | {' | '.join('---:' for _ in tabs)} |"
    for path in training_sections(book):
        times = {tab: round(spent[path][tab]) for tab in tabs if tab in spent[path]}
        for tab, time in times.items():
            sums[tab] += time
        yield f"| [{Path(path).stem}](../{path}) | {' | '.join(str(times.get(tab, '')) for tab in tabs)} |"
    yield f"| All | {' | '.join(map(str, sums.values()))} |"


def page(book: Book, spent: Mapping[str, Mapping[str, float]]) -> str:
    """Return the text of the page."""
    return "\n".join([_HEAD, *table(book, spent), ""])


if __name__ == "__main__":
    its_book = Book.load(ROOT)
    try:
        write_atomic(PAGE, page(its_book, seconds(its_book)))
    except LookupError as error:
        sys.exit(str(error))
    sys.stdout.write(f"wrote {PAGE}\n")
