"""Measures all frameworks, each in its environment, and compares the arrays."""

import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import definitions
import numpy as np
from cases import CASES
from kinds import BOUND

from tabbook.book import Book

ROOT = Path(__file__).parents[2]
BOOK = Book.load(ROOT)
TABS = BOOK.settings.tabs


@dataclass
class Found:
    """What one framework's run has found."""

    versions: dict[str, str]
    arrays: dict[str, np.ndarray]

    def of(self, name):
        """Return the quantities of a case or a mutation."""
        start = f"{name}/"
        return {key.removeprefix(start): a for key, a in self.arrays.items() if key.startswith(start)}


def environment(tab):
    """Return the Python of a framework's environment, which may not be there."""
    return BOOK.python(tab)


def measure(tab):
    """Run the cases in a framework's environment."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.npz"
        code = Path(__file__).with_name("measure.py")
        definitions.write(ROOT, folder, sorted({case.section for case in CASES} - {""}), tab)
        path = os.pathsep.join((str(ROOT / "d2l_lib"), folder))
        done = subprocess.run(
            [environment(tab), code, tab, TABS[tab].module, out],
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"the cases failed in {tab}:\n{done.stderr[-4000:]}")
        with np.load(out) as arrays:
            found = dict(arrays)
    return Found(json.loads(str(found.pop("versions"))), found)


def measure_all(tabs):
    """Run the cases in several frameworks, two at a time."""
    tabs = list(tabs)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(tabs, pool.map(measure, tabs), strict=True))


def difference(a, b):
    """Return the worst difference of two arrays, relative to the larger of 1 and the second's size."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape or not np.isfinite(a).all():
        return np.inf
    return float((abs(a - b) / np.maximum(1, abs(b))).max())


def row_of(key):
    return key.partition("/")[0]


def rows(case):
    """Return the rows of a case in the table, and the difference that each allows."""
    return {row_of(key): case.bounds.get(row_of(key), BOUND) for key in EXPECTED[case.name]}


def from_reference(case, found, row=None):
    """Return the worst difference of a framework's quantities from the reference."""
    expected = EXPECTED[case.name]
    if found.keys() != expected.keys():
        return np.inf
    return max(difference(found[key], expected[key]) for key in expected if row in (None, row_of(key)))


def among(case, row, results):
    """Return the worst difference between two frameworks in a row."""
    if not case.among:
        return 0.0
    keys = [key for key in EXPECTED[case.name] if row_of(key) == row]
    pairs = combinations([result.of(case.name) for result in results], 2)
    return max((difference(a[key], b[key]) for a, b in pairs for key in keys), default=0.0)


EXPECTED = {case.name: case.expected() for case in CASES}
