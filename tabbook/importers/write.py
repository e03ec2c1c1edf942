"""The destination, all or nothing: made beside its place, and moved there when it is whole."""

import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tabbook.errors import usage


def check_places(source: Path, destination: Path, *, force: bool) -> None:
    """Check that an import may read ``source`` and write ``destination``; put right what a killed one left.

    Raises:
        UsageError: It may not.
    """
    if not source.exists():
        raise usage(f"there is no {source}", "name the folder of a book or one of its pages")
    folder = source if source.is_dir() else source.parent
    target, origin = destination.resolve(), folder.resolve()
    if target == origin or origin.is_relative_to(target):
        raise usage(f"{destination} contains the source", "name another destination")
    if source.is_dir() and target.is_relative_to(origin):
        raise usage(f"{destination} is inside the source, which is never touched", "name another destination")
    if destination.is_symlink() or (destination.exists() and not destination.is_dir()):
        raise usage(f"{destination} is not a folder", "name another destination")
    _put_right(target)
    if destination.is_dir() and any(destination.iterdir()) and not force:
        raise usage(f"{destination} exists and is not empty", "name another, or replace it with --force")
    parent = _existing(target.parent)
    if not os.access(parent, os.W_OK):
        raise usage(f"{parent} cannot be written", "name another destination")


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _prefix(destination: Path) -> str:
    return f".{destination.name}.import-"


def _put_right(destination: Path) -> None:
    """Clear away what a killed import left; the book that it had moved aside comes back.

    An import holds a lock on the folder that it works in: a folder without a lock is left over.
    """
    for left in destination.parent.glob(f"{glob.escape(_prefix(destination))}*"):
        try:
            lock = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                os.close(lock)
            if (left / "old").exists() and not destination.exists():
                (left / "old").rename(destination)
        except OSError:
            continue  # another import at work, or not ours to touch
        shutil.rmtree(left, ignore_errors=True)


def write_tree(
    destination: Path,
    texts: Mapping[str, str],
    copies: Iterable[tuple[Path, str]],
) -> None:
    """Make the folder ``destination`` hold ``texts`` and copies of files, and nothing else.

    Raises:
        OSError: It cannot be written; what was there before is still there.
    """
    destination = destination.resolve()
    destination.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=destination.parent, prefix=_prefix(destination)))
    lock = os.open(work, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        made = work / "new"
        folders = {made}
        made.mkdir()

        def place(path: str) -> Path:
            target = made / path
            if target.parent not in folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                folders.add(target.parent)
            return target

        for path, text in texts.items():
            place(path).write_text(text, encoding="utf-8", newline="\n")
        for source, path in copies:
            shutil.copyfile(source, place(path))
        old = work / "old"
        if destination.exists():
            destination.rename(old)
        try:
            made.rename(destination)
        except OSError:
            if old.exists():
                old.rename(destination)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(lock)
