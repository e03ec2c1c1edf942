"""A result as the bytes of one file: whole or worthless, and each picture in it once.

The file is JSON, but its frame is fixed to the byte: the hash is of the bytes between head and
tail, so nothing needs to be written out again to check it. Long values of outputs (pictures,
above all) stand apart, under their own hash: however often a page shows one, it is kept once,
and as it was produced.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tabbook.keys.key import canonical, sha256
from tabbook.model import Result

FORMAT = 2
_HEAD = b'{"format":%d,"sha256":"%s","result":'
HEAD_LENGTH = len(_HEAD % (FORMAT, b"")) + 64
_TAIL = b"}\n"
_FORMAT = re.compile(rb'\{"format":(\d+),')
_STATED = re.compile(rb'\{"format":%d,"sha256":"([0-9a-f]{64})"' % FORMAT)
_STAND_INS = b'"stand_ins":['
_MIN_PICTURE_CHARACTERS = 1024
"""Values of so many characters or more are kept apart."""


class OtherFormatError(ValueError):
    """An entry is another version's: nothing is wrong with it, but this one cannot read it."""


def _frame(payload: bytes) -> bytes:
    return _HEAD % (FORMAT, hashlib.sha256(payload).hexdigest().encode()) + payload + _TAIL


def head_hash(head: bytes) -> str:
    """Return the hash that the first `HEAD_LENGTH` bytes of a file state; without one, these bytes."""
    match = _STATED.match(head)
    return match[1].decode() if match else head.hex()


def tail_stand_ins(tail: bytes) -> tuple[str, ...]:
    """Return the stand-ins that the last bytes of a file list, where its last fields are.

    Raises:
        ValueError: They do not begin before these fields.
    """
    start = tail.rfind(_STAND_INS)  # in a value, its quotation marks would be escaped
    return tuple(map(str, json.loads(b"{" + tail[start : -len(_TAIL)])["stand_ins"]))


def encode(result: Result) -> bytes:
    """Return ``result`` as the content of a file; equal results, equal bytes."""
    fields = asdict(result)
    blobs: dict[str, str] = {}
    places: list[tuple[int, int, str, str]] = []
    cells = []
    for number, cell in enumerate(fields["outputs"]):
        outputs = []
        for position, output in enumerate(cell):
            data = output.get("data")
            if isinstance(data, Mapping):
                kept = {}
                for mime in sorted(data):
                    value = data[mime]
                    if not isinstance(value, str) or len(value) < _MIN_PICTURE_CHARACTERS:
                        kept[mime] = value
                        continue
                    name = sha256(value)
                    blobs[name] = value
                    places.append((number, position, mime, name))
                output = {**output, "data": kept}
            outputs.append(output)
        cells.append(outputs)
    return _frame(canonical({**fields, "outputs": cells, "blobs": blobs, "places": places}))


def decode(data: bytes, key: str) -> Result:
    """Return the result of ``key`` that `payload_of` made ``data`` of.

    Raises:
        OtherFormatError: Another version of tabbook has made it.
        ValueError: It is not whole, or another key's; the message says which.
    """
    payload = data[HEAD_LENGTH : -len(_TAIL)]
    other = _FORMAT.match(data)
    if other and int(other[1]) != FORMAT:
        raise OtherFormatError(f"it is of format {int(other[1])}, and this is made for format {FORMAT}")
    if data != _frame(payload):
        raise ValueError("its content does not match its hash")
    fields: dict[str, Any] = json.loads(payload)
    if fields.get("key") != key:
        raise ValueError("it belongs to another key")
    try:
        blobs = fields.pop("blobs")
        for number, position, mime, name in fields.pop("places"):
            fields["outputs"][number][position]["data"][mime] = blobs[name]
        outputs = tuple(tuple(cell) for cell in fields.pop("outputs"))
        return Result(**{**fields, "outputs": outputs, "stand_ins": tuple(fields["stand_ins"])})
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"it lacks a field or has one too many ({error})") from None
