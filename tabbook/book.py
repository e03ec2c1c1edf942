"""A book on disk: its configuration, its sections, and where everything it makes goes."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from tabbook.book_files import page_faults, sections_of
from tabbook.cache import Cache, CachedValues
from tabbook.config import CONFIG_FILE, KEY_PATH, BookSettings, find_book, read_settings
from tabbook.contents import TOC_FILE, TocEntry, read_contents
from tabbook.declared_files import declared_files
from tabbook.errors import ConfigError, Fault, ReadError, TabbookError, usage
from tabbook.extract.saved import Saved, extract, extract_book
from tabbook.model import Projection, Section
from tabbook.parallel import share_values
from tabbook.project.projection import check_idioms, project
from tabbook.pythons import own_version
from tabbook.read.section import read_section
from tabbook.section_faults import check_section
from tabbook.yaml_text import find_line

__all__ = ["Book"]

_T = TypeVar("_T")
WORK_FOLDER = ".tabbook"
_MIN_PARALLEL_SECTIONS = 16
"""How many new sections are worth other processes: they take as long to start as three to read."""


def interpreter(venv: Path) -> Path:
    """Return the Python of the environment in a folder, whether it is there or not."""
    folder, name = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return venv / folder / name


@dataclass(frozen=True)
class Book:
    """A book in the folder ``root``. Sections are read once, when they are first asked for."""

    root: Path
    settings: BookSettings
    contents: tuple[TocEntry, ...]
    """The pages in reading order, and where the table of contents names them."""
    _projections: dict[tuple[str, str], Projection] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, start: Path) -> "Book":
        """Return the book in ``start`` or the nearest folder above it.

        Raises:
            ConfigError: There is none, or its configuration is not usable.
        """
        root = find_book(start)
        text = (root / CONFIG_FILE).read_text(encoding="utf-8")
        settings = read_settings(text)
        check_idioms(settings, text)
        try:
            toc = (root / TOC_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigError([Fault(TOC_FILE, 0, "there is no table of contents", "add _toc.yml")]) from None
        return cls(root, settings, sections_of(root, read_contents(toc)))

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The pages in reading order, relative to the book."""
        return tuple(entry.file for entry in self.contents)

    def is_same(self, other: "Book") -> bool:
        """Say whether ``other`` is this book with the same settings and contents, whatever was read of it."""
        return (self.root, self.settings, self.files) == (other.root, other.settings, other.files)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Every page, in reading order.

        Raises:
            ReadError: The faults of all files, together.
        """
        sections, faults = self.readable_sections
        if faults:
            raise ReadError(faults)
        return sections

    @cached_property
    def page_faults(self) -> tuple[Fault, ...]:
        """What is wrong between the table of contents and the files."""
        return tuple(page_faults(self.root, self.contents, self.settings))

    @cached_property
    def readable_sections(self) -> tuple[tuple[Section, ...], list[Fault]]:
        """The pages that can be read, in reading order, and what is wrong with the others."""
        sections, faults = [], [*self.page_faults]
        for path in self.files:
            try:
                sections.append(self.read(path))
            except FileNotFoundError:
                continue  # one of the faults of the contents
            except ReadError as error:
                faults += error.faults
        return tuple(sections), faults

    def read(self, path: str) -> Section:
        """Return the section in the file ``path``, relative to the book.

        Raises:
            FileNotFoundError: There is no such file.
            ReadError: The file breaks the source format, or cannot be read.
        """
        try:
            data = (self.root / path).read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ReadError(self.unreadable(self.root / path, error).faults) from None
        try:
            text = data.decode("utf-8-sig")  # as Sphinx does: a mark of byte order is no text
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise ReadError([Fault(path, line, "not UTF-8", "save the file as UTF-8")]) from None
        return self.parse(text, path)

    def parse(self, text: str, path: str) -> Section:
        """Return the section that ``text`` is, read as the file ``path``; known ones are not read again.

        Raises:
            ReadError: The text breaks the source format.
        """
        entry = self.cache.entry(path, text.encode())
        return entry.get("section", lambda: read_section(text, path, self.settings))

    def faults(self, section: Section, *, imports: bool = True) -> list[Fault]:
        """Return what is wrong with the code of ``section``; see `tabbook.section_faults`."""
        check = partial(check_section, section, self.settings, imports=imports)
        return self.cached_value(section, f"faults {'with imports' if imports else ''}", check)

    @cached_property
    def cache(self) -> Cache:
        """What was worked out of the sections before; it saves time and decides nothing."""
        return Cache(self.work / "cache", self.settings.model_dump_json())

    def cached_values(self, name: str, more: str = "") -> CachedValues | None:
        """Return the known values of the book as a whole; ``None`` where a section cannot be read.

        ``more`` is what else than sections and settings the values depend on.
        """
        sections, faults = self.readable_sections
        entries = [self.cache.find(section.path) for section in sections]
        if faults or not all(entries):
            return None
        keys = "".join(entry.key for entry in entries if entry)
        return self.cache.entry(f"({name})", f"{keys}\0{more}".encode())

    def cached_value(self, section: Section, name: str, compute: Callable[[], _T]) -> _T:
        """Return what ``compute`` returns, a value of ``section`` alone; known values are kept.

        Raises:
            TabbookError: What ``compute`` raises.
        """
        entry = self.cache.find(section.path)
        return entry.get(name, compute) if entry and entry.is_cached("section", section) else compute()

    def prepare(self, purpose: str, more: Callable[[Section], object] = lambda _section: None) -> None:
        """Work out on all cores what the library needs of the sections, and ``more``, where it is new.

        ``purpose`` names what that is in all. This saves time alone: what goes wrong is left to
        the caller.
        """
        ready = f"ready for {purpose}"

        def work(path: str) -> None:
            section = self.read(path)
            self.faults(section, imports=False)
            for tab in section.library_tabs:
                self.saved_by(section, tab)
            more(section)
            self.cached_value(section, ready, lambda: True)

        new = [path for path in self.files if not self._is_known(path, ready)]
        if len(new) >= _MIN_PARALLEL_SECTIONS:
            share_values(self.cache, work, new)

    def _is_known(self, path: str, value: str) -> bool:
        try:
            return self.cache.entry(path, (self.root / path).read_bytes()).knows(value)
        except OSError:
            return True  # reading the section reports that it is missing

    def project(self, section: Section, tab: str) -> Projection:
        """Return ``section`` reduced to ``tab``, computed once."""
        key = (section.path, tab)
        known = self._projections.get(key)
        if known is None or known.section is not section:
            # Without the section, which would be kept once more.
            cells = self.cached_value(
                section, f"cells {tab}", lambda: project(section, tab, self.settings).cells
            )
            known = self._projections[key] = Projection(section, tab, cells)
        return known

    def prepare_check(self) -> None:
        """Do for `check` what `prepare` does for the library."""
        self.prepare("check", partial(self.faults, imports=True))

    def check(self, *, imports: bool = True) -> None:
        """Check every section for every tab.

        ``imports`` asks whether pages import what portable names become, and have the files that
        they declare: it matters to pages, not to the library, which has imports of its own.

        Raises:
            TabbookError: All faults of the book, together.
        """
        sections, faults = self.readable_sections
        faults, sound = list(faults), []
        for section in sections:
            section_faults = self.faults(section, imports=imports)
            faults += [*section_faults, *(self._missing_files(section) if imports else ())]
            sound += [] if section_faults else [section]
        try:
            _ = self.saved if not faults else extract_book(sound, self.settings, self.saved_by)
        except TabbookError as error:
            faults += error.faults
        if faults:
            raise TabbookError(faults)

    def _missing_files(self, section: Section) -> tuple[Fault, ...]:
        try:
            declared_files(self.root, section)
        except ReadError as error:
            return error.faults
        return ()

    @cached_property
    def saved(self) -> dict[str, tuple[Saved, ...]]:
        """What the book saves, for each tab in the book's order."""
        return extract_book(self.sections, self.settings, self.saved_by)

    def saved_by(self, section: Section, tab: str) -> tuple[Saved, ...]:
        """Return what ``section`` saves for ``tab``, in order; see :func:`tabbook.extract.saved.extract`."""
        return self.cached_value(section, f"saved {tab}", partial(extract, section, tab))

    def concerns_sections_only(self, faults: Iterable[Fault]) -> bool:
        """Say whether ``faults`` concern some sections alone, or the library that they make.

        What is wrong with the configuration or the table of contents concerns the whole book.
        """
        library = f"{self.settings.library.path}/"
        paths = {fault.path for fault in faults} - {*self.files}
        return not self.page_faults and all(path.startswith(library) for path in paths)

    def find(self, names: tuple[str, ...], *, readable: bool = False) -> tuple[Section, ...]:
        """Return the sections that ``names`` mean, in the book's order; all for no names.

        A name is a path, a path without its ending, or a file's name without its ending.
        ``readable`` lets other sections have faults, and leaves them out.

        Raises:
            UsageError: A name means no section, or several.
            ReadError: Sections have faults, or with ``readable`` one that is named.
        """
        sections, faults = self.readable_sections if readable else (self.sections, [])
        if not names:
            return sections
        chosen: set[str] = set()
        for name in names:
            wanted = self._relative(name).removesuffix(".md")
            matching = [path for path in self.files if path.removesuffix(".md") == wanted]
            matching = matching or [
                path for path in self.files if path.removesuffix(".md").endswith(f"/{wanted}")
            ]
            if len(matching) != 1:
                several = (
                    f"{name} may be {' or '.join(matching)}" if matching else f"there is no section {name!r}"
                )
                raise usage(several, "tabbook status lists the sections")
            chosen.add(matching[0])
        missing = chosen - {section.path for section in sections}
        if missing:
            raise ReadError([fault for fault in faults if fault.path in missing] or faults)
        return tuple(section for section in sections if section.path in chosen)

    def _relative(self, name: str) -> str:
        path = Path(name)
        if path.exists() and path.resolve().is_relative_to(self.root):
            return path.resolve().relative_to(self.root).as_posix()
        return path.as_posix()

    def tabs(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tabs that ``names`` mean, in the book's order; all for no names.

        Raises:
            UsageError: The book does not have one of them.
        """
        for name in names:
            if name not in self.settings.tabs:
                raise usage(f"there is no tab {name!r}", f"the tabs are {', '.join(self.settings.tabs)}")
        return tuple(tab for tab in self.settings.tabs if not names or tab in names)

    def unreadable(self, path: Path, error: OSError | UnicodeDecodeError) -> ConfigError:
        """Return the error for a file of the book that is there and cannot be read as text."""
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        where, hint = path.relative_to(self.root).as_posix(), "replace it with one that can be read"
        return ConfigError([Fault(where, 0, f"this file cannot be read: {why}", hint)])

    def settings_line(self, *keys: str) -> int:
        """Return the line of ``_config.yml`` where ``keys`` are, below ``sphinx.config.tabbook``."""
        return find_line((self.root / CONFIG_FILE).read_text(encoding="utf-8"), (*KEY_PATH, *keys))

    @property
    def work(self) -> Path:
        """The folder of everything that the toolchain makes for itself."""
        return self.root / WORK_FOLDER

    @property
    def outputs(self) -> Path:
        """The store of outputs."""
        return self.work / "outputs"

    @property
    def reports(self) -> Path:
        """The folder of the reports of failed jobs."""
        return self.work / "reports"

    def venv(self, tab: str) -> Path:
        """Return the folder of a framework's environment."""
        return self.work / "environments" / tab

    def python(self, tab: str) -> Path:
        """Return the Python of a framework's environment, whether it is there or not."""
        return interpreter(self.venv(tab))

    def python_version(self, tab: str) -> str:
        """Return the version of Python that the environment of ``tab`` has to have, such as ``3.11``."""
        return self.settings.tabs[tab].python or own_version()

    @property
    def library_folder(self) -> Path:
        """The folder to put on ``PYTHONPATH`` for the library."""
        return self.root / self.settings.library.path

    def library_file(self, tab: str) -> Path:
        """Return the module of the library for a framework."""
        return self.library_folder / self.settings.library.package / f"{self.settings.tabs[tab].module}.py"

    def library_path(self, tab: str) -> str:
        """Return the path of `library_file`, relative to the book."""
        return self.library_file(tab).relative_to(self.root).as_posix()

    @property
    def has_library(self) -> bool:
        """Whether every module of the library is on disk, up to date or not."""
        return all(self.library_file(tab).exists() for tab in self.settings.tabs)

    def requirements(self, tab: str) -> Path:
        """Return the file with the pinned packages of a framework's environment."""
        return self.root / self.settings.tabs[tab].requirements

    @property
    def site(self) -> Path:
        """The folder of the built pages."""
        return self.root / "_build" / "html"
