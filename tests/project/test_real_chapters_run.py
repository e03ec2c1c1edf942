"""Code that others wrote runs on the library: every cell of the real chapters, in each of their tabs.

Only the numbers of epochs are cut, by ``EPOCHS``, and ``%matplotlib inline``, which needs a notebook, is
left out. ``EXCEPTIONS`` lists each cell that fails, by its
number in its tab, with the reason: one that begins to work, or another that fails, is a failure here.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tabbook.book import Book
from tabbook_d2lbook import import_book

ROOT = Path(__file__).parents[2]
CHAPTERS = ROOT.parent / "shared" / "real-chapters"
RUNNER = Path(__file__).with_name("run_cells.py")
EPOCHS = ((r"\bnum_epochs\b(, *lr)? = \d+", r"num_epochs\1 = 2"), (r"\bmax_epochs=\d+", "max_epochs=1"))
NOTEBOOK_ONLY = "%matplotlib inline\n"
TABS = {
    "000": ("mxnet", "pytorch", "tensorflow"),
    "001": ("mxnet", "pytorch", "tensorflow", "jax"),
    "002": ("mxnet", "pytorch", "tensorflow"),
    "003": ("mxnet",),
    "004": ("mxnet", "pytorch", "tensorflow"),
}  # fmt: skip
DRAFT = "a draft: the cell that defines `RNNScratch` is not valid Python, or uses a name that no release had"
EXCEPTIONS: dict[tuple[str, str], dict[int, str]] = {
    ("000", "mxnet"): dict.fromkeys((4, 5, 6, 7, 9), DRAFT),
    ("000", "pytorch"): dict.fromkeys((4, 5, 6, 7, 8, 10), DRAFT),
}

pytestmark = pytest.mark.skipif(
    not CHAPTERS.is_dir(), reason="the real chapters are not there: ../shared/real-chapters"
)


def cells(number: str, tab: str, folder: Path) -> list[str]:
    """Return the code of the valid cells that a chapter has for a tab, with fewer epochs."""
    import_book(next(CHAPTERS.glob(f"{number}_*")), folder / "book")
    book = Book.load(folder / "book")
    sources = [
        cell.source.replace(NOTEBOOK_ONLY, "") for cell in book.project(book.sections[0], tab).code_cells
    ]
    for pattern, fewer in EPOCHS:
        sources = [re.sub(pattern, fewer, source) for source in sources]
    return [source for source in sources if "tab.interact_select" not in source]


@pytest.mark.parametrize(("number", "tab"), [(number, tab) for number in TABS for tab in TABS[number]])
def test_every_cell_runs(number: str, tab: str, tmp_path: Path) -> None:
    python = ROOT / ".tabbook" / "environments" / tab / "bin" / "python"
    if not python.exists():
        pytest.skip(f"there is no environment for {tab}: run `tabbook env make --tab {tab}`")
    sources = cells(number, tab, tmp_path)
    subprocess.run(
        [python, RUNNER, tmp_path / "report.json"],
        input=json.dumps(sources),
        text=True,
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "d2l_lib"), "IPYTHONDIR": str(tmp_path / "ipython")},
    )
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    failed = {i: error for i, error in enumerate(report, 1) if error}
    print(f"{number} {tab}: {len(report) - len(failed)}/{len(report)}")
    for i, error in failed.items():
        print(f"  cell {i}: {error.splitlines()[0]}")
    assert set(failed) == set(EXCEPTIONS.get((number, tab), {})), failed
