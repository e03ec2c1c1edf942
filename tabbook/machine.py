"""How many cores, and how much memory, this process may use.

A container often may use less than the machine has, so the limits of its control groups count.
"""

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

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
    """Return how many of a group's bytes hold files that were not used lately."""
    with contextlib.suppress(OSError, ValueError):
        stat = dict(line.split() for line in path.read_text().splitlines())
        return int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
    return 0


def group_memory(proc: Path = _PROC, groups: Path = _GROUPS) -> int | None:
    """Return how many bytes more the control groups let this process take; ``None`` for any."""
    free_bytes = []
    for folder in _folders("memory", proc, groups):
        for limit, used in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            amounts = _numbers(folder / limit) + _numbers(folder / used)
            if len(amounts) == 2:
                free_bytes.append(amounts[0] - amounts[1] + _reclaimable(folder / "memory.stat"))
    return max(0, min(free_bytes)) if free_bytes else None


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
    """Return how many cores this process and its children may keep busy."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, group_cores() or allowed))
