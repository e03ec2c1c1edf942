"""The folder that an export goes to: which one may be, and what earlier exports left in it.

A list in the folder says what exports have written there, with a hash of each file. So an export of
the whole book can take away what it no longer has, and never a file of someone else.
"""

import contextlib
import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from tabbook.book import WORK_FOLDER, Book
from tabbook.export.write import cannot_write, write_all
from tabbook.files import read_json, write_atomic

LIST_FILE = ".tabbook-exports.json"
"""The file with the hash of each file that exports have written into the folder."""


def check_folder(book: Book, folder: Path) -> None:
    """Raise a usage error if ``folder`` is where the book itself lives."""
    place, root = folder.resolve(), book.root.resolve()
    own = {root / PurePosixPath(path).parent for path in book.files} - {root}
    own |= {book.library_folder.resolve(), root / WORK_FOLDER, root / ".git"}
    if place == root or any(place.is_relative_to(one) for one in own):
        raise cannot_write(folder, "the book itself is there")


def write_export(folder: Path, files: Mapping[str, bytes], complete: Collection[str] = ()) -> tuple[int, int]:
    """Write ``files`` below ``folder``; return how many are new or changed, and how many others went.

    ``complete`` names the parts of the folder of which ``files`` are everything: there, what earlier
    exports have written is removed, unless it was changed since.

    Raises:
        UsageError: The folder cannot be written. Nothing was.
    """
    known = _shared_book(folder)
    changed = write_all(folder, files)
    old_files = {name: digest for name, digest in known.items() if name not in files}
    gone = [name for name in old_files if _part(name) in complete and _is_ours(folder, name, old_files[name])]
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    kept = {name: digest for name, digest in old_files.items() if name not in gone}
    for name in gone:
        (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # until a folder has something else in it
            for parent in PurePosixPath(name).parents[:-1]:
                (folder / parent).rmdir()
    write_atomic(folder / LIST_FILE, json.dumps(kept | hashes, indent=1, sort_keys=True) + "\n")
    return changed, len(gone)


def _shared_book(folder: Path) -> dict[str, str]:
    found = read_json(folder / LIST_FILE)
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _part(name: str) -> str:
    """Return the framework, or other part of an export, that a file belongs to."""
    return name.split("/", 1)[0].removesuffix(".zip")


def _is_ours(folder: Path, name: str, digest: str) -> bool:
    """Say whether a file is as an export has left it, in this very folder."""
    path = folder / name
    try:
        inside = path.resolve().is_relative_to(folder.resolve()) and not path.is_symlink()
        return inside and hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False
