"""What the engine adds to its jobs is measured as `benchmarks/execute.py` says."""

import sys
from pathlib import Path

import pytest
from engine_helpers import code, job, make_book

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import execute as executing


def test_the_best_packing_is_what_it_says():
    assert executing.packed([3, 1, 2, 2], 2) == 4
    assert executing.bound([3, 1, 2, 2], 2) == 4
    assert executing.bound([9, 1, 2, 2], 2) == executing.packed([9, 1, 2, 2], 2) == 9
    assert executing.packed([], 2) == executing.bound([], 2) == 0


def test_a_job_is_measured_beside_its_code_as_a_script():
    """The script must run all of the code: each cell leaves a trace, and takes its time."""
    measured = job(
        "%load_ext autoreload\nimport time\ntime.sleep(0.5)",
        ("1 / 0", ("raises-exception",)),
        ("time.sleep(60)", ("skip-execution",)),
        "assert time",
    )
    times = executing.measure(measured, 1)
    assert 0.5 < times.script < times.job
    assert 0 < times.start < 60
    assert times.ratio == times.job / (times.script + times.start)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        executing.measure(job("1 / 0"), 1)


def test_a_book_is_measured_in_a_copy_that_has_nothing_executed(tmp_path):
    book = make_book(tmp_path / "book", {"a": code("x = 1"), "b": code("x = 2")})
    for name in ("outputs/ab", "seconds", "environments/jax"):
        (book.work / name).mkdir(parents=True)
    copied = executing.copy_of(book, tmp_path / "copy")
    assert not copied.outputs.exists()
    assert (copied.work / "environments/jax").exists()
    assert (copied.work / "seconds").exists()
    found = executing.jobs_of(book, ["b"], ["jax"])
    assert [(Path(spec.section).stem, spec.tab) for spec in found] == [("b", "jax")]
    assert not list(book.outputs.glob("*/*.json"))
