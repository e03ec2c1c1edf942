"""Exports of a book as files in memory, by their paths below the folder that they go to."""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from tabbook.book import Book
from tabbook.config import CONFIG_FILE
from tabbook.errors import Fault, ReadError, usage
from tabbook.export import FORMATS
from tabbook.export.context import Context
from tabbook.export.ipynb import dump, notebook
from tabbook.export.library import Package, check_cell, companions, package
from tabbook.export.markdown import markdown
from tabbook.export.page import Address, Page, beside, make_page, published
from tabbook.export.references import FILE, References, load
from tabbook.export.slides import has_slides, slides
from tabbook.library import generate
from tabbook.merge import stored
from tabbook.model import Section
from tabbook.plan import lookup
from tabbook.read.slides import marked_text

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
        return self.known or load(self.book.site.parent / ".doctrees" / FILE, self.book.sections)

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
    def packages(self) -> Mapping[str, Package]:
        """The library of each framework that has one."""
        book = self.book
        texts = generate(book)
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
            text = texts.get(book.library_file(tab).relative_to(book.root).as_posix())
            if text is not None:
                found[tab] = package(text, about, book.settings.library, files)
        return found

    def check(self, tab: str) -> str:
        """Return the first cell of the notebooks of ``tab``; empty if the book has no library."""
        if tab not in self.packages:
            return ""
        return check_cell(self.packages[tab], self.book.settings.repository, tab)

    def page(self, section: Section, tab: str, address: Address, prefix: str = "attachment:") -> Page:
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
        )
        return make_page(projection, result, context, prefix)

    def pictures(self, page: Page) -> dict[str, bytes]:
        """Return the bytes of a page's pictures, by name.

        Raises:
            ReadError: One is missing.
        """
        found, faults = {}, []
        for name, path in page.pictures.items():
            try:
                found[name] = (self.book.root / path).read_bytes()
            except OSError:
                line = next((part.line for part in page.parts if name in part.pictures), 0)
                section = page.projection.section.path
                faults.append(
                    Fault(section, line, f"there is no picture {path}", "add it, or correct the path")
                )
        if faults:
            raise ReadError(faults)
        return found

    def address(self, path: str, tab: str, pages: Sequence[str], ending: str) -> Address:
        """Return where references of the page ``path`` lead: to the site, or to what lies beside."""
        return published(self.base, tab) if self.base else beside(path, pages, ending)

    def companions(self, tab: str) -> Files:
        """Return what goes with the notebooks of ``tab``, by name."""
        settings = self.book.settings
        requirements = self.book.requirements(tab)
        text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
        return companions(self.packages.get(tab), settings.library, text, settings.tabs[tab].name)


def has_code(section: Section, tab: str) -> bool:
    """Say whether ``section`` has a notebook in ``tab``."""
    return tab in section.tabs and any(cell.belongs_to(tab) for cell in section.code_cells)


def has_marks(section: Section, tab: str) -> bool:
    """Say whether ``section`` has slides in ``tab``."""
    return tab in section.tabs and any(
        cell.kind == "text" and cell.belongs_to(tab) and marked_text(cell.source) for cell in section.cells
    )


def _has_text(section: Section, tab: str) -> bool:
    return tab in section.tabs


_HAS: dict[str, Callable[[Section, str], bool]] = {
    "ipynb": has_code,
    "slides": has_marks,
    "markdown": _has_text,
}


def export(
    exporter: Exporter,
    kind: str,
    sections: Sequence[Section],
    tabs: Sequence[str],
    *,
    named: bool = False,
    decks: bool = True,
) -> Files:
    """Return the files of an export of ``sections`` in ``tabs``.

    Args:
        exporter: The book.
        kind: One of ``FORMATS``.
        sections: What to export; those that have nothing for the format are left out.
        tabs: The frameworks; each has a folder of its own.
        named: Whether each section was asked for, so that one with nothing for it is a mistake.
        decks: Whether decks are made of slides, or their notebooks alone.

    Raises:
        UsageError: There is no such format, or a section that was asked for has nothing for it.
        TabbookError: A section has faults.
    """
    if kind not in FORMATS:
        raise usage(f"there is no format {kind!r}", f"the formats are {', '.join(FORMATS)}")
    has = _HAS[kind]
    chosen = [(section, [tab for tab in tabs if has(section, tab)]) for section in sections]
    for section, found in chosen:
        if named and not found:
            what = {"ipynb": "code", "slides": "slide marks", "markdown": "text"}[kind]
            raise usage(f"{section.path} has no {what} for {', '.join(tabs)}")
    files: Files = {}
    for tab in tabs:
        pages = [section for section, found in chosen if tab in found]
        for path, data in _MAKE[kind](exporter, tab, pages) if pages else ():
            files[f"{tab}/{path}"] = data
    if kind == "slides" and files and decks:
        from tabbook.export.decks import assets, deck

        suffix = ".slides.ipynb"
        for path, text in decks_of(files).items():
            files[path.removesuffix(suffix) + ".slides.html"] = deck(text, path)
        files |= assets()
    return files


def decks_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the notebooks of slides among ``files``, read again."""
    import nbformat

    read: Any = nbformat.reads
    names = [path for path in files if path.endswith(".slides.ipynb")]
    return {path: read(files[path].decode(), as_version=4) for path in names}


def _notebooks(exporter: Exporter, tab: str, sections: Sequence[Section]) -> Iterator[tuple[str, bytes]]:
    pages = [section.path.removesuffix(".md") for section in sections]
    for section, path in zip(sections, pages, strict=True):
        page = exporter.page(section, tab, exporter.address(path, tab, pages, ".ipynb"))
        yield f"{path}.ipynb", dump(notebook(page, exporter.check(tab), exporter.pictures(page)))
    yield from exporter.companions(tab).items()


def _slides(exporter: Exporter, tab: str, sections: Sequence[Section]) -> Iterator[tuple[str, bytes]]:
    name = exporter.book.settings.tabs[tab].name
    for section in sections:
        path = section.path.removesuffix(".md")
        page = exporter.page(section, tab, exporter.address(path, tab, (), ""))
        if has_slides(page):
            made = slides(page, exporter.check(tab), name, exporter.pictures(page))
            yield f"{path}.slides.ipynb", dump(made)


def _markdown(exporter: Exporter, tab: str, sections: Sequence[Section]) -> Iterator[tuple[str, bytes]]:
    pages = [section.path.removesuffix(".md") for section in sections]
    for section, path in zip(sections, pages, strict=True):
        folder, name = posixpath.split(path)
        address = exporter.address(path, tab, pages, ".md")
        page = exporter.page(section, tab, address, f"{name}_files/")
        for file, data in markdown(page, exporter.pictures(page)).items():
            yield posixpath.join(folder, file), data


_MAKE: dict[str, Callable[[Exporter, str, Sequence[Section]], Iterator[tuple[str, bytes]]]] = {
    "ipynb": _notebooks,
    "slides": _slides,
    "markdown": _markdown,
}
