"""Exports on disk: all of one, or nothing."""

import contextlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

from tabbook.errors import UsageError, usage
from tabbook.files import write_atomic

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows


def cannot_write(folder: Path, why: str | OSError) -> UsageError:
    """Return the error for a folder that an export cannot be written to."""
    reason = why if isinstance(why, str) else (why.strerror or str(why)).lower()
    return usage(f"cannot write to {folder}: {reason}", "name another folder with --to")


def epoch() -> int:
    """Return the time that files state as theirs, in seconds: ``SOURCE_DATE_EPOCH``, or the start of 1980."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(given) if given.isdecimal() else 315532800


def zipped(
    files: Mapping[str, bytes], *, compress: bool = True, first: Mapping[str, bytes] | None = None
) -> bytes:
    """Return an archive of ``files``: equal files, equal bytes.

    Those of compressed ones may differ where another version of zlib made them. Files that must come
    ``first`` are not compressed.
    """
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, data in (first or {}).items():
            archive.writestr(_entry(name, compress=False), data)
        for name in sorted(files):
            archive.writestr(_entry(name, compress=compress), files[name])
    return memory.getvalue()


def _entry(name: str, *, compress: bool = True) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    entry.create_system = 3  # the same wherever it is made
    entry.external_attr = 0o644 << 16
    return entry


def zip_files(target: Path, files: Mapping[str, Path]) -> None:
    """Write an archive of files on disk, one in memory at a time: the bytes of :func:`zipped`.

    Raises:
        UsageError: It cannot be written. What was there is left.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted(files):
                archive.writestr(_entry(name), files[name].read_bytes())
        part.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise usage(f"cannot write {target}: {(error.strerror or str(error)).lower()}") from None


def archives(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return an archive of each framework's folder among ``files``, by its name beside the folder."""
    folders: dict[str, dict[str, bytes]] = {}
    for name, data in files.items():
        folder, _, rest = name.partition("/")
        folders.setdefault(folder, {})[rest] = data
    return {f"{folder}.zip": zipped(content) for folder, content in folders.items()}


def write_all(folder: Path, files: Mapping[str, bytes]) -> int:
    """Write ``files`` below ``folder``; return how many are new or changed.

    All are written beside their places first, and moved when every one is there: a full disk or a
    folder that cannot be written leaves everything as it was. Other files are left alone.

    Raises:
        UsageError: The folder cannot be written. Nothing was.
    """
    made = next(parent for parent in (folder, *folder.parents) if parent.exists())
    staged: Path | None = None
    try:
        changed = {name: data for name, data in files.items() if _differs(folder / name, data)}
        folder.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(dir=folder, prefix=".tabbook-"))
        for name, data in changed.items():
            _check_place(folder, name)
            write_atomic(staged / name, data)
        for name in changed:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged / name, folder / name)  # noqa: PTH105 - Path.replace says the same at length
    except OSError as error:
        _remove_empty(folder, made, staged)
        raise cannot_write(folder, error) from None
    shutil.rmtree(staged, ignore_errors=True)
    return len(changed)


def remove_others(folder: Path, files: Collection[str]) -> None:
    """Remove what is below ``folder``, which is ours alone, and not among ``files``."""
    wanted = {folder / name for name in files}
    for path in sorted(folder.rglob("*"), reverse=True):  # what is inside comes before its folder
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):
                path.rmdir()  # not if anything is left in it
        elif path not in wanted:
            path.unlink(missing_ok=True)  # another build may have removed it


def _differs(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() != data
    except FileNotFoundError:
        return True


def _check_place(folder: Path, name: str) -> None:
    """Raise where something is in the way of a file."""
    path = folder / name
    if path.is_dir():
        raise IsADirectoryError(None, f"{name} is a folder")
    for parent in path.relative_to(folder).parents:
        if (folder / parent).exists() and not (folder / parent).is_dir():
            raise NotADirectoryError(None, f"{parent} is a file")


def _remove_empty(folder: Path, made: Path, staged: Path | None) -> None:
    """Remove what an export that failed has begun: its staged files, and folders of its own."""
    if staged is not None:
        shutil.rmtree(staged, ignore_errors=True)
    while folder not in (made, folder.parent):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
