"""A run that is asked to stop: within five seconds nothing of it is left but what was finished."""

import os
import pty
import signal
import subprocess
import time

import pytest
from engine_helpers import code
from faults_helpers import await_, ending

SECONDS = 5
"""Within so many a run stops."""


ENDLESS = """
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
stray = subprocess.Popen(["sleep", "600"], start_new_session=True)
open("busy", "w").close()
time.sleep(600)"""
"""A cell that never ends, has children, and says in its folder that it is on its way."""


@pytest.fixture
def busy(faulty):
    """Return a book with quick jobs and an endless one, and what is true once that one runs."""
    book = faulty({"quick": code("x = 1"), "slow": code(ENDLESS.strip()), "last": code("y = 1")})
    return book, lambda: list(book.scratch.glob("*/*/busy")) and list(book.store.keys())


def stopped_well(book, running, sent):
    """Check that a run that was asked to stop at ``sent`` did so, and what is left of it."""
    status = running.wait(60)
    assert time.monotonic() - sent < SECONDS
    assert book.left(0.2) == []
    assert len(book.trusted()) >= 1
    said = book.go("status", status=1)
    assert "from the store" in said
    return status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_a_run(busy, number):
    book, is_busy = busy
    with ending(book.start("run", "-j", "2", "-t", "jax")) as running:
        assert await_(is_busy), book.said()
        sent = time.monotonic()
        running.send_signal(number)
        assert stopped_well(book, running, sent) == 130
    assert "tabbook: stopped" in book.said()
    assert "Traceback" not in book.said()


def test_asking_often_does_not_leave_half_of_it(busy):
    book, is_busy = busy
    with ending(book.start("run", "-j", "2", "-t", "jax")) as running:
        assert await_(is_busy), book.said()
        sent = time.monotonic()
        while running.poll() is None and time.monotonic() - sent < SECONDS:
            running.send_signal(signal.SIGINT)
            await_(lambda: running.poll() is not None, 0.05)
        assert stopped_well(book, running, sent) == 130
    assert "Traceback" not in book.said()


def test_what_was_ignored_stays_ignored(busy):
    """A run under ``nohup`` outlives its terminal."""
    book, is_busy = busy

    def nohup():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with ending(book.start("run", "-j", "2", "-t", "jax", preexec_fn=nohup)) as running:
        assert await_(is_busy), book.said()
        running.send_signal(signal.SIGHUP)
        assert not await_(lambda: running.poll() is not None, 1)
        running.send_signal(signal.SIGTERM)
        stopped_well(book, running, time.monotonic())


def test_a_terminal_that_is_closed_stops_a_run(busy):
    """There, a run draws what it does; there is no one left to draw it for."""
    book, is_busy = busy
    ours, theirs = pty.openpty()

    def own_terminal():
        os.setsid()
        import fcntl
        import termios

        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    with ending(
        book.start("run", "-j", "2", "-t", "jax", stdout=theirs, stderr=theirs, preexec_fn=own_terminal)
    ) as running:
        os.close(theirs)

        def drawn_and_busy():
            os.read(ours, 1 << 16)  # or it would wait for whoever reads
            return is_busy()

        assert await_(drawn_and_busy)
        sent = time.monotonic()
        os.close(ours)
        assert stopped_well(book, running, sent) != 0


def test_a_reader_that_goes_stops_a_run(faulty):
    """``tabbook run | head -1``: no trace of Python on the way out."""
    book = faulty({"a": code("x = 1"), "b": code("x = 2")})
    with (
        book.log.open("ab") as errors,
        ending(book.start("run", "-t", "jax", stdout=subprocess.PIPE, stderr=errors)) as running,
    ):
        running.stdout.close()
        assert running.wait(30) == 1
    assert "Traceback" not in book.said()


def test_a_run_that_is_stopped_before_it_has_begun_says_so(faulty):
    book = faulty({"a": code("x = 1")})
    with ending(book.start("run")) as running:
        await_(lambda: running.poll() is not None, 0.6)
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
        assert running.wait(30) in (130, -signal.SIGTERM, 0)
    assert book.left() == []
