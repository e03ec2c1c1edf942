"""What there is to run: each section's job per framework, and its key.

Planning needs no network, no kernel and no environment: the key is made from texts alone.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

from tabbook.book import Book
from tabbook.cache import Cache, CachedValues
from tabbook.code import CodeError
from tabbook.declared_files import declared_files
from tabbook.errors import ExecuteError, Fault, TabbookError
from tabbook.files import read_file, state_of
from tabbook.keys import key as keys
from tabbook.keys.closure import LibraryIndex
from tabbook.keys.uses import NOTHING, Uses, cells_use, file_uses
from tabbook.model import JobName, Projection, Section
from tabbook.parallel import share_values

__all__ = ["Job", "device_class", "job", "jobs"]

_T = TypeVar("_T")
_MIN_PARALLEL_CHARACTERS = 200_000
"""How many characters of new modules are worth another process."""


@dataclass(frozen=True, slots=True)
class Job:
    """A section's code in one framework, and all but the device and the data of its key."""

    section: Section
    tab: str
    projection: Projection
    requirements: tuple[str, ...]
    library_hashes: Mapping[str, str]
    data: Mapping[str, str]
    whole_because: str = ""
    """Why the job may use all of the library; empty where its symbols are known."""
    cells: Sequence[Mapping[str, Any]] | None = None
    """What the key's record says of the code cells."""
    python: str | None = None
    """The version of Python that the tab names, if it names one."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each file that the section declares, by name."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The environment variables that the tab sets and that may change outputs."""

    def key(self, device: str, missing: Iterable[str] = ()) -> keys.Key:
        """Return the job's key on ``device`` if the data files ``missing`` are not available."""
        absent = set(missing)
        data = {name: keys.STAND_IN if name in absent else sha1 for name, sha1 in self.data.items()}
        return keys.job_key(
            self.projection,
            requirements=self.requirements,
            device=device,
            data=data,
            library_hashes=self.library_hashes,
            whole_because=self.whole_because,
            cells=self.cells,
            python=self.python,
            files=self.files,
            variables=self.variables,
        )

    @property
    def name(self) -> JobName:
        """The job's section and tab."""
        return JobName(self.section.path, self.tab)


@cache
def device_class() -> str:
    """Return ``gpu`` if this machine has one that frameworks can use, else ``cpu``.

    ``TABBOOK_DEVICE`` overrides what is found.
    """
    named = os.environ.get("TABBOOK_DEVICE")
    if named:
        return named
    tool = shutil.which("nvidia-smi")
    if tool is None or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return "cpu"
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "cpu"
    return "gpu" if listed.returncode == 0 and "GPU " in listed.stdout else "cpu"


def _cached(book: Book, path: Path, read: Callable[[str], _T], absent: _T) -> _T:
    """Return ``read(text)`` of a file of the book, computed again only when the file changes.

    Raises:
        ConfigError: It is there and cannot be read.
    """
    try:
        return cast(_T, _read(path, read, *state_of(path)))
    except FileNotFoundError:
        return absent
    except (OSError, UnicodeDecodeError) as error:
        raise book.unreadable(path, error) from None


@lru_cache(maxsize=64)
def _read(path: Path, read: Callable[[str], object], *_state: int) -> object:
    return read(read_file(path).decode())


@lru_cache(maxsize=256)
def _file(path: Path, name: str, package: str, module: str, *_state: int) -> tuple[str, Uses]:
    """Return the SHA-256 of a declared file, and what it uses of the library."""
    data = read_file(path)
    return keys.sha256(data), file_uses(name, data, package, module)


def _files(book: Book, section: Section, tab: str) -> tuple[dict[str, str], Uses]:
    """Return the SHA-256 of each file that ``section`` declares, and what these use of the library.

    Raises:
        ReadError: Some are missing, or cannot be read.
    """
    package, module = book.settings.library.package, book.settings.tabs[tab].module
    digests, uses = dict[str, str](), NOTHING
    for name, path in declared_files(book.root, section).items():
        digests[name], uses_of_file = _file(path, name, package, module, *state_of(path))
        uses |= uses_of_file
    return digests, uses


@lru_cache(maxsize=32)
def _index(cache: Cache, tab: str, text: str, package: str) -> LibraryIndex:
    """Return the symbols of the library for ``tab``; ``cache`` may have them from earlier commands."""

    def make() -> LibraryIndex:
        try:
            return LibraryIndex(text, package)
        except CodeError:  # edited by hand, or half a merge: what it holds counts as a whole
            return LibraryIndex(f"broken = {keys.sha256(text)!r}", package)

    return _index_entry(cache, tab, text).get("index", make)


def _index_entry(cache: Cache, tab: str, text: str) -> CachedValues:
    return cache.entry(_index_name(tab), text.encode())


def _index_name(tab: str) -> str:
    return f"(library of {tab})"


def _share_indexes(book: Book, texts: Mapping[str, str] | None) -> None:
    """Let all cores find the symbols of the library, if it is large and new."""
    modules = {tab: _library_text(book, tab, texts) for tab in book.settings.tabs}
    new = [tab for tab in modules if not _index_entry(book.cache, tab, modules[tab]).knows("index")]
    package = book.settings.library.package
    if sum(len(modules[tab]) for tab in new) >= _MIN_PARALLEL_CHARACTERS:
        share_values(book.cache, lambda tab: _index(book.cache, tab, modules[tab], package), new, _index_name)


@lru_cache(maxsize=32)
def _whole_hash(text: str) -> str:
    return keys.sha256(keys.library_code(text))


def _library_text(book: Book, tab: str, texts: Mapping[str, str] | None) -> str:
    if texts is not None:
        return texts.get(book.library_path(tab), "")
    return _cached(book, book.library_file(tab), str, "")


def prepare(book: Book) -> None:
    """Work out on all cores what `jobs` needs of the sections, where it is new; see `Book.prepare`."""

    def work(section: Section) -> None:
        for tab in section.tabs:
            projection = book.project(section, tab)
            _uses(book, projection)
            _cell_parts(book, projection)

    book.prepare("jobs", work)


def _uses(book: Book, projection: Projection) -> Uses:
    package, module = book.settings.library.package, book.settings.tabs[projection.tab].module

    def find() -> Uses:
        return cells_use([cell.source for cell in projection.code_cells], package, module)

    return book.cached_value(projection.section, f"uses {projection.tab}", find)


def _cell_parts(book: Book, projection: Projection) -> Sequence[Mapping[str, Any]]:
    parts = partial(keys.cell_parts, projection)
    return book.cached_value(projection.section, f"parts {projection.tab}", parts)


def library_part(
    book: Book,
    projection: Projection,
    texts: Mapping[str, str] | None = None,
    more: Uses = NOTHING,
) -> tuple[dict[str, str], str]:
    """Return the hashes of the library's code that a job can run, and why that is all of it, if it is.

    ``texts`` are the library's files by path, if they are not to be those on disk. ``more`` is what
    the job uses besides what its cells do.
    """
    package, about = book.settings.library.package, book.settings.tabs
    used = _uses(book, projection) | more
    if not used:
        return {}, ""
    index = _index(book.cache, projection.tab, _library_text(book, projection.tab, texts), package)
    hashes, reached = index.hashes(used), index.closure(used)
    if reached.others:
        for tab in about:
            if tab != projection.tab:
                other = _library_text(book, tab, texts)
                hashes[f"{package}.{about[tab].module}"] = _whole_hash(other)
    return hashes, reached.whole_because


def job(book: Book, section: Section, tab: str, library_texts: Mapping[str, str] | None = None) -> Job | None:
    """Return the job of ``section`` in ``tab``; ``None`` if it has no code to run there.

    ``library_texts`` are the library's files by path, if they are not to be those on disk.

    Raises:
        TabbookError: The section cannot be projected, names a data file that the book lacks, or
            declares a file that is not there; or a file that the key depends on cannot be read.
    """
    if tab not in section.tabs:
        return None
    projection = book.project(section, tab)
    if not any(cell.source.strip() for cell in projection.code_cells):
        return None
    unknown = [name for name in section.settings.data if name not in book.settings.data]
    if unknown:
        hint = "declare it in _config.yml under sphinx.config.tabbook.data"
        raise ExecuteError([Fault(section.path, 0, f"unknown data file {name!r}", hint) for name in unknown])
    files, uses = _files(book, section, tab)
    library, whole_because = library_part(book, projection, library_texts, uses)
    return Job(
        section,
        tab,
        projection,
        requirements=_cached(book, book.requirements(tab), keys.requirement_lines, ()),
        library_hashes=library,
        data={name: book.settings.data[name].sha1 for name in section.settings.data},
        whole_because=whole_because,
        cells=_cell_parts(book, projection),
        python=book.settings.tabs[tab].python,
        files=files,
        variables=book.settings.tabs[tab].variables,
    )


def jobs(
    book: Book,
    sections: Iterable[Section] | None = None,
    tabs: Iterable[str] | None = None,
    library_texts: Mapping[str, str] | None = None,
) -> tuple[Job, ...]:
    """Return every job of ``sections`` in ``tabs`` (all of the book's, if not given), in order.

    Raises:
        TabbookError: With the faults of all sections.
    """
    _share_indexes(book, library_texts)
    wanted = tuple(book.settings.tabs if tabs is None else tabs)
    all_jobs: list[Job] = []
    errors: list[TabbookError] = []
    for section in book.sections if sections is None else sections:
        for tab in wanted:
            try:
                planned = job(book, section, tab, library_texts)
            except TabbookError as error:
                errors.append(error)
                continue
            if planned is not None:
                all_jobs.append(planned)
    if errors:
        kind = type(errors[0]) if len({type(error) for error in errors}) == 1 else ExecuteError
        raise kind(fault for error in errors for fault in error.faults)
    return tuple(all_jobs)
