"""SIGKILL of tabbook at any moment: no result lost, none damaged, no process left.

``TABBOOK_KILLS`` says how often (3, if it does not), ``TABBOOK_SEED`` from which numbers.
"""

import os
import random
import signal
import time

from engine_helpers import code
from faults_helpers import TABS, await_, ending

KILLS = int(os.environ.get("TABBOOK_KILLS", "3"))
SEED = int(os.environ.get("TABBOOK_SEED", "20"))

CHILD = """import os, subprocess
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
os.path.exists("/proc") and child.pid > 0"""


def sections(count):
    """Return sections whose outputs say which they are; every other leaves a child in its own session."""
    return {
        f"s{number}": code(f"number = {number}")
        + code(CHILD if number % 2 else "import time\ntime.sleep(0.2)\nTrue")
        + code("print('x' * 2000 * number)\nnumber")
        for number in range(count)
    }


def test_killed_at_any_moment_it_loses_nothing(faulty):
    """Each kill comes at a random moment of a run; the next run takes up what was finished."""
    chance = random.Random(SEED)
    book = faulty(sections(3))
    keys = 3 * len(TABS)
    start = time.monotonic()
    book.go("run", "-j", "2")
    whole, expected = time.monotonic() - start, book.trusted()
    assert len(expected) == keys
    finished = set(expected)
    lost = damaged = kills = 0
    while kills < KILLS:
        if len(finished) == keys:  # a new edition: everything is to be done again
            for key in finished:
                book.store.path(key).unlink()
            finished = set()
        moment = chance.uniform(0, whole)
        with ending(book.start("run", "-j", "2")) as running:
            await_(lambda: running.poll() is not None, moment)
            was_running = running.poll() is None
            running.send_signal(signal.SIGKILL)
            running.wait()
        kills += was_running
        await_(lambda: not book.processes(), 10)
        assert book.processes() == [], f"after kill {kills} at {moment:.2f} s"
        assert len(book.leftovers()) <= 2 * len(TABS)  # the next job's beginning tidies them up
        now = book.trusted()
        lost += len(finished - set(now))
        damaged += sum(now[key] != expected[key] for key in now)
        finished = set(now)
        assert (lost, damaged) == (0, 0), f"after kill {kills} at {moment:.2f} s"
        print(f"kill {kills} at {moment:.2f} s: {len(finished)} kept, {len(book.leftovers())} folders left")
    said = book.go("run", "-j", "2")
    assert f"{keys - len(finished)} to execute, {len(finished)} from the store" in said
    assert book.trusted() == expected
    assert "none damaged" in book.go("store", "verify")
