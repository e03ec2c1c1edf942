"""What all exports of a book share: its library, its pages in one framework."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tabbook.book import Book
from tabbook.config import CONFIG_FILE
from tabbook.declared_files import declared_files
from tabbook.errors import Fault, ReadError
from tabbook.export.files_cell import data_cell, files_cell, variables_cell
from tabbook.export.library import Package, companions, library_cell, package
from tabbook.export.page import (
    Address,
    ExportPage,
    Links,
    ReadPieces,
    make_page,
    relative_address,
    site_address,
)
from tabbook.library.generator import current_texts, package_path
from tabbook.model import Section
from tabbook.plan.outputs import page_result
from tabbook.yaml_text import load_yaml

Files = dict[str, bytes]
_OUTPUTS = "jupyter_execute"
"""The folder of MyST-NB's pictures of outputs."""
_NOT_OURS = frozenset((".py", ".pyc"))


@dataclass(frozen=True)
class Exporter:
    """What all exports of a book share; ``read`` gives the text of its pages, as Sphinx has resolved it."""

    book: Book
    read: ReadPieces

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """What ``_config.yml`` says."""
        data: Mapping[str, Any] = load_yaml((self.book.root / CONFIG_FILE).read_text(encoding="utf-8"))
        return data

    @cached_property
    def base(self) -> str:
        """The address of the published site (``html.baseurl`` of the configuration); empty if none."""
        return str((self.config.get("html") or {}).get("baseurl") or "")

    @cached_property
    def library_files(self) -> tuple[Mapping[str, str], tuple[Fault, ...]]:
        """The text of the library's files, by path, and why it is not that of the sections, if it is not."""
        return current_texts(self.book)

    @cached_property
    def packages(self) -> Mapping[str, Package]:
        """The library of each framework that has one."""
        book = self.book
        texts, _ = self.library_files
        folders = (book.library_folder, book.library_folder / book.settings.library.package)
        files = {
            path.relative_to(book.library_folder).as_posix(): path.read_bytes()
            for folder in folders
            for path in sorted(folder.glob("*"))
            if path.is_file() and path.suffix not in _NOT_OURS
        }
        if init := texts.get(package_path(book)):
            files[f"{book.settings.library.package}/__init__.py"] = init.encode()
        packages = {}
        for tab, about in book.settings.tabs.items():
            text = texts.get(book.library_path(tab))
            if text is not None:
                packages[tab] = package(text, about, book.settings.library, files)
        return packages

    def first_cells(self, section: Section, tab: str) -> dict[str, str]:
        """Return the code of the cells that come before those of ``section``, by name.

        Raises:
            ReadError: A file that it declares is missing, or cannot be read.
        """
        paths = declared_files(self.book.root, section)
        files = {name: path.read_bytes() for name, path in paths.items()}
        variables = variables_cell(self.book.settings.tabs[tab].variables)
        with_data = bool(section.settings.data)  # or else nothing can be missing
        library = library_cell(self.packages[tab], with_data=with_data) if tab in self.packages else ""
        scripts = {
            name: (self.book.settings.data[name].sha1, path.read_bytes())
            for name, path in data_scripts(self.book, section).items()
        }
        cells = {
            "variables": variables,
            "library": library,
            "files": files_cell(files),
            "data": data_cell(scripts),
        }
        return {name: source for name, source in cells.items() if source}

    def page(
        self,
        section: Section,
        tab: str,
        address: Address,
        prefix: str = "attachment:",
        *,
        with_slides: bool = False,
    ) -> ExportPage:
        """Return ``section`` in ``tab`` as Markdown, code and outputs.

        Raises:
            TabbookError: The section cannot be projected, or Sphinx has not read it.
        """
        projection = self.book.project(section, tab)
        result = page_result(self.book, section, tab)
        pictures = _PictureCollector(self.book.root, section.path, prefix)
        pieces = self.read(projection, Links(address, self._file, pictures, with_slides))
        language = self.book.settings.language
        return make_page(projection, result, pieces, pictures.files, pictures.faults, language)

    def _file(self, name: str) -> str:
        """Return the address of a file to download; empty where no site is published."""
        return f"{self.base.rstrip('/')}/_downloads/{quote(name)}" if self.base else ""

    def address(self, path: str, tab: str, pages: Sequence[str], ending: str) -> Address:
        """Return where references of the page ``path`` lead: to the site, or to what lies beside."""
        return site_address(self.base, tab) if self.base else relative_address(path, pages, ending)

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
        framework, python = self.book.settings.tabs[tab], self.book.python_version(tab)
        return companions(self.packages.get(tab), text, framework, python)


def data_scripts(book: Book, section: Section) -> dict[str, Path]:
    """Return the scripts that make data files of ``section``, by the files' names.

    Raises:
        ReadError: One of them is missing.
    """
    declared = book.settings.data
    scripts = {
        name: book.root / script for name in section.settings.data if (script := declared[name].script)
    }
    for name, path in scripts.items():
        if not path.is_file():
            line = book.settings_line("data", name, "script")
            script = path.relative_to(book.root).as_posix()
            raise ReadError(
                [Fault(CONFIG_FILE, line, f"there is no file {script}", "add it, or correct the path")]
            )
    return scripts


@dataclass
class _PictureCollector:
    """Collects the pictures of a page while its text is written; ``prefix`` begins their addresses."""

    root: Path
    section: str
    prefix: str
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)

    def __call__(self, path: str, line: int) -> str:
        """Return the address of the picture in the file ``path``; of one that is missing, its name."""
        if not (self.root / path).is_file():
            path = unquote(path)  # what MyST leaves of ![](<a b.png>)
        name = self._name(path)
        try:
            self.files[name] = (self.root / path).read_bytes()
        except OSError:
            hint = "add it, or correct the path"
            self.faults.append(Fault(self.section, line, f"there is no picture {path}", hint))
            return name
        self.paths[name] = path
        return f"{self.prefix}{name}"

    def _name(self, path: str) -> str:
        # Pictures of outputs are named after what is in them; where they are depends on the build.
        if _OUTPUTS in path.split("/"):
            return path.rsplit("/", 1)[-1]
        name = re.sub(r"[^\w.-]+", "-", posixpath.normpath(path).replace("../", ""))
        while self.paths.get(name, path) != path:
            name = f"other-{name}"
        return name
