"""What a book has to do with stores: which keys it uses, and which it would take from elsewhere."""

import shutil
from collections.abc import Iterable
from itertools import chain, combinations
from pathlib import Path

from tabbook.book import Book
from tabbook.library import generate
from tabbook.model import Section
from tabbook.plan import Job, accepted_devices, device_class, jobs
from tabbook.store import Store, entry_path
from tabbook.store.remote import PATIENCE, TIMEOUT, Pulled, pull

DEVICES = ("cpu", "gpu")
PUBLISHED = "_outputs"
"""The folder of the site that is a store, too: with the outputs that the pages show."""


def keys_of(job: Job) -> frozenset[str]:
    """Return every key under which outputs of ``job``, as it is now, may stand.

    That is: on any class of device, with any of its data files replaced.
    """
    names = tuple(job.data)
    missing = list(chain.from_iterable(combinations(names, size) for size in range(len(names) + 1)))
    return frozenset(job.key(device, some).digest for device in DEVICES for some in missing)


def used_keys(book: Book) -> frozenset[str]:
    """Return every key that the book, as it is now, may look up.

    That is: with the library as it is on disk, and as its sources say that it should be.

    Raises:
        TabbookError: A section cannot be projected: nobody knows then what it uses.
    """
    planned = chain(jobs(book), jobs(book, library_texts=generate(book)))
    return frozenset(key for job in planned for key in keys_of(job))


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


def publish(store: Store, keys: Iterable[str], folder: Path) -> None:
    """Make ``folder`` a store with the entries of ``keys`` that ``store`` has, and no others.

    Raises:
        OSError: It cannot be written.
    """
    wanted = {folder / entry_path(key): store.path(key) for key in keys}
    for target, source in wanted.items():
        try:
            state = source.stat()
        except FileNotFoundError:
            continue
        if target.exists():
            there = target.stat()
            if (there.st_size, there.st_mtime_ns) == (state.st_size, state.st_mtime_ns):
                continue
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        shutil.copy2(source, part)
        part.replace(target)
    for path in folder.glob("[0-9a-f][0-9a-f]/*.json"):
        if path not in wanted:
            path.unlink()
