"""Generated modules imported where they will be used, before they replace those on disk."""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tabbook.book import Book
from tabbook.environ import passed_on
from tabbook.errors import ExtractError, Fault
from tabbook.files import write_atomic
from tabbook.library.faults import Places

_IMPORT_SECONDS = 300
_SCRIPT = """
import faulthandler, traceback
faulthandler.dump_traceback_later({seconds}, exit=True)
try:
    from {module} import *
except BaseException:
    traceback.print_exc()
    raise SystemExit(1)
faulthandler.cancel_dump_traceback_later()
"""
"""A star import also proves that every name of ``__all__`` is there."""


def check_imports(
    book: Book, texts: Mapping[str, str], preambles: Mapping[str, str], tabs: Sequence[str]
) -> None:
    """Import each tab's module, from a copy of the library, in the tab's environment.

    Raises:
        ExtractError: Some cannot be imported; each fault says where and why.
    """
    faults = []
    with tempfile.TemporaryDirectory(prefix="tabbook-lib-") as folder:
        for path, text in texts.items():
            write_atomic(Path(folder) / (book.root / path).relative_to(book.library_folder), text)
        running = {tab: _start(book, tab, Path(folder)) for tab in tabs}
        for tab, process in running.items():
            try:
                _, errors = process.communicate(timeout=2 * _IMPORT_SECONDS)
            except subprocess.TimeoutExpired:  # not even the process's own clock ended it
                process.kill()
                errors = process.communicate()[1]
            if process.returncode:
                faults.append(_fault(Places(book, tab, preambles[tab]), errors, Path(folder)))
    if faults:
        raise ExtractError(faults)


def _start(book: Book, tab: str, folder: Path) -> "subprocess.Popen[str]":
    framework = book.settings.tabs[tab]
    module = f"{book.settings.library.package}.{framework.module}"
    script = _SCRIPT.format(module=module, seconds=_IMPORT_SECONDS)
    return subprocess.Popen(
        [book.python(tab), "-W", "ignore", "-X", "faulthandler", "-c", script],
        cwd=folder,
        env={
            **passed_on(os.environ, framework.passed(tab)),
            "HOME": str(folder),
            "PYTHONPATH": str(folder),
            "MPLBACKEND": "agg",
            **framework.environ(folder),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _fault(places: Places, errors: str, folder: Path) -> Fault:
    """Return what the traceback of an import, or of a crash, says."""
    book, tab = places.book, places.tab
    file = folder / book.library_file(tab).relative_to(book.library_folder)
    lines = [int(line) for line in re.findall(rf'File "{re.escape(str(file))}", line (\d+)', errors)]
    is_dump = "(most recent call first)" in errors
    reason = _reason(errors).replace(str(folder), book.settings.library.path)
    words = re.findall(r"\w+", reason)
    place = places.of(lines[0 if is_dump else -1], words) if lines else places.whole
    message = f"{place.what} cannot be imported in the {tab} environment: {reason}"
    return Fault(place.path, place.line, message)


def _reason(errors: str) -> str:
    """Return the line that says what happened: below the last frame of a traceback, the first one."""
    lines = errors.strip().splitlines() or ["no message"]
    if any(line.startswith("Timeout (") for line in lines):
        return f"it took more than {_IMPORT_SECONDS} s"
    if fatal := next((line for line in lines if line.startswith("Fatal Python error")), ""):
        return fatal
    last = max(
        (number for number, line in enumerate(lines) if line.startswith('  File "')), default=len(lines)
    )
    return next((line for line in lines[last:] if line and not line[0].isspace()), lines[-1]).strip()
