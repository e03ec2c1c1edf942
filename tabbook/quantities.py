"""Amounts as people write them: ``20min`` of time, ``6GB`` of memory."""

import re
from functools import cache

from pydantic import ByteSize, TypeAdapter, ValidationError

_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_TIMES = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def seconds(value: object) -> float:
    """Return a time in seconds: ``90``, ``"90s"``, ``"20min"``, ``"1h 30min"``.

    Raises:
        ValueError: ``value`` is no such time, or not more than 0.
    """
    message = "this must be a time, such as 90, 90s, 20min or 1h"
    total: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        total = float(value)
    elif isinstance(value, str):
        parts = _PART.findall(value)
        if parts and not _PART.sub("", value).strip():
            if any(unit.lower() not in _TIMES for _, unit in parts):
                raise ValueError(message)
            total = sum(float(number) * _TIMES[unit.lower()] for number, unit in parts)
        elif number := _NUMBER.fullmatch(value):
            total = float(number[1]) if not number[2] else None
    if total is None:
        raise ValueError(message)
    if not 0 < total < float("inf"):
        raise ValueError("this must be more than 0")
    return total


@cache
def _bytes() -> TypeAdapter[ByteSize]:
    return TypeAdapter(ByteSize)  # when it is asked for: making one takes 15 ms


def size(value: object) -> int:
    """Return a size in bytes: ``6000``, ``"6GB"`` (powers of 1000), ``"512 MiB"`` (of 1024).

    Raises:
        ValueError: ``value`` is no such size, or not more than 0.
    """
    try:
        total = int(_bytes().validate_python(value)) if not isinstance(value, bool) else None
    except ValidationError:
        total = None
    if total is None:
        raise ValueError("this must be a size, such as 512MB or 6GB")
    if total < 1:
        raise ValueError("this must be more than 0")
    return total


def size_text(count: int) -> str:
    """Return a size in bytes as people read it: ``6 GB``, ``1.5 MB``, ``12 kB``."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{round(value, 1) if value < 9.95 else round(value):g} {units[0]}"
