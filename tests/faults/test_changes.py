"""What changes under a run (environment, sources, clock) stores no result under a wrong key."""

import os
import shutil
import time

import pytest
from engine_helpers import code
from faults_helpers import ROOT, await_, ending

SLOW = code("import time\nopen('begun', 'w').close()\ntime.sleep(2)\n'first'")


def test_a_result_of_an_environment_that_went_away_counts_for_nothing(faulty):
    """Nor is the failure remembered: it would be reported when the environment is there again."""
    book = faulty({"a": SLOW})
    environment = book.root / ".tabbook/environments/jax"
    with ending(book.start("run", "-t", "jax")) as running:
        assert await_(lambda: list(book.scratch.glob("*/*/begun"))), book.said()
        environment.rename(environment.with_name("aside"))
        assert running.wait(60) == 1
    assert "its environment was changed or removed during the run" in book.said()
    assert book.trusted() == {}
    environment.with_name("aside").rename(environment)
    book.go("run", "-t", "jax")
    assert len(book.trusted()) == 1


def test_a_result_is_stored_under_the_key_of_what_was_executed(faulty):
    """Whoever edits a section while it runs gets the new outputs from the next run."""
    book = faulty({"a": SLOW})
    source = book.root / "chapters/a.md"
    with ending(book.start("run", "-t", "jax")) as running:
        assert await_(lambda: list(book.scratch.glob("*/*/begun"))), book.said()
        before = source.read_text()
        source.write_text(before.replace("first", "second"))
        assert running.wait(60) == 0
    assert "1 to execute, 0 from the store" in book.go("run", "-t", "jax")
    assert sorted("second" in text for text in book.trusted().values()) == [False, True]
    source.write_text(before)
    assert "0 to execute, 1 from the store" in book.go("run", "-t", "jax")


@pytest.mark.parametrize("years", [-20, 20])
def test_a_clock_that_jumps_changes_nothing(faulty, tmp_path, years):
    """Neither what is stale, nor how long a job takes, nor what the book uses of the store."""
    (tmp_path / "skewed").mkdir()
    shift = f"import time\nreal = time.time\ntime.time = lambda: real() + {years * 365 * 86_400}\n"
    (tmp_path / "skewed/sitecustomize.py").write_text(shift)
    book = faulty({"a": code("1"), "b": code("2")})
    book.go("run", "a", "-t", "jax")
    book.variables["PYTHONPATH"] = f"{ROOT}{os.pathsep}{tmp_path / 'skewed'}"
    said = book.go("run", "-t", "jax")
    assert "1 to execute, 1 from the store" in said
    assert "-" not in said.partition("executed after ")[2].split(" s")[0]
    kept = book.trusted()
    assert "removed 0 entries" in book.go("store", "gc", "--keep", "0")
    assert book.trusted() == kept
    for path in book.root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (time.time() - years * 365 * 86_400,) * 2)
    del book.variables["PYTHONPATH"]
    assert "0 to execute, 2 from the store" in book.go("run", "-t", "jax")
    shutil.rmtree(tmp_path / "skewed")
