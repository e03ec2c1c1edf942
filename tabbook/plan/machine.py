"""What this machine has for jobs: cores, and memory; and who was promised how much of the latter.

A container often may use less than the machine has, so the limits of its control groups count.
"""

import contextlib
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tabbook.errors import usage
from tabbook.quantities import size

ASSUMED = 1_500_000_000
"""Bytes that a job is taken to need of which nothing is known."""
_PROC, _GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def _folders(controller: str, proc: Path, groups: Path) -> Iterator[Path]:
    """Yield the folders of this process's control groups, and of those around them."""
    with contextlib.suppress(OSError):
        for line in (proc / "self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            root = groups / controller if controllers else groups
            folder = root / path.lstrip("/")
            yield from (each for each in (folder, *folder.parents) if each.is_relative_to(root))


def _numbers(path: Path) -> list[int]:
    """Return the numbers in a small file; none where it is not there, or says ``max``."""
    with contextlib.suppress(OSError, ValueError):
        return [int(word) for word in path.read_text().split()]
    return []


def _reclaimable(path: Path) -> int:
    """Return how many of a group's bytes hold files that nobody asked for lately."""
    with contextlib.suppress(OSError, ValueError):
        stat = dict(line.split() for line in path.read_text().splitlines())
        return int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
    return 0


def group_memory(proc: Path = _PROC, groups: Path = _GROUPS) -> int | None:
    """Return how many bytes more the control groups let this process take; ``None`` for any."""
    left = []
    for folder in _folders("memory", proc, groups):
        for limit, used in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            amounts = _numbers(folder / limit) + _numbers(folder / used)
            if len(amounts) == 2:
                left.append(amounts[0] - amounts[1] + _reclaimable(folder / "memory.stat"))
    return max(0, min(left)) if left else None


def group_cores(proc: Path = _PROC, groups: Path = _GROUPS) -> int | None:
    """Return how many cores the control groups let this process keep busy; ``None`` for any."""
    shares = []
    for folder in _folders("cpu", proc, groups):
        quota = _numbers(folder / "cpu.max") or (
            _numbers(folder / "cpu.cfs_quota_us") + _numbers(folder / "cpu.cfs_period_us")
        )
        if len(quota) == 2 and min(quota) > 0:
            shares.append(math.ceil(quota[0] / quota[1]))
    return min(shares) if shares else None


def cores() -> int:
    """Return how many cores jobs may keep busy."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, group_cores() or allowed))


def available_memory(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many bytes of memory jobs may take now, besides those that run.

    ``TABBOOK_MEMORY``, a size such as ``8GB``, overrides what is found.

    Raises:
        UsageError: ``TABBOOK_MEMORY`` is no size.
    """
    import psutil

    if named := environment.get("TABBOOK_MEMORY"):
        try:
            return size(named)
        except ValueError as error:
            raise usage(f"TABBOOK_MEMORY={named}: {error}") from None
    free = int(psutil.virtual_memory().available)
    allowed = group_memory()
    return free if allowed is None else min(free, allowed)


def likely_memory(
    place: tuple[str, str], peaks: Mapping[tuple[str, str], int], declared: int | None, limit: int | None
) -> int:
    """Return how many bytes the job of a section and a tab is likely to take.

    Args:
        place: The section and the tab.
        peaks: What jobs took at most, as far as that is known.
        declared: What the section says that its jobs may take.
        limit: What the book says that any job may take.
    """
    of_tab = [peak for (_, tab), peak in peaks.items() if tab == place[1]]
    found = peaks.get(place) or declared or max(of_tab, default=0) or ASSUMED
    bound = declared or limit
    return min(found, bound) if bound else found


class Room:
    """Who was promised how much memory. Not for several threads at once.

    Together, promises are no more than what there was when the first job began, and each is no
    more than what there is when it is made, as other programs take memory, too. A job that runs
    alone gets whatever there is.
    """

    def __init__(self, available: Callable[[], int]) -> None:
        """Share out what ``available`` says that there is, in bytes."""
        self._available, self._all = available, available()
        self._promised: list[int] = []

    def take(self, need: int) -> bool:
        """Promise ``need`` bytes, and return whether they were to be had."""
        if self._promised and (sum(self._promised) + need > self._all or need > self._available()):
            return False
        self._promised.append(need)
        return True

    def give(self, need: int) -> None:
        """Take back the promise of ``need`` bytes."""
        self._promised.remove(need)
