"""Two runs of one book at once: the same results, and no job executed twice."""

import signal
import time

from engine_helpers import code
from faults_helpers import await_, ending

WAITS = "import os, time\nopen('begun', 'w').close()\ntime.sleep({seconds})\n'done'"


def executed(text):
    """Return how many jobs a run says it has executed."""
    return sum(" executed after " in line for line in text.splitlines())


def test_two_runs_share_the_work(faulty):
    book = faulty({f"s{n}": code(WAITS.format(seconds=0.2)) + code(f"{n}") for n in range(3)})
    logs = [book.root.parent / name for name in ("one", "two")]
    runs = [book.start("run", "-j", "2", stdout=log.open("wb")) for log in logs]
    for running in runs:
        with ending(running):
            assert running.wait(120) == 0
    assert len(book.trusted()) == 6
    assert sum(executed(log.read_text()) for log in logs) == 6


def test_a_run_takes_over_from_one_that_was_killed(faulty):
    """A claim ends with its holder; nobody waits for the dead."""
    book = faulty({"a": code(WAITS.format(seconds=3))})
    with ending(book.start("run", "-t", "jax")) as first:
        assert await_(lambda: list(book.scratch.glob("*/*/begun")))
        with ending(book.start("run", "-t", "jax")) as second:
            await_(lambda: "jax …" in book.said().partition("jax …")[2])
            first.send_signal(signal.SIGKILL)
            start = time.monotonic()
            assert second.wait(60) == 0, book.said()
            assert time.monotonic() - start < 30
    assert executed(book.said()) == 1


def test_a_failure_is_not_executed_twice_either(faulty):
    book = faulty({"a": code("import time\nopen('begun', 'w').close()\ntime.sleep(1)\n1 / 0")})
    with ending(book.start("run", "-t", "jax")) as first:
        assert await_(lambda: list(book.scratch.glob("*/*/begun")))
        said = book.go("run", "-t", "jax", status=1)
        assert first.wait(60) == 1
    assert "ZeroDivisionError" in said
    assert "it failed before, and nothing has changed since" in said


def test_runs_of_other_sections_do_not_wait(faulty):
    book = faulty({"a": code(WAITS.format(seconds=600)), "b": code("2")})
    with ending(book.start("run", "a", "-t", "jax")) as first:
        assert await_(lambda: list(book.scratch.glob("*/*/begun")))
        book.go("run", "b")
        first.send_signal(signal.SIGINT)
        assert first.wait(30) == 130
    assert len(book.trusted()) == 2
