"""Writing files so that nobody ever sees half of one, and nothing changes without need."""

import os
import tempfile
from pathlib import Path


def write_atomic(path: Path, content: str | bytes) -> bool:
    """Make ``path`` hold ``content``; return whether anything was written.

    A file that holds the same bytes is left alone, its time stamp too. Otherwise a temporary
    file in the same folder replaces it in one step, so a reader sees the old or the new, and
    a crash or a full disk leaves the old.

    Raises:
        OSError: The folder cannot be made or written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
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
