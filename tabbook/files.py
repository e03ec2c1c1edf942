"""Writing files so that no reader sees half of one, and nothing changes without need."""

import contextlib
import json
import os
import stat
import tempfile
from io import BufferedReader
from pathlib import Path
from typing import Any


def open_file(path: Path) -> BufferedReader:
    """Return a file, or what a link to one leads to, open for reading.

    Raises:
        OSError: It cannot be read, or is no file; a pipe, say, would be waited for without end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is not a file")
    return path.open("rb")


def read_file(path: Path) -> bytes:
    """Return the content of a file, or of what a link to one leads to.

    Raises:
        OSError: As `open_file` does.
    """
    with open_file(path) as file:
        return file.read()


def state_of(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file is written or replaced.

    Raises:
        OSError: There is no such file.
    """
    state = path.stat()
    return state.st_mtime_ns, state.st_size, state.st_ino


def read_json(path: Path) -> Any:
    """Return the value that a file of JSON holds; ``None`` where there is none to be read."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        return json.loads(read_file(path))
    return None


def write_atomic(path: Path, content: str | bytes) -> bool:
    """Make ``path`` hold ``content``; return whether anything was written.

    A file that holds the same bytes is left alone, its time stamp too. Otherwise a temporary
    file in the same folder replaces it in one step, so a reader sees the old or the new, and
    a crash or a full disk leaves the old. What cannot be read is replaced, too.

    Raises:
        OSError: The folder cannot be made or written, or ``path`` is a folder.
    """
    data = content.encode() if isinstance(content, str) else content
    with contextlib.suppress(OSError):
        if read_file(path) == data:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True
