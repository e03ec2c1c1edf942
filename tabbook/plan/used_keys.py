"""Which keys a book uses, and which it would take from a remote store."""

import shutil
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from tabbook.book import Book
from tabbook.library.generator import generate
from tabbook.model import Section
from tabbook.plan import data as data_files
from tabbook.plan.outputs import StoredOutputs, accepted_keys, stored_result
from tabbook.plan.planner import device_class, jobs
from tabbook.store.local import Store, entry_path
from tabbook.store.remote import PULL_SECONDS, REQUEST_SECONDS, Pulled, pull

SITE_STORE = "_outputs"
"""The folder of the site that is a store, too: with the outputs that the pages show."""


def used_keys(book: Book) -> frozenset[str]:
    """Return every key that the book, as it is now, may look up.

    That is: with the library as it is on disk, and as its sources say that it should be.

    Raises:
        TabbookError: A section cannot be projected, so what it uses is unknown.
    """
    planned = chain(jobs(book), jobs(book, library_texts=generate(book)))
    outputs = StoredOutputs(Store(book.outputs))
    return frozenset(key for job in planned for key in outputs.keys(job))


def pull_outputs(
    book: Book,
    url: str,
    sections: Iterable[Section] | None = None,
    tabs: Iterable[str] | None = None,
    *,
    timeout: float = REQUEST_SECONDS,
    total_timeout: float = PULL_SECONDS,
) -> Pulled:
    """Take from the store at ``url`` what a run of these sections and tabs would execute.

    Where this machine lacks data files, outputs that were made without them are taken, too, if there
    are none that were made with them.

    Raises:
        TabbookError: A section cannot be projected.
    """
    store, device = Store(book.outputs), device_class()
    lacking = [job for job in jobs(book, sections, tabs) if stored_result(store, job, device) is None]
    names = (name for job in lacking for name in job.data)
    data = data_files.find_all(book.settings.data, names, fetch=False)
    wanted = []
    for job in lacking:
        keys = [*accepted_keys(job, device)]
        missing = [name for name in job.data if name in data.missing]
        if missing and stored_result(store, job, device, missing) is None:
            keys += accepted_keys(job, device, missing)
        wanted.append(keys)
    return pull(url, store, wanted, timeout, total_timeout)


def copy_entries(store: Store, keys: Iterable[str], folder: Path) -> None:
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
