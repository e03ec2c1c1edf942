"""What all exports of a book share: its references, its library, its pages in one framework."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from tabbook.book import Book
from tabbook.config import CONFIG_FILE
from tabbook.declared import declared_files
from tabbook.errors import Fault, TabbookError
from tabbook.export import PUBLISHED
from tabbook.export.carried import carry_cell
from tabbook.export.context import Context
from tabbook.export.library import Package, check_cell, companions, package, wheel_address
from tabbook.export.page import Address, Page, beside, make_page, published
from tabbook.export.references import FILE, References, load
from tabbook.library import generate
from tabbook.merge import stored
from tabbook.model import Section
from tabbook.plan.outputs import lookup

Files = dict[str, bytes]
_NOT_OURS = frozenset((".py", ".pyc"))


@dataclass(frozen=True)
class Exporter:
    """What all exports of a book share; ``references`` are those of the last build, if not given."""

    book: Book
    known: References | None = None

    @cached_property
    def references(self) -> References:
        """What labels mean."""
        return self.known or load(self.book.site.parent / ".doctrees" / FILE, self.book.readable[0])

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """Jupyter Book's part of the configuration, as it is written."""
        data: Any = yaml.safe_load((self.book.root / CONFIG_FILE).read_text(encoding="utf-8"))
        return data if isinstance(data, dict) else {}

    def setting(self, *keys: str) -> Any:
        """Return what the configuration says under ``keys``; ``None`` if nothing."""
        value: Any = self.config
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    @cached_property
    def base(self) -> str:
        """The address of the published site (``html.baseurl`` of the configuration); empty if none."""
        return str(self.setting("html", "baseurl") or "")

    @cached_property
    def substitutions(self) -> Mapping[str, Any]:
        """What text calls ``{{name}}`` on every page, by name."""
        given = (
            self.setting("parse", "myst_substitutions"),
            self.setting("sphinx", "config", "myst_substitutions"),
        )
        return {str(name): value for one in given if isinstance(one, Mapping) for name, value in one.items()}

    def file(self, path: str) -> str | None:
        """Return the text of a file of the book; ``None`` if it cannot be read."""
        try:
            return (self.book.root / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    @cached_property
    def library(self) -> tuple[Mapping[str, str], tuple[Fault, ...]]:
        """The text of the library's files, by path, and why it is not that of the sections, if it is not.

        Where a section has faults, the library is the one on disk.
        """
        book = self.book
        try:
            return generate(book), ()
        except TabbookError as error:
            files = [
                *map(book.library_file, book.settings.tabs),
                book.library / book.settings.library.package / "__init__.py",
            ]
            paths = [path.relative_to(book.root).as_posix() for path in files]
            texts = {path: text for path in paths if (text := self.file(path)) is not None}
            return texts, error.faults

    @cached_property
    def packages(self) -> Mapping[str, Package]:
        """The library of each framework that has one."""
        book = self.book
        texts, _ = self.library
        files = {
            path.relative_to(book.library).as_posix(): path.read_bytes()
            for path in sorted(book.library.glob("*"))
            if path.is_file() and path.suffix not in _NOT_OURS
        }
        init = f"{book.settings.library.package}/__init__.py"
        root = book.library.relative_to(book.root).as_posix()
        if f"{root}/{init}" in texts:
            files[init] = texts[f"{root}/{init}"].encode()
        found = {}
        for tab, about in book.settings.tabs.items():
            text = texts.get(book.library_path(tab))
            if text is not None:
                found[tab] = package(text, about, book.settings.library, files)
        return found

    def check(self, tab: str) -> str:
        """Return the first cell of the notebooks of ``tab``; empty if the book has no library."""
        if tab not in self.packages:
            return ""
        settings = self.book.settings
        site = f"{self.base.rstrip('/')}/{PUBLISHED}" if self.base and settings.exports else ""
        library = self.packages[tab]
        return check_cell(library, wheel_address(library, tab, settings.repository, site))

    def first_cells(self, section: Section, tab: str) -> dict[str, str]:
        """Return the code of the cells that come before those of ``section``, by name.

        Raises:
            ReadError: A file that it declares is missing, or cannot be read.
        """
        paths = declared_files(self.book.root, section)
        files = {name: path.read_bytes() for name, path in paths.items()}
        cells = {"library": self.check(tab), "files": carry_cell(files)}
        return {name: source for name, source in cells.items() if source}

    def page(
        self,
        section: Section,
        tab: str,
        address: Address,
        prefix: str = "attachment:",
        *,
        with_slides: bool = False,
    ) -> Page:
        """Return ``section`` in ``tab`` as plain text, code and outputs."""
        projection = self.book.project(section, tab)
        result = lookup(self.book, section, tab)
        if result is None:  # outputs that came with the section are better than none
            result = stored.result(stored.load(self.book.root, section.path), projection)
        context = Context(
            section.path.removesuffix(".md"),
            self.references,
            address,
            lambda path: path,
            self.file,
            {**self.substitutions, **section.substitutions},
            language=self.book.settings.language,
        )
        return make_page(projection, result, context, prefix, with_slides=with_slides)

    def pictures(self, page: Page) -> tuple[dict[str, bytes], list[Fault]]:
        """Return the bytes of a page's pictures, by name, and a fault for each that is missing."""
        found, faults = {}, []
        for name, path in page.pictures.items():
            try:
                found[name] = (self.book.root / path).read_bytes()
            except OSError:
                line = page.line_of(name)
                section, hint = page.projection.section.path, "add it, or correct the path"
                faults.append(Fault(section, line, f"there is no picture {path}", hint))
        return found, faults

    def address(self, path: str, tab: str, pages: Sequence[str], ending: str) -> Address:
        """Return where references of the page ``path`` lead: to the site, or to what lies beside."""
        return published(self.base, tab) if self.base else beside(path, pages, ending)

    def companions(self, tab: str) -> Files:
        """Return what goes with the notebooks of ``tab``, by name.

        Raises:
            ConfigError: The framework's requirements cannot be read.
        """
        requirements = self.book.requirements(tab)
        try:
            text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise self.book.unreadable(requirements, error) from None
        return companions(self.packages.get(tab), text, self.book.settings.tabs[tab].name)
