"""Work that all cores share, where there is enough of it."""

import contextlib
import gc
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from tabbook.cache import Cache
from tabbook.errors import TabbookError
from tabbook.machine import cores

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

_T = TypeVar("_T")
_MAX_PROCESSES = 8


def run_in_parts(work: Callable[[Sequence[_T]], object], items: Sequence[_T]) -> None:
    """Call ``work`` with parts of ``items``, one in this process and the others in forks of it.

    A fork sees all that this process knows, without copying it; of what it learns, only what it
    leaves on disk is seen here. Where a fork fails, or is not possible, its results are missing and
    are worked out when they are needed: this saves time, and changes no result.
    """
    count = min(_usable_cores(), len(items), _MAX_PROCESSES)
    parts = [items[number::count] for number in range(count)]
    others = [_fork(work, part) for part in parts[1:]]
    try:
        for part in parts[:1]:
            work(part)
        for process in others:
            process.join()
    finally:
        for process in others:
            process.kill()
            process.join()


def share_values(
    cache: Cache, work: Callable[[str], object], names: Sequence[str], entry: Callable[[str], str] = str
) -> None:
    """Call ``work`` for each of ``names`` on all cores, and take what that leaves in ``cache``.

    ``entry`` returns the name of the entry that the values of a name are in. What goes wrong is left
    to whatever needs the values: it works them out again.
    """

    def some(part: Sequence[str]) -> None:
        for name in part:
            with contextlib.suppress(TabbookError, OSError, SyntaxError):
                work(name)
        cache.save()

    run_in_parts(some, names)
    cache.reread(map(entry, names))


def run_in_fork(work: Callable[[], _T]) -> Callable[[], _T]:
    """Start ``work`` in a fork of this process; return a function that waits for it and returns its value.

    Without a core to spare, or where the fork goes wrong, that does the work itself.
    """
    if _usable_cores() < 2:
        return work
    import multiprocessing

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def send() -> None:
        sender.send(work())

    process = context.Process(target=_alone, args=(lambda _: send(), ()))
    process.start()
    sender.close()

    def wait() -> _T:
        try:
            value: _T = receiver.recv()
        except EOFError:
            return work()
        finally:
            process.join()
        return value

    return wait


def _fork(work: Callable[[Sequence[_T]], object], part: Sequence[_T]) -> "ForkProcess":
    import multiprocessing

    process = multiprocessing.get_context("fork").Process(target=_alone, args=(work, part))
    process.start()
    return process


def _alone(work: Callable[[Sequence[_T]], object], part: Sequence[_T]) -> None:
    gc.disable()  # it would copy what is shared, and the process ends soon
    # What goes wrong here the first process meets again, where it can be said.
    with contextlib.suppress(Exception, KeyboardInterrupt):
        work(part)


def _usable_cores() -> int:
    """Return how many processes to use: one where no fork is safe."""
    # Forks have a copy of what other threads hold, and not these; on macOS there are some always.
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return cores()
