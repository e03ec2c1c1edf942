"""Exports of a book as files in memory, by their paths below the folder that they go to."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tabbook.errors import Fault, TabbookError, usage
from tabbook.export.exporter import Exporter, Files
from tabbook.export.formats import Format, Made, format_named
from tabbook.export.ipynb import notebook, notebook_bytes
from tabbook.export.markdown import markdown
from tabbook.export.slide_blocks import tabs_shown
from tabbook.export.slides import shows_slides, slides
from tabbook.language import marked
from tabbook.model import Section
from tabbook.read.slides import marked_text

__all__ = ["ExportResult", "export"]


def has_code(section: Section, tab: str) -> bool:
    """Say whether ``section`` has a notebook in ``tab``."""
    return tab in section.tabs and any(cell.belongs_to(tab) for cell in section.code_cells)


def has_slides(section: Section, tab: str) -> bool:
    """Say whether ``section`` has slides in ``tab``, by marks in its text or apart from it."""
    if tab not in section.tabs:
        return False
    texts = (cell for cell in section.cells if cell.kind == "text" and cell.belongs_to(tab))
    return any(slide.belongs_to(tab) for slide in section.slides) or any(
        marked_text(cell.source) for cell in texts
    )


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What could be exported, and what is wrong with the rest: faults of sections and their pictures.

    ``library_faults`` say why the library is not that of the sections, if it is not.
    """

    files: Files
    faults: tuple[Fault, ...]
    library_faults: tuple[Fault, ...] = ()


def export(
    exporter: Exporter,
    kind: str,
    sections: Sequence[Section],
    tabs: Sequence[str],
    *,
    named: bool = False,
    decks: bool = True,
) -> ExportResult:
    """Return the files of an export of ``sections`` in ``tabs``.

    A section that cannot be exported is left out, and the others are not. A picture that is missing
    is missing in what is exported, too.

    Args:
        exporter: The book.
        kind: The name of a format.
        sections: What to export; those that have nothing for the format are left out.
        tabs: The frameworks; each has a folder of its own.
        named: Whether each section was asked for, so that one with nothing for it is a mistake.
        decks: Whether files are derived from those of sections: decks from notebooks of slides.

    Raises:
        UsageError: There is no such format, or a section that was asked for has nothing for it.
    """
    wanted = format_named(kind)
    chosen = [(section, [tab for tab in tabs if wanted.has(section, tab)]) for section in sections]
    for section, found in chosen:
        if named and not found:
            raise usage(f"{section.path} has no {wanted.needs} for {', '.join(tabs)}")
    files, faults = Files(), list[Fault]()
    own = {tab: [section for section, found in chosen if tab in found] for tab in tabs}
    # A section in all its tabs before the next one: the tree of a page is resolved once
    steps = [
        (tab, partial(_section, wanted, exporter, tab, section, own[tab]))
        for section, found in chosen
        for tab in found
    ]
    if wanted.whole is not None:
        for tab in filter(own.get, tabs):
            name = excerpt(own[tab]) if named else file_name(exporter)
            steps.append((tab, partial(wanted.whole, exporter, tab, own[tab], name)))
    for tab, step in steps:
        try:
            made, missing = step()
        except TabbookError as error:
            faults += error.faults
            continue
        files |= {f"{tab}/{path}": data for path, data in made.items()}
        faults += missing
    if decks:
        files |= wanted.derived(files) if wanted.derived else {}
        files |= wanted.shared() if wanted.shared and files else {}
    return ExportResult(files, tuple(sorted(set(faults))), () if named else exporter.library_files[1])


def file_name(exporter: Exporter) -> str:
    """Return the name of a file that has the whole book, without its ending."""
    words = re.findall(r"\w+", str(exporter.config.get("title") or "book").lower())
    return "-".join(words) or "book"


def excerpt(sections: Sequence[Section]) -> str:
    """Return the name of a file that has some sections of the book, without its ending."""
    name = _name(sections[0]).rpartition("/")[2]
    return f"{name}-and-{len(sections) - 1}-more" if len(sections) > 1 else name


def _section(wanted: Format, exporter: Exporter, tab: str, section: Section, own: Sequence[Section]) -> Made:
    names = [_name(one) for one in own]
    return wanted.section(exporter, tab, section, names) if wanted.section else ({}, ())


def export_section(
    exporter: Exporter, wanted: Format, tab: str, section: Section, names: Sequence[str]
) -> tuple[Files, Sequence[Fault]]:
    """Return the files of one section in one tab, with those derived, and what is wrong with its pictures.

    ``names`` are the sections, without their endings, that the same export has of the tab.

    Raises:
        TabbookError: The section has faults.
    """
    assert wanted.section is not None
    made, missing = wanted.section(exporter, tab, section, names)
    files = {f"{tab}/{path}": data for path, data in made.items()}
    return (files | wanted.derived(files) if wanted.derived else files), missing


def _decks(files: Mapping[str, bytes]) -> Files:
    """Return the decks of the notebooks of slides among ``files``."""
    from tabbook.export.decks import deck

    suffix = ".slides.ipynb"
    notebooks = decks_of(files).items()
    return {path.removesuffix(suffix) + ".slides.html": deck(text, path) for path, text in notebooks}


def _assets() -> Files:
    from tabbook.export.decks import assets

    return assets()


def decks_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the notebooks of slides among ``files``, read again."""
    import nbformat

    read: Any = nbformat.reads
    names = [path for path in files if path.endswith(".slides.ipynb")]
    return {path: read(files[path].decode(), as_version=4) for path in names}


def _name(section: Section) -> str:
    return section.page


def _notebook(exporter: Exporter, tab: str, section: Section, names: Sequence[str]) -> Made:
    path = _name(section)
    page = exporter.page(section, tab, exporter.address(path, tab, names, ".ipynb"))
    return {f"{path}.ipynb": notebook_bytes(notebook(page, exporter.first_cells(section, tab)))}, page.faults


def _slides(exporter: Exporter, tab: str, section: Section, _names: Sequence[str]) -> Made:
    path = _name(section)
    page = exporter.page(section, tab, exporter.address(path, tab, (), ""), with_slides=True)
    if not shows_slides(page):
        return {}, ()
    name = exporter.book.settings.tabs[tab].name
    others = {
        other: exporter.page(section, other, exporter.address(path, other, (), ""))
        for other in tabs_shown(page.slides)
    }
    made = slides(page, exporter.first_cells(section, tab), name, others)
    return {f"{path}.slides.ipynb": notebook_bytes(made)}, page.faults


def _markdown(exporter: Exporter, tab: str, section: Section, names: Sequence[str]) -> Made:
    path = _name(section)
    folder, name = posixpath.split(path)
    page = exporter.page(section, tab, exporter.address(path, tab, names, ".md"), f"{name}_files/")
    made = markdown(page, exporter.book.settings.language)
    return {posixpath.join(folder, file): data for file, data in made.items()}, page.faults


def _companions(exporter: Exporter, tab: str, _sections: Sequence[Section], _name: str) -> Made:
    return exporter.companions(tab), ()


NOTEBOOKS = Format(
    name="ipynb",
    contents="notebooks",
    needs="code",
    has=has_code,
    section=_notebook,
    whole=_companions,
    is_archived=True,
    ending=".ipynb",
    page_link=marked("Notebook"),
    book_link=marked("All notebooks (zip)"),
)
SLIDES = Format(
    name="slides",
    contents="slides",
    needs="slides",
    has=has_slides,
    section=_slides,
    derived=_decks,
    shared=_assets,
    ending=".slides.html",
    page_link=marked("Slides"),
)
MARKDOWN = Format(name="markdown", contents="Markdown", section=_markdown, ending=".md")
