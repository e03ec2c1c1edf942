"""The folder that a job has for itself, and what becomes of those of processes that were killed.

A process that uses a folder holds a lock on it, which the system releases when the process ends. A guard
tidies up after a process that was killed; a folder that had no guard yet goes when the next job
begins.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # no locks here: folders of killed processes stay
    fcntl = None  # type: ignore[assignment]

PREFIX = "tabbook-job-"
_MIN_AGE_SECONDS = 3600
"""Seconds after which a new folder without a lock counts as abandoned."""


def _take(folder: Path) -> int | None:
    """Lock ``folder`` and return the handle; ``None`` if it is in use, or not ours."""
    if fcntl is None:
        return None
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if os.fstat(handle).st_uid == os.geteuid():
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
        except OSError:
            pass
        os.close(handle)
    return None


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder, which is gone with all that is in it when the context ends.

    Raises:
        OSError: None can be made.
    """
    _sweep()
    made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}")).resolve()
    handle = _take(made)
    folder = made.rename(made.with_name(made.name[1:]))  # from now on it can be seen that it is in use
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _sweep() -> None:
    """Remove the folders of processes that were killed."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(tempfile.gettempdir()):
            name, folder = entry.name, Path(entry.path)
            if not name.removeprefix(".").startswith(PREFIX):
                continue
            with contextlib.suppress(OSError):
                if name.startswith(".") and time.time() - folder.lstat().st_mtime < _MIN_AGE_SECONDS:
                    continue
            handle = _take(folder)
            if handle is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(handle)
