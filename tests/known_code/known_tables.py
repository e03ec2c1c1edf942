"""Writes the tables of the page about code that others wrote: make known-code."""

import csv
import io
import sys

from cells_of_others import CHAPTERS, OURS, ROOT, all_cells, environment, run_all
from known import EXCEPTIONS, FILES

from tabbook.files import write_atomic

FOLDER = ROOT / "chapters" / "appendix"
TABS = OURS.settings.tabs


def text(header, lines):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *lines])
    return out.getvalue()


def counts(errors):
    """Return the table of how many cells ran, by file and framework, as CSV."""
    lines = []
    for number, about in FILES.items():
        line = [f"`{number}`", about]
        for tab in TABS:
            found = errors.get((number, tab))
            line.append("none" if found is None else f"{found.count(None)} of {len(found)}")
        lines.append(line)
    return text(["File", "What it is", *(tab.name for tab in TABS.values())], lines)


def exceptions():
    """Return the table of the cells that do not run, with their reasons, as CSV."""
    groups = {}
    for (number, tab, cell), known in EXCEPTIONS.items():
        groups.setdefault((number, tab, known.reason), []).append(cell)
    return text(
        ["File", "Framework", "Cells", "Why they do not run"],
        [
            [f"`{number}`", TABS[tab].name, ", ".join(map(str, cells)), reason]
            for (number, tab, reason), cells in groups.items()
        ],
    )


if __name__ == "__main__":
    missing = [tab for tab in TABS if not environment(tab).exists()]
    if missing:
        sys.exit(f"no environment of {', '.join(missing)}: run tabbook env make, as the table needs all")
    if not CHAPTERS.is_dir():
        sys.exit(f"the files are not there: {CHAPTERS}")
    made = {"known-code": counts(run_all(all_cells())), "known-code-exceptions": exceptions()}
    for name, table in made.items():
        write_atomic(FOLDER / f"{name}.csv", table)
