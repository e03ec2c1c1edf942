"""What a book has to do with stores: which keys it uses, and which it would take from elsewhere."""

from collections.abc import Iterable
from itertools import chain, combinations

from tabbook.book import Book
from tabbook.model import Section
from tabbook.plan import Job, accepted_devices, device_class, jobs
from tabbook.remote import PATIENCE, TIMEOUT, Pulled, pull
from tabbook.store import Store

DEVICES = ("cpu", "gpu")


def keys_of(job: Job) -> frozenset[str]:
    """Return every key under which outputs of ``job``, as it is now, may stand.

    That is: on any class of device, with any of its data files replaced.
    """
    names = tuple(job.data)
    missing = list(chain.from_iterable(combinations(names, size) for size in range(len(names) + 1)))
    return frozenset(job.key(device, some).digest for device in DEVICES for some in missing)


def used_keys(book: Book) -> frozenset[str]:
    """Return every key that the book, as it is now, may look up.

    Raises:
        TabbookError: A section cannot be projected: nobody knows then what it uses.
    """
    return frozenset(key for job in jobs(book) for key in keys_of(job))


def pull_outputs(
    book: Book,
    url: str,
    sections: Iterable[Section] | None = None,
    tabs: Iterable[str] | None = None,
    *,
    timeout: float = TIMEOUT,
    patience: float = PATIENCE,
) -> Pulled:
    """Take from the store at ``url`` what a run of these sections and tabs would execute.

    Raises:
        TabbookError: A section cannot be projected.
    """
    store, devices = Store(book.outputs), accepted_devices(device_class())
    wanted = []
    for job in jobs(book, sections, tabs):
        keys = [job.key(device).digest for device in devices]
        if not any(store.get(key) for key in keys):
            wanted.append(keys)
    return pull(url, store, wanted, timeout, patience)
