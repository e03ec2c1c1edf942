"""The part of a check that needs Sphinx: begun early, beside the core's, and skipped where nothing changed.

The core does not import the renderer, which may be missing: it is asked for by name.
"""

import contextlib
import importlib
import importlib.util
import json
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tabbook.book import Book
from tabbook.cache import source_hash
from tabbook.errors import Fault
from tabbook.files import read_file, read_json, write_atomic
from tabbook.keys.key import sha256
from tabbook.lazy_imports import lazy_classes
from tabbook.parallel import run_in_fork

RENDERER = "tabbook.render.check"
"""The module whose ``check_pages(book)`` returns faults, and the files that they come from."""
_NEEDS = ("sphinx", "myst_nb", "sphinx_external_toc", "sphinx_book_theme")
_CACHE_FILE = "check/pages.json"


def begin_pages(book: Book) -> Callable[[], list[Fault] | None]:
    """Begin to check the pages; return what waits for it and returns their faults.

    That is ``None`` where the packages are missing that pages need. What the last check found is
    found again, without Sphinx, where no file changed that it looked at.
    """
    known = _cached_faults(book)
    if known is not None:
        return lambda: known
    if not all(importlib.util.find_spec(name) for name in _NEEDS):
        return lambda: None
    return run_in_fork(lambda: _check(book))


def _check(book: Book) -> list[Fault]:
    began = time.time()
    with lazy_classes():
        check_pages = importlib.import_module(RENDERER).check_pages
    faults, files = check_pages(book)
    page_faults: list[Fault] = faults
    if files and all(_modified(book.root / path) < began for path in files):
        data = {
            "made_by": packages_stamp(),
            "files": _hashes(book, files),
            "faults": [[fault.path, fault.line, fault.message, fault.hint] for fault in page_faults],
        }
        with contextlib.suppress(OSError):  # the next check asks Sphinx, then
            write_atomic(book.work / _CACHE_FILE, json.dumps(data, sort_keys=True))
    return page_faults


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0


def _cached_faults(book: Book) -> list[Fault] | None:
    """Return what the last check found, if nothing changed that it depends on."""
    data = read_json(book.work / _CACHE_FILE)
    try:
        if data["made_by"] == packages_stamp() and data["files"] == _hashes(book, data["files"]):
            return [Fault(*fault) for fault in data["faults"]]
    except (KeyError, TypeError, AttributeError):  # there is none, or it was not written by us
        pass
    return None


def _hashes(book: Book, files: Iterable[str]) -> dict[str, str]:
    """Return the hash of each file by its path; empty for one that cannot be read."""
    hashes = {}
    for name in files:
        try:
            hashes[name] = sha256(read_file(book.root / name))
        except OSError:
            hashes[name] = ""
    return hashes


def packages_stamp() -> str:
    """Return what says that the packages are the same: installing one changes their folder."""
    folders = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    return f"{sys.version} {source_hash()} {[Path(folder).stat().st_mtime_ns for folder in folders]}"
