"""The outputs store: one file per key, found by the key alone, proved by its own hash.

There is no index and no database: any number of processes may read and write at once, a
file that was damaged counts as missing, and a folder of files can be copied anywhere.
"""

import contextlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tabbook.files import open_file, read_file, write_atomic
from tabbook.model import Result
from tabbook.store.entry import HEAD_LENGTH, OtherFormatError, decode, encode, head_hash, tail_stand_ins

__all__ = ["Store"]

_log = logging.getLogger(__name__)
_KEY = re.compile(r"[0-9a-f]{64}")
GRACE_SECONDS = 3600.0
"""Seconds for which nothing is removed that was just written: a run may still be at it."""
_PROBE_BYTES = 4096
"""Bytes; as many as a small entry has."""


def entry_path(key: str) -> str:
    """Return where the entry of ``key`` is within any store, local or remote.

    Raises:
        ValueError: ``key`` is not 64 hexadecimal digits.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key: {key!r}")
    return f"{key[:2]}/{key}.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a store as it was found: ``result``, or ``problem`` says why there is none.

    ``is_foreign`` says that nothing is wrong with it but that another version made it. ``size``
    is in bytes; ``written`` is when it was, in seconds since the epoch.
    """

    key: str
    path: Path
    size: int
    written: float
    result: Result | None = None
    problem: str = ""
    is_foreign: bool = False

    @property
    def is_damaged(self) -> bool:
        """Whether it is useless."""
        return bool(self.problem) and not self.is_foreign


def _stand_ins_of(path: Path) -> tuple[str, ...]:
    """Return the stand-ins that the entry in a file states, reading no more of it than it takes.

    Raises:
        OSError: It cannot be read, or is no file.
        ValueError: It states none.
    """
    with open_file(path) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _PROBE_BYTES))
        try:
            return tail_stand_ins(file.read())
        except ValueError:  # the names of many files
            return tail_stand_ins(read_file(path))


@dataclass(frozen=True, slots=True)
class Store:
    """The outputs in a folder, by key. The folder need not exist before the first `put`."""

    root: Path

    def path(self, key: str) -> Path:
        """Return where the entry of ``key`` is, or would be.

        Raises:
            ValueError: ``key`` is not 64 hexadecimal digits.
        """
        return self.root / entry_path(key)

    def get(self, key: str, *, warn: bool = True) -> Result | None:
        """Return the result stored under ``key``; ``None`` if there is none that can be trusted.

        A damaged entry is logged, as a warning unless that is not wanted, and left where it is: the
        next `put` replaces it.
        """
        path = self.path(key)
        try:
            return decode(read_file(path), key)
        except FileNotFoundError:
            return None
        except OtherFormatError as error:
            _log.info("passing over %s: %s", path, error)
            return None
        except (OSError, ValueError) as error:
            level = logging.WARNING if warn else logging.INFO
            _log.log(level, "ignoring a damaged entry of the outputs store, %s: %s", path, error)
            return None

    def check_writable(self) -> None:
        """Try to write a little, and leave no trace of it.

        Raises:
            OSError: The store cannot be written.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.root) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())

    def hash_of(self, key: str) -> str | None:
        """Return the hash that the entry of ``key`` states, none of it checked; ``None`` without an entry.

        If you have read the entry before, it says whether anything is new.
        """
        try:
            with self.path(key).open("rb") as file:
                return head_hash(file.read(HEAD_LENGTH))
        except OSError:
            return None

    def stand_ins(self) -> frozenset[tuple[str, ...]]:
        """Return the choices of data files that entries state they were made without; none of it checked."""
        choices = set()
        for key in self.keys():
            with contextlib.suppress(OSError, ValueError):
                choices.add(_stand_ins_of(self.path(key)))
        return frozenset(choices)

    def put(self, result: Result) -> Path:
        """Store ``result`` under its key, in place of what was there; return the file.

        Raises:
            OSError: The store cannot be written.
        """
        path, data = self.path(result.key), encode(result)
        if path.is_dir() and not path.is_symlink():  # nothing else is in the way of a file
            shutil.rmtree(path)
        if not write_atomic(path, data):
            with contextlib.suppress(OSError):  # it is wanted again: as good as just written
                os.utime(path)
        return path

    def keys(self) -> Iterator[str]:
        """Yield the key of every entry, damaged or not, in order."""
        for path in sorted(self.root.glob("[0-9a-f][0-9a-f]/*.json")):
            if _KEY.fullmatch(path.stem) and path.parent.name == path.stem[:2]:
                yield path.stem

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, read and checked, in the order of the keys."""
        for key in self.keys():
            path = self.path(key)
            result, problem, is_foreign = None, "", False
            try:
                state = path.lstat()
                result = decode(read_file(path), key)
            except FileNotFoundError:
                if not path.is_symlink():
                    continue  # removed meanwhile
                problem = "it is a broken link"
            except (OSError, ValueError) as error:
                problem, is_foreign = str(error), isinstance(error, OtherFormatError)
            yield Entry(key, path, state.st_size, state.st_mtime, result, problem, is_foreign)

    def unused_entries(
        self, used: Collection[str], keep_seconds: float, now: float | None = None
    ) -> tuple[Entry, ...]:
        """Return the entries that are no longer needed: damaged, or unused and old.

        Args:
            used: The keys to keep, whatever their age.
            keep_seconds: Seconds for which the other whole ones are kept, too.
            now: The time, in seconds since the epoch.
        """
        now = time.time() if now is None else now
        return tuple(
            entry
            for entry in self.entries()
            if now - entry.written > (GRACE_SECONDS if entry.is_damaged else max(keep_seconds, GRACE_SECONDS))
            and (entry.problem or entry.key not in used)
        )

    def remove(self, entry: Entry) -> bool:
        """Remove ``entry`` unless it was written anew since it was looked at; say whether it is gone.

        Raises:
            OSError: The store cannot be written.
        """
        aside = entry.path.with_name(f".{entry.path.name}.{os.getpid()}.tmp")
        try:
            entry.path.rename(aside)
        except FileNotFoundError:
            return False
        if aside.lstat().st_mtime != entry.written:
            aside.replace(entry.path)
            return False
        if aside.is_dir() and not aside.is_symlink():
            shutil.rmtree(aside)
        else:
            aside.unlink()
        return True

    def temporary_files(self, now: float | None = None) -> tuple[Path, ...]:
        """Return the temporary files that processes which were killed have left behind."""
        now = time.time() if now is None else now
        files = []
        for path in sorted(self.root.glob("[0-9a-f][0-9a-f]/.*.tmp")):
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime > GRACE_SECONDS:
                    files.append(path)
        return tuple(files)
