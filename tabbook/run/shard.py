"""Parts of a run for several machines: the same split on each of them, without a word between them."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from tabbook.errors import usage

_T = TypeVar("_T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``number``, counted from 1, of ``count``."""

    number: int
    count: int


def parse_shard(text: str) -> Shard:
    """Return what ``2/4`` means.

    Raises:
        UsageError: ``text`` is no part of a whole.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    shard = Shard(int(match[1]), int(match[2])) if match else None
    if shard is None or not 1 <= shard.number <= shard.count:
        raise usage(f"--shard {text}: not a valid part", "write K/N, with K from 1 to N, such as 2/4")
    return shard


def jobs_of_shard(jobs: Sequence[_T], seconds: Mapping[_T, float], shard: Shard) -> list[_T]:
    """Return the jobs of ``shard``, in the order of ``jobs``.

    Each job goes to one shard: the longest first, always to the shard with the least to do. A
    job of unknown length counts as much as the median of the others. Equal input gives equal
    parts, on every machine.
    """
    known = [seconds[job] for job in jobs if job in seconds]
    usual = median(known) if known else 1.0
    loads = [(0.0, 0, number) for number in range(1, shard.count + 1)]
    own: set[_T] = set()
    # The sort is stable, so the book's order decides among equals.
    for job in sorted(jobs, key=lambda job: -seconds.get(job, usual)):
        load, count, number = min(loads)
        loads[number - 1] = (load + seconds.get(job, usual), count + 1, number)
        if number == shard.number:
            own.add(job)
    return [job for job in jobs if job in own]
