"""One environment per framework: their packages conflict, so they never share one."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tabbook import pythons
from tabbook.book import Book
from tabbook.config import CONFIG_FILE
from tabbook.errors import Fault
from tabbook.files import write_atomic

__all__ = ["EnvironmentState", "make", "state"]

STAMP_FILE = "tabbook-requirements.sha256"
SOURCE_FILE = "tabbook-requirements.txt"
"""What an environment was made from, for machines that have the environment but not the book."""
_PYTHON = "# python "
_REASON_LINES = 15


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """The state of a framework's environment; ``reason`` says why it failed."""

    tab: str
    status: Literal["ready", "made", "failed", "missing", "outdated", "unused"]
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether jobs can run in it."""
        return self.status in ("ready", "made")


def fingerprint(book: Book, tab: str) -> str:
    """Return the hash of all that an environment is made from."""
    text = book.requirements(tab).read_bytes()
    return hashlib.sha256(text + f"\npython {book.python_version(tab)}".encode()).hexdigest()


def state(book: Book, tab: str) -> EnvironmentState:
    """Return whether the environment of ``tab`` is there and made from today's requirements."""
    if not book.requirements(tab).is_file():
        path = book.requirements(tab).relative_to(book.root)
        return EnvironmentState(tab, "failed", f"{path} does not exist")
    stamp = book.venv(tab) / STAMP_FILE
    if not stamp.is_file() or not book.python(tab).exists():
        return EnvironmentState(tab, "missing", _failed_before(book, tab) or "run tabbook env make")
    if has_other := _other_python(book, tab):
        return EnvironmentState(tab, "outdated", _failed_before(book, tab) or has_other)
    if stamp.read_text(encoding="utf-8") != fingerprint(book, tab):
        changed = book.settings.tabs[tab].requirements
        return EnvironmentState(tab, "outdated", f"{changed} changed: run tabbook env make")
    return EnvironmentState(tab, "ready")


def unused(book: Book) -> tuple[EnvironmentState, ...]:
    """Return the environments of tabs that the book no longer has: they take space, and nothing else."""
    names = sorted(path.parent.name for path in (book.work / "environments").glob(f"*/{STAMP_FILE}"))
    reason = "no tab of the book has this name: remove the folder"
    return tuple(EnvironmentState(name, "unused", reason) for name in names if name not in book.settings.tabs)


def make(book: Book, tab: str, *, force: bool = False) -> EnvironmentState:
    """Make the environment of ``tab`` unless it is up to date; return its state.

    A failure is a state, not an exception, so that the other frameworks go on. Requirements
    that changed are synchronised in place; for another Python it is made again from nothing, and so
    is an environment whose making was interrupted: the stamp is written last.
    """
    before = state(book, tab)
    if before.status == "ready" and not force:
        _copy_tab_module(book, tab)
        _write_source(book, tab)
        return before
    if before.status == "failed":
        return before
    write_atomic(book.work / ".gitignore", "*\n")
    in_place = before.status == "outdated" and not force and not _other_python(book, tab)
    stamp, note = fingerprint(book, tab), _note_of_failure(book, tab)
    if reason := _install(book, tab, in_place=in_place):
        write_atomic(note, f"{stamp}\n{reason}")
        return EnvironmentState(tab, "failed", reason)
    note.unlink(missing_ok=True)
    _copy_tab_module(book, tab)
    _write_source(book, tab)
    write_atomic(book.venv(tab) / STAMP_FILE, stamp)
    return EnvironmentState(tab, "made")


def _install(book: Book, tab: str, *, in_place: bool) -> str:
    """Install the packages of ``tab`` into its environment, or into a new one; return why that failed."""
    folder, variables = book.venv(tab), uv_variables(os.environ)
    # Not `sync`, which leaves out what the file does not list: PyTorch's build for a GPU, say, needs
    # packages that the build for CPUs, which was pinned, does not.
    # Compiled now: the jobs may not write here.
    options = ("--exact", "--compile-bytecode", "--quiet", "--python", str(book.python(tab)))
    commands = [[*pythons.UV, "pip", "install", *options, "-r", str(book.requirements(tab))]]
    if in_place:
        (folder / STAMP_FILE).unlink()  # while packages change, the environment does not count as made
    else:
        python = pythons.find(book.python_version(tab), variables)
        if python is None:
            return str(_no_python(book, tab))
        shutil.rmtree(folder, ignore_errors=True)
        commands.insert(0, [*pythons.UV, "venv", "--quiet", "--python", python, str(folder)])
    for command in commands:
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            return _tail(done.stderr or done.stdout)
    return ""


def _note_of_failure(book: Book, tab: str) -> Path:
    """Return the file that says why the environment of ``tab`` could not be made, if it could not."""
    return book.work / "environments-failed" / f"{tab}.txt"


def _failed_before(book: Book, tab: str) -> str:
    """Return why the environment of ``tab`` could not be made from what it would be made from now."""
    try:
        stamp, reason = _note_of_failure(book, tab).read_text(encoding="utf-8").split("\n", 1)
    except (OSError, ValueError):
        return ""
    return f"{reason}\ntabbook env make tries again" if stamp == fingerprint(book, tab) else ""


def _no_python(book: Book, tab: str) -> Fault:
    version = book.python_version(tab)
    message = (
        f"the tab {tab} needs Python {version}, and none was found"
        " (on PATH, among pyenv's versions or uv's own)"
    )
    hint = f"install it, or let uv fetch it: uv python install {version}"
    return Fault(CONFIG_FILE, book.settings_line("tabs", tab, "python"), message, hint)


def _other_python(book: Book, tab: str) -> str:
    """Return why the Python of an environment is not the one that its tab needs; empty if it is."""
    wanted, has = book.python_version(tab), _python_of(book.venv(tab))
    if has in (None, wanted):
        return ""
    return f"it has Python {has}, and the tab needs {wanted}: run tabbook env make"


def _python_of(folder: Path) -> str | None:
    """Return the version of Python that the environment in ``folder`` has, if that is known."""
    try:
        text = (folder / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return None
    match = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", text, re.MULTILINE)
    return match and match[1]


def uv_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for uv: it takes pip's settings for where packages come from.

    uv reads none of pip's variables by itself, so a mirror or a folder of wheels that pip
    knows would be passed over.
    """
    result = {name: value for name, value in environ.items() if name != "VIRTUAL_ENV"}
    for ours, pips in (
        ("UV_FIND_LINKS", "PIP_FIND_LINKS"),
        ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"),
        ("UV_INDEX", "PIP_EXTRA_INDEX_URL"),
    ):
        if pips in environ and ours not in environ:
            # pip separates by blanks, uv by commas (UV_INDEX by blanks).
            separator = " " if ours == "UV_INDEX" else ","
            result[ours] = separator.join(environ[pips].split())
    return result


@dataclass(frozen=True, slots=True)
class VenvSource:
    """What an environment was made from: a version of Python, and the text of the requirements."""

    python: str
    requirements: str


def source_of(folder: Path) -> VenvSource | None:
    """Return what the environment in ``folder`` was made from, if that is known."""
    try:
        python, requirements = (folder / SOURCE_FILE).read_text(encoding="utf-8").split("\n", 1)
    except (OSError, ValueError):
        return None
    return VenvSource(python.removeprefix(_PYTHON), requirements)


def _write_source(book: Book, tab: str) -> None:
    text = book.requirements(tab).read_text(encoding="utf-8")
    write_atomic(book.venv(tab) / SOURCE_FILE, f"{_PYTHON}{book.python_version(tab)}\n{text}")


def _copy_tab_module(book: Book, tab: str) -> None:
    """Let the environment's kernels import ``tabbook.tab``: a copy, as its own package needs nothing."""
    source = Path(__file__).parent
    target = next(book.venv(tab).glob("lib/python*/site-packages"), None)
    target = target or book.venv(tab) / "Lib" / "site-packages"
    for name in ("__init__.py", "tab.py"):
        if (source / name).is_file():
            write_atomic(target / "tabbook" / name, (source / name).read_bytes())


def _tail(text: str) -> str:
    lines = [line.rstrip() for line in text.strip().splitlines() if line.strip()]
    return "\n".join(lines[-_REASON_LINES:]) or "uv gave no reason"
