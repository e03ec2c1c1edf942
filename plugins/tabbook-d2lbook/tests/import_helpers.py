"""What the importer's tests share: one page converted in memory, one project imported on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tabbook.importers.report import Findings, Report
from tabbook.merge.bundled import BundledCell
from tabbook_d2lbook import import_book
from tabbook_d2lbook.cells import read_cells
from tabbook_d2lbook.convert import PageConverter
from tabbook_d2lbook.pandoc import as_d2lbook
from tabbook_d2lbook.source import Labels, Named, Page

TABS = ("mxnet", "pytorch", "jax")


class Result(NamedTuple):
    """A page in our format, what was found, and the outputs beside it."""

    text: str
    faults: list[str]
    notes: list[str]
    stored: tuple[BundledCell, ...]
    page: PageConverter

    @property
    def body(self) -> str:
        """The page without its front matter and title."""
        return self.text.split("# Title\n", 1)[1].strip("\n")


def convert(source: str, tabs: tuple[str, ...] = TABS, files: Mapping[str, bytes] | None = None) -> Result:
    """Return one page of a book with ``tabs`` in our format."""
    findings = Findings()
    page = Page("a.md", as_d2lbook(source), tabs, findings)
    cells, found = read_cells(page.path, tabs, page.cell_fences)
    findings.items += found
    have = files or {}
    converter = PageConverter(page, cells, have.keys(), have.get)
    names, titles = Labels(), converter.page.titles
    for label, (kind, _) in converter.page.labels.items():
        names.add(label, Named(kind, label not in titles, titles.get(label, "")))
    text, stored = converter.render(names)
    faults = [str(f) for f in sorted(findings.items) if f.severity == "fault"]
    notes = [str(f) for f in sorted(findings.items) if f.severity == "note"]
    return Result(text, faults, notes, stored, converter)


def body(source: str, tabs: tuple[str, ...] = TABS) -> str:
    """Return the text that ``source`` below a title becomes."""
    return convert(f"# Title\n\n{source}\n", tabs).body


def cell(code: str, language: str = ".python .input") -> str:
    """Return a code cell in d2lbook's Markdown."""
    return f"```{{{language}}}\n{code}\n```\n"


CONFIG = """[project]
title = A Book
author = Somebody
[build]
tabs = mxnet, pytorch
[library]
"""


def project(folder: Path, files: Mapping[str, str], config: str = CONFIG) -> Path:
    """Write a d2lbook project and return its folder."""
    for name, text in {"config.ini": config, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def imported(folder: Path, files: Mapping[str, str], config: str = CONFIG) -> tuple[Path, Report]:
    """Import a project of these files; return the new book and the report."""
    source = project(folder / "source", files, config)
    report = import_book(source, folder / "book")
    return folder / "book", report
