"""Writes the tables of the page about agreement: make agreement.

A difference is shown as the next power of ten, so that another CPU seldom changes the files.
"""

import csv
import io
import math
import re
import sys

from cases import CASES
from runs import ROOT, TABS, among, environment, from_reference, measure_all, rows

from tabbook.files import write_atomic

FOLDER = ROOT / "chapters" / "appendix"
NAMES = {"torch": "PyTorch", "jax": "JAX", "flax": "Flax", "optax": "Optax", "tensorflow": "TensorFlow",
         "keras": "Keras", "mxnet": "MXNet", "numpy": "NumPy", "python": "Python"}  # fmt: skip


def power(value):
    """Return a difference as a bound that is a power of ten, or as 0."""
    if value == 0:
        return "0"
    exponent = max(-8, math.ceil(math.log10(value)))
    return f"$\\leq 10^{{{exponent}}}$" if exponent else "$\\leq 1$"


def errors(value):
    return f"$\\leq {math.ceil(value)}$ standard errors"


def text(header, lines):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *lines])
    return out.getvalue()


def differences(results):
    """Return the table of worst differences, as CSV."""
    lines = []
    for case in CASES:
        for number, (row, bound) in enumerate(rows(case).items()):
            apart = [from_reference(case, result.of(case.name), row) for result in results.values()]
            worst = max(*apart, among(case, row, results.values()))
            shown = errors if bound >= 1 else power
            name = re.sub(r"^[\w.]+", r"`\g<0>`", case.name) if number == 0 else ""
            lines.append([name, row, shown(worst), shown(bound) if bound else "0"])
    return text(["What", "Compared", "Worst difference", "Allowed"], lines)


def versions(results):
    """Return the table of versions, as CSV."""
    lines = [
        [TABS[tab].name, ", ".join(f"{NAMES[name]} {version}" for name, version in result.versions.items())]
        for tab, result in results.items()
    ]
    return text(["Framework", "Packages"], lines)


if __name__ == "__main__":
    missing = [tab for tab in TABS if not environment(tab).exists()]
    if missing:
        sys.exit(f"no environment of {', '.join(missing)}: run tabbook env make, as the table needs all")
    results = measure_all(TABS)
    for name, made in (("agreement", differences(results)), ("versions", versions(results))):
        write_atomic(FOLDER / f"{name}.csv", made)
