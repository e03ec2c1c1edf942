"""The outputs store: one file per key, found by the key alone, proved by its own hash.

There is no index and no database: any number of processes may read and write at once, a
file that was damaged counts as missing, and a folder of files can be copied anywhere.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tabbook.files import write_atomic
from tabbook.keys import canonical
from tabbook.model import Result

_log = logging.getLogger(__name__)
_KEY = re.compile(r"[0-9a-f]{64}")
# The entry is JSON, but its frame is fixed to the byte: the hash is of the bytes between head
# and tail, so nothing needs to be written out again to check it.
_HEAD = b'{"format":1,"sha256":"%s","result":'
_HEAD_LENGTH = len(_HEAD) - 2 + 64
_TAIL = b"}\n"


def _pack(result: Result) -> bytes:
    payload = canonical(asdict(result))
    return _HEAD % hashlib.sha256(payload).hexdigest().encode() + payload + _TAIL


def _unpack(data: bytes, key: str) -> Result:
    """Return the entry that ``data`` holds.

    Raises:
        ValueError: It is not whole, or another key's.
    """
    payload = data[_HEAD_LENGTH : -len(_TAIL)]
    if data != _HEAD % hashlib.sha256(payload).hexdigest().encode() + payload + _TAIL:
        raise ValueError("its content does not have the hash that it states")
    fields: dict[str, Any] = json.loads(payload)
    if fields.get("key") != key:
        raise ValueError("it belongs to another key")
    try:
        outputs = tuple(tuple(cell) for cell in fields.pop("outputs"))
        return Result(**{**fields, "outputs": outputs, "stand_ins": tuple(fields["stand_ins"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"it lacks a field or has one too many ({error})") from None


@dataclass(frozen=True, slots=True)
class Store:
    """The outputs in a folder, by key. The folder need not exist before the first `put`."""

    root: Path

    def path(self, key: str) -> Path:
        """Return where the entry of ``key`` is, or would be.

        Raises:
            ValueError: ``key`` is not 64 hexadecimal digits.
        """
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a key: {key!r}")
        return self.root / key[:2] / f"{key}.json"

    def get(self, key: str) -> Result | None:
        """Return the result stored under ``key``; ``None`` if there is none that can be trusted.

        A damaged entry is logged as a warning and left where it is: the next `put` replaces it.
        """
        path = self.path(key)
        try:
            return _unpack(path.read_bytes(), key)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.warning("ignoring a damaged entry of the outputs store, %s: %s", path, error)
            return None

    def put(self, result: Result) -> Path:
        """Store ``result`` under its key, in place of what was there; return the file.

        Raises:
            OSError: The store cannot be written.
        """
        path = self.path(result.key)
        write_atomic(path, _pack(result))
        return path

    def keys(self) -> Iterator[str]:
        """Yield the key of every entry, damaged or not, in order."""
        for path in sorted(self.root.glob("[0-9a-f][0-9a-f]/*.json")):
            if _KEY.fullmatch(path.stem):
                yield path.stem
