"""How much memory jobs may take, and how much of it was promised to which."""

import os
from collections.abc import Callable, Mapping

from tabbook.errors import usage
from tabbook.machine import group_memory
from tabbook.model import JobName
from tabbook.quantities import size

ASSUMED_MEMORY_BYTES = 1_500_000_000
"""Bytes that a job is taken to need of which nothing is known."""


def available_memory(environ: Mapping[str, str] = os.environ) -> int:
    """Return how many bytes of memory jobs may take now, besides those that run.

    ``TABBOOK_MEMORY``, a size such as ``8GB``, overrides what is found.

    Raises:
        UsageError: ``TABBOOK_MEMORY`` is no size.
    """
    import psutil

    if named := environ.get("TABBOOK_MEMORY"):
        try:
            return size(named)
        except ValueError as error:
            raise usage(f"TABBOOK_MEMORY={named}: {error}") from None
    free = int(psutil.virtual_memory().available)
    allowed = group_memory()
    return free if allowed is None else min(free, allowed)


def likely_memory(
    name: JobName, peaks: Mapping[JobName, int], declared: int | None, limit: int | None
) -> int:
    """Return how many bytes the job of a section and a tab is likely to take.

    Args:
        name: The section and the tab.
        peaks: What jobs took at most, as far as that is known.
        declared: What the section says that its jobs may take.
        limit: What the book says that any job may take.
    """
    of_tab = [peak for (_, tab), peak in peaks.items() if tab == name[1]]
    bytes_needed = peaks.get(name) or declared or max(of_tab, default=0) or ASSUMED_MEMORY_BYTES
    bound = declared or limit
    return min(bytes_needed, bound) if bound else bytes_needed


class MemoryBudget:
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
        """Reserve ``need`` bytes; return whether there were enough."""
        if self._promised and (sum(self._promised) + need > self._all or need > self._available()):
            return False
        self._promised.append(need)
        return True

    def give(self, need: int) -> None:
        """Take back the promise of ``need`` bytes."""
        self._promised.remove(need)
