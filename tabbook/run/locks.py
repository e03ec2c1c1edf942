"""Which job runs where: two runs of one book do not execute the same job at the same time.

The lock of a job is on one byte of a file that stays empty: the byte whose number is the start of the
job's key. The system releases it when its holder ends in any way, so there is nothing to clean
up, and no stale lock to wait for.
"""

import contextlib
import os
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl

    _SET = fcntl.F_OFD_SETLK
except (ImportError, AttributeError):  # not on Linux: jobs may be executed twice, which costs time alone
    _SET = 0

LOCK_POLL_SECONDS = 0.1
"""Seconds between two looks whether a lock was released."""


def _is_locked(handle: int, key: str) -> bool:
    """Take the lock of ``key``, or say that another process has it."""
    lock = struct.pack("@hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, int(key[:15], 16), 1, 0)
    try:
        fcntl.fcntl(handle, _SET, lock)
    except BlockingIOError:
        return True
    except OSError:  # this file system has no locks
        return False
    return False


@contextlib.contextmanager
def job_lock(file: Path, key: str, timeout: float, is_stopping: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock of the job with ``key`` as long as the context lasts.

    Waits until the other process releases it, at most ``timeout`` seconds: a process that takes
    longer hangs, and executing a job twice does no harm. Where the file cannot be written there are no locks.
    """
    handle = -1
    if _SET:
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        end = time.monotonic() + timeout
        while handle >= 0 and _is_locked(handle, key) and time.monotonic() < end and not is_stopping():
            time.sleep(LOCK_POLL_SECONDS)
        yield
    finally:
        if handle >= 0:
            os.close(handle)
