"""Code that others wrote for this library runs on it, cell by cell, apart from what known.py lists.

The files are not ours to keep. They are read from ../shared/real-chapters, and without that folder
the tests of their cells are skipped.
"""

import pytest
from cells_of_others import CHAPTERS, all_cells, cut, run_all
from known import EXCEPTIONS
from known_tables import FOLDER, TABS, counts, exceptions

CELLS = all_cells() if CHAPTERS.is_dir() else {}
PLACES = [(*key, cell) for key, cells in CELLS.items() for cell in range(1, len(cells) + 1)]

needs_chapters = pytest.mark.skipif(not CELLS, reason="the files are not there: ../shared/real-chapters")


@pytest.fixture(scope="session")
def errors():
    """What each cell of each file says, in the frameworks whose environments are there."""
    return run_all(CELLS)


@needs_chapters
@pytest.mark.parametrize(("number", "tab", "cell"), PLACES)
def test_a_cell_runs_or_is_listed(number, tab, cell, errors):
    if (number, tab) not in errors:
        pytest.skip(f"there is no environment of {tab}: run tabbook env make --tab {tab}")
    error, known = errors[number, tab][cell - 1], EXCEPTIONS.get((number, tab, cell))
    if known is None:
        assert error is None, f"in the cell:\n{CELLS[number, tab][cell - 1]}"
    else:
        assert error is not None, "it runs now: take it from the list in known.py, then make known-code"
        assert known.error in error


@needs_chapters
def test_only_cells_that_exist_are_listed():
    assert set(EXCEPTIONS) <= set(PLACES)


@needs_chapters
def test_the_page_shows_what_ran(errors):
    if {tab for _, tab in errors} != set(TABS):
        pytest.skip("not all environments are there: run tabbook env make")
    assert (FOLDER / "known-code.csv").read_text(encoding="utf-8") == counts(errors), "run make known-code"


def test_the_page_shows_the_list():
    assert (FOLDER / "known-code-exceptions.csv").read_text(encoding="utf-8") == exceptions()


@needs_chapters
def test_what_is_to_be_cut_is_there():
    """A pattern that matches nothing would let a test train for hours."""
    trained = {key for key, cells in CELLS.items() if any("num_epochs, lr = 2," in c for c in cells)}
    assert {("002", "pytorch"), ("003", "mxnet"), ("004", "tensorflow")} <= trained
    assert any("max_epochs=1," in cell for cell in CELLS["001", "jax"])


def test_nothing_but_numbers_of_epochs_is_cut():
    assert cut("num_epochs, lr = 500, 1.5") == "num_epochs, lr = 2, 1.5"
    assert cut("d2l.Trainer(max_epochs=100, num_gpus=1)") == "d2l.Trainer(max_epochs=1, num_gpus=1)"
    assert cut("num_hiddens = 512") == "num_hiddens = 512"
