"""The files that a section declares: what its code reads, imports or runs from beside it.

Their names are paths as the code says them: relative to the section's folder, with forward slashes.
A folder means all files in it.
"""

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path

from tabbook.errors import Fault, ReadError
from tabbook.files import open_file
from tabbook.model import Section

_GENERATED_FOLDERS = (".tabbook", "_build")


def name_fault(name: str, section: str) -> tuple[str, str] | None:
    """Return message and hint for a name that the section in the file ``section`` may not declare."""
    if not name.strip() or name.startswith(("/", "~")) or "\\" in name or name[1:2] == ":":
        return f"{name!r} is not a relative path", "write it as seen from the section's folder, with '/'"
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(section), name))
    if inside.split("/")[0] == "..":
        return f"{name!r} is outside the book", "copy it into the book"
    if inside.split("/")[0] in _GENERATED_FOLDERS:
        return f"{name!r} is in a folder that tabbook writes", "declare files of your own"
    if inside == "." or f"{section}/".startswith(f"{inside}/"):
        return f"{name!r} contains the section itself", "name the files, or a folder of their own"
    return None


def declared_files(root: Path, section: Section) -> dict[str, Path]:
    """Return the files that ``section`` of the book in ``root`` declares, by name.

    Raises:
        ReadError: Files are missing, cannot be read, or are outside of the book.
    """
    folder, book = (root / section.path).parent, root.resolve()
    files, faults = dict[str, Path](), list[Fault]()
    for declared, line in section.files.items():
        names = sorted(_names(folder, declared)) or [declared]
        for name in names:
            files[name] = folder / name
            if problem := _problem(files[name], book):
                faults.append(Fault(section.path, line, f"the file {name!r} {problem[0]}", problem[1]))
    if faults:
        raise ReadError(faults)
    return files


def _names(folder: Path, declared: str) -> Iterator[str]:
    """Yield the names of the files in a declared folder; hidden ones and Python's caches are left out."""
    for inside, folders, files in os.walk(folder / declared):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        place = Path(inside).relative_to(folder / declared).as_posix()
        yield from (
            posixpath.normpath(posixpath.join(declared, place, name))
            for name in files
            if not name.startswith(".")
        )


def _problem(path: Path, book: Path) -> tuple[str, str] | None:
    """Return what is wrong with a file, and what to do about it."""
    try:
        open_file(path).close()
        if not path.resolve().is_relative_to(book):
            return "is a link to a place outside the book", "copy it into the book"
    except FileNotFoundError:
        return "does not exist", "add it, or correct 'files' in the front matter"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}", "declare a file, or a folder that is not empty"
    return None
