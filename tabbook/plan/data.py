"""The data files that jobs read: found on this machine, downloaded or made, and always checked.

A file counts only if its SHA-1 is the declared one. It is looked for in ``$D2L_DATA``, then in
the user's cache; then it is downloaded into the cache, or a script of the book makes it there.
"""

import contextlib
import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tabbook.config import DataFile
from tabbook.files import open_file, write_atomic
from tabbook.urls import file_system, read_parts, reason

CONNECT_SECONDS = 20
"""How long a server may keep silent before a download is given up."""

DOWNLOAD_RETRY_SECONDS = 900.0
"""Seconds for which a download that failed is not tried again."""

SCRIPT_SECONDS = 600.0
"""Seconds that a script may take to make a data file."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Which data files can be had, and where; which cannot, and why."""

    paths: Mapping[str, Path] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of the user's cache that data files are downloaded into."""
    variables = os.environ if environ is None else environ
    base = variables.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "d2l"


def search_folders(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Return the folders that may hold data files, in the order in which they are asked."""
    variables = os.environ if environ is None else environ
    named = variables.get("D2L_DATA")
    return (*((Path(named),) if named else ()), cache_folder(variables))


def sha1(path: Path) -> str:
    """Return the SHA-1 of a file in hexadecimal digits.

    Raises:
        OSError: It cannot be read, or is no file.
    """
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def find(name: str, declared: DataFile, folders: Iterable[Path]) -> Path | None:
    """Return the first file called ``name`` in ``folders`` that is what it must be, if any.

    One that is not is logged as a warning and passed over.
    """
    for folder in folders:
        path = folder / name
        try:
            if sha1(path) == declared.sha1:
                return path.resolve()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            _log.warning("cannot read the data file %s: %s", path, error)
            continue
        _log.warning("%s is not the file that the book declares (its SHA-1 differs); it is not used", path)
    return None


@contextlib.contextmanager
def _checked(target: Path, declared: DataFile) -> Iterator[Path]:
    """Give a path for the content of a data file, which becomes ``target`` if it has the declared SHA-1.

    Nothing appears under its name before, and nothing else is left behind.

    Raises:
        OSError: It cannot be written, or has another SHA-1.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    try:
        yield Path(name)
        if (found := sha1(Path(name))) != declared.sha1:
            raise OSError(f"it is not the declared file: its SHA-1 is {found}")
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def download(name: str, declared: DataFile, folder: Path, seconds: float = CONNECT_SECONDS) -> Path:
    """Download a data file into ``folder``, from the first address that has it; return where it is.

    Raises:
        OSError: No address has it, or it cannot be written; the error says why, for each address.
    """
    reasons = []
    for url in declared.url:
        try:
            with _checked(folder / name, declared) as path, path.open("wb") as file:
                for part in read_parts(*file_system(url, silence=seconds, is_raw=True)):
                    file.write(part)
        except Exception as error:  # file systems raise whatever they like
            reasons.append(f"{url}: {reason(error)}")
        else:
            return (folder / name).resolve()
    raise OSError("; ".join(reasons))


def make(name: str, declared: DataFile, folder: Path, root: Path, seconds: float = SCRIPT_SECONDS) -> Path:
    """Let the script of a data file, in the book in ``root``, write it into ``folder``; return where it is.

    The script sees none of Python's variables, so that they cannot change what it makes.

    Raises:
        OSError: The script fails or takes too long, or what it wrote is not what it must be.
    """
    assert declared.script
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        with _checked(folder / name, declared) as path:
            done = subprocess.run(
                [sys.executable, declared.script, str(path)],
                cwd=root,
                env=env | {"PYTHONHASHSEED": "0"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
            if done.returncode:
                lines = done.stdout.decode(errors="replace").strip().splitlines()
                raise OSError(lines[-1] if lines else f"it ended with status {done.returncode}")
    except subprocess.TimeoutExpired:
        raise OSError(f"{declared.script}: it took more than {seconds:g} s") from None
    except OSError as error:
        raise OSError(f"{declared.script}: {reason(error)}") from None
    return (folder / name).resolve()


def _note(notes: Path, declared: DataFile) -> Path:
    return notes / hashlib.sha256(" ".join(declared.url).encode()).hexdigest()[:16]


def _failed_lately(notes: Path | None, declared: DataFile) -> str:
    """Return when and why a download failed, if that was not long ago and ``notes`` has it."""
    if notes is None:
        return ""
    try:
        ago = time.time() - _note(notes, declared).stat().st_mtime
        why = _note(notes, declared).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    return (
        f"failed {ago / 60:.0f} min ago: {why}; tabbook run --retry asks again"
        if 0 <= ago < DOWNLOAD_RETRY_SECONDS
        else ""
    )


def find_all(
    declared: Mapping[str, DataFile],
    names: Iterable[str],
    *,
    fetch: bool,
    seconds: float = CONNECT_SECONDS,
    notes: Path | None = None,
    retry: bool = False,
    root: Path = Path(),
) -> DataFiles:
    """Return which of ``names`` can be had; with ``fetch``, download or make those that are not here.

    Args:
        declared: The book's data files, by name; it has all of ``names``.
        names: The files that are wanted.
        fetch: Whether files may be downloaded and made, which is done side by side.
        seconds: How long a server may keep silent.
        notes: A folder with notes on downloads that failed: what failed in the last minutes
            is not tried again, so that a server that does not answer costs its time once.
        retry: Try it again nevertheless.
        root: The folder of the book, which has the scripts.
    """
    folders = search_folders()
    local = {name: find(name, declared[name], folders) for name in dict.fromkeys(names)}
    paths = {name: path for name, path in local.items() if path is not None}
    missing = {name: f"not in {' or '.join(map(str, folders))}" for name in local if name not in paths}
    if not fetch or not missing:
        return DataFiles(paths, missing)

    def attempt(name: str) -> Path | str:
        if declared[name].script:
            try:
                return make(name, declared[name], cache_folder(), root)
            except OSError as error:
                return f"its script failed: {error}"
        failed = "" if retry else _failed_lately(notes, declared[name])
        return f"the download {failed}" if failed else _attempt(name, declared[name], seconds, notes)

    with ThreadPoolExecutor(len(missing)) as pool:
        answers = dict(zip(missing, pool.map(attempt, list(missing)), strict=True))
    paths |= {name: answer for name, answer in answers.items() if isinstance(answer, Path)}
    return DataFiles(
        paths,
        {
            name: f"{missing[name]}, and {answer}"
            for name, answer in answers.items()
            if isinstance(answer, str)
        },
    )


def _attempt(name: str, declared: DataFile, seconds: float, notes: Path | None) -> Path | str:
    """Download a data file and return where it is; or why that failed, which is noted for later runs."""
    try:
        return download(name, declared, cache_folder(), seconds)
    except OSError as error:
        if notes is not None:
            with contextlib.suppress(OSError):
                write_atomic(_note(notes, declared), str(error))
                os.utime(_note(notes, declared))
        return f"the download failed: {error}"
