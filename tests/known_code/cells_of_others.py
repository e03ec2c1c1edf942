"""Imports the five files and runs their cells, each file and tab in a process of its own."""

import json
import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from known import CUTS, FILES

from tabbook.book import Book
from tabbook_d2lbook import import_book

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
CHAPTERS = SHARED / "real-chapters"
OURS = Book.load(ROOT)
LONG = (("001", "jax"), ("000", "pytorch"))  # Begin with these, or one processor waits for them in the end


def environment(tab):
    """Return the Python of a framework's environment, which may not be there."""
    return OURS.python(tab)


def cut(source):
    """Return a cell with fewer epochs."""
    for pattern, new in CUTS:
        source = re.sub(pattern, new, source)
    return source


def valid_cells(number):
    """Return the cells of a file that are Python, by tab, with fewer epochs."""
    source = next(CHAPTERS.glob(f"{number}_*"))
    with tempfile.TemporaryDirectory() as folder:
        import_book(source, Path(folder) / "book")
        book = Book.load(Path(folder) / "book")
        section = book.sections[0]
        return {
            tab: [cut(cell.source) for cell in book.project(section, tab).code_cells]
            for tab in book.settings.tabs
        }


def run(tab, cells):
    """Run cells in a tab's environment; return for each its error, or None."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, found = Path(folder) / "cells.json", Path(folder) / "found.json"
        wanted.write_text(json.dumps(cells), encoding="utf-8")
        data = os.environ.get("D2L_DATA", str(SHARED / "data"))
        variables = {"PYTHONPATH": str(ROOT / "d2l_lib"), "D2L_DATA": data, "OMP_NUM_THREADS": "1"}
        code = Path(__file__).with_name("shell.py")
        done = subprocess.run(
            [environment(tab), code, tab, wanted, found], cwd=folder, env={**os.environ, **variables},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"the cells broke their process in {tab}:\n{done.stderr[-4000:]}")
        return json.loads(found.read_text(encoding="utf-8"))


def all_cells():
    """Return the cells of every file and tab."""
    return {(number, tab): found for number in FILES for tab, found in valid_cells(number).items()}


def run_all(cells):
    """Run what has an environment, two at a time; return the errors by file and tab."""
    here = {key: found for key, found in cells.items() if environment(key[1]).exists()}
    here = dict(sorted(here.items(), key=lambda item: item[0] not in LONG))
    with ThreadPoolExecutor(2) as pool:
        errors = pool.map(run, [tab for _, tab in here], here.values())
        return dict(zip(here, errors, strict=True))
