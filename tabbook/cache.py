"""What was worked out of a section, kept on disk for the next command: speed, and nothing else.

An entry is found by the section's path and holds the hash of all that its values were computed
from: the section's text, the book's settings, this Python, and tabbook's own source. Values of
anything else are never used, and a book without the folder gives the same results.
"""

import contextlib
import hashlib
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

_T = TypeVar("_T")
_HASH = 64
_OWN = Path(__file__).parent


@cache
def source_hash(folder: Path = _OWN) -> str:
    """Return the SHA-256 of the source in ``folder``, tabbook's own if not given, in hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        with contextlib.suppress(OSError):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _fingerprint() -> bytes:
    """Return a hash of the code that computes the values, and of the Python that runs it."""
    return hashlib.sha256((sys.version + source_hash()).encode()).digest()


class CachedValues:
    """The values of one section, or of the book as a whole; each is read or computed when asked for."""

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key
        self._values: dict[str, Any] = {}
        self._packed = self._read()
        self._changed = False

    def _read(self) -> dict[str, bytes]:
        try:
            data = self.path.read_bytes()
            head, body = data[: 2 * _HASH].decode(), data[2 * _HASH :]
            if head == self.key + hashlib.sha256(body).hexdigest():
                # Written by this code of this user, as the hashes say: safe to unpickle.
                return cast(dict[str, bytes], pickle.loads(body))
        except (OSError, ValueError, pickle.PickleError, EOFError):
            pass
        return {}

    def get(self, name: str, compute: Callable[[], _T]) -> _T:
        """Return the value ``name``; what ``compute`` returns, if it is not known.

        Raises:
            Exception: What ``compute`` raises; nothing is kept then.
        """
        if name not in self._values:
            packed = self._packed.get(name)
            if packed is not None:
                self._values[name] = pickle.loads(packed)
            else:
                self._values[name] = compute()
                self._changed = True
        return cast(_T, self._values[name])

    def knows(self, name: str) -> bool:
        """Say whether `get` would compute nothing for ``name``."""
        return name in self._values or name in self._packed

    def is_cached(self, name: str, value: object) -> bool:
        """Say whether ``value`` is the very object that `get` returns for ``name``."""
        return self._values.get(name) is value

    @property
    def is_used(self) -> bool:
        """Whether any of its values was asked for."""
        return bool(self._values)

    def save(self) -> None:
        """Write the values for later commands; where that is impossible, they compute them again."""
        if not self._changed:
            return
        packed = self._packed | {
            name: pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            for name, value in self._values.items()
            if name not in self._packed
        }
        body = pickle.dumps(packed, pickle.HIGHEST_PROTOCOL)
        head = self.key + hashlib.sha256(body).hexdigest()
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as file:  # not synced: half a file fails its hash
                    file.write(head.encode() + body)
                Path(temporary).replace(self.path)
            finally:
                Path(temporary).unlink(missing_ok=True)
        self._packed, self._changed = packed, False


class Cache:
    """The entries of one book, in ``folder``; ``settings`` is what else their values depend on."""

    def __init__(self, folder: Path, settings: str) -> None:
        self.folder = folder
        self._salt = hashlib.sha256(_fingerprint() + settings.encode()).digest()
        self._entries: dict[str, CachedValues] = {}

    def entry(self, name: str, data: bytes) -> CachedValues:
        """Return the entry ``name`` of values that are computed from ``data``."""
        key = hashlib.sha256(self._salt + name.encode() + b"\0" + data).hexdigest()
        known = self._entries.get(name)
        if known is None or known.key != key:
            file = re.sub(r"[^\w.-]", "-", name) + f".{hashlib.sha256(name.encode()).hexdigest()[:8]}"
            known = self._entries[name] = CachedValues(self.folder / file, key)
        return known

    def find(self, name: str) -> CachedValues | None:
        """Return the entry ``name`` that was asked for last, if there was one."""
        return self._entries.get(name)

    def reread(self, names: Iterable[str]) -> None:
        """Take the entries ``names`` from the disk where another process may have written them."""
        for name in names:
            if not self._entries[name].is_used:
                del self._entries[name]

    def save(self) -> None:
        """Write what is new."""
        for entry in self._entries.values():
            entry.save()
