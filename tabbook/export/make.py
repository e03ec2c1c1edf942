"""Exports of a book as files in memory, by their paths below the folder that they go to."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tabbook.errors import Fault, TabbookError, usage
from tabbook.export import FORMATS
from tabbook.export.exporter import Exporter, Files
from tabbook.export.ipynb import dump, notebook
from tabbook.export.markdown import markdown
from tabbook.export.slide_blocks import tabs_shown
from tabbook.export.slides import has_slides, slides
from tabbook.model import Section
from tabbook.read.slides import marked_text

__all__ = ["Exported", "export"]


def has_code(section: Section, tab: str) -> bool:
    """Say whether ``section`` has a notebook in ``tab``."""
    return tab in section.tabs and any(cell.belongs_to(tab) for cell in section.code_cells)


def has_marks(section: Section, tab: str) -> bool:
    """Say whether ``section`` has slides in ``tab``, by marks in its text or apart from it."""
    if tab not in section.tabs:
        return False
    texts = (cell for cell in section.cells if cell.kind == "text" and cell.belongs_to(tab))
    return any(slide.belongs_to(tab) for slide in section.slides) or any(
        marked_text(cell.source) for cell in texts
    )


def _has_text(section: Section, tab: str) -> bool:
    return tab in section.tabs


_HAS: dict[str, Callable[[Section, str], bool]] = {
    "ipynb": has_code,
    "slides": has_marks,
    "markdown": _has_text,
}


@dataclass(frozen=True, slots=True)
class Exported:
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
) -> Exported:
    """Return the files of an export of ``sections`` in ``tabs``.

    A section that cannot be exported is left out, and the others are not. A picture that is missing
    is missing in what is exported, too.

    Args:
        exporter: The book.
        kind: One of ``FORMATS``.
        sections: What to export; those that have nothing for the format are left out.
        tabs: The frameworks; each has a folder of its own.
        named: Whether each section was asked for, so that one with nothing for it is a mistake.
        decks: Whether decks are made of slides, or their notebooks alone.

    Raises:
        UsageError: There is no such format, or a section that was asked for has nothing for it.
    """
    check_format(kind)
    has = _HAS[kind]
    chosen = [(section, [tab for tab in tabs if has(section, tab)]) for section in sections]
    for section, found in chosen:
        if named and not found:
            what = {"ipynb": "code", "slides": "slides", "markdown": "text"}[kind]
            raise usage(f"{section.path} has no {what} for {', '.join(tabs)}")
    files, faults = Files(), list[Fault]()
    names = {tab: [_name(section) for section, found in chosen if tab in found] for tab in tabs}
    for section, found in chosen:
        for tab in found:
            try:
                made, missing = _MAKE[kind](exporter, tab, section, names[tab])
            except TabbookError as error:
                faults += error.faults
                continue
            files |= {f"{tab}/{path}": data for path, data in made.items()}
            faults += missing
    for tab in tabs if kind == "ipynb" else ():
        if names[tab]:
            files |= {f"{tab}/{path}": data for path, data in exporter.companions(tab).items()}
    if kind == "slides" and files and decks:
        from tabbook.export.decks import assets

        files |= _decks(files) | assets()
    return Exported(files, tuple(sorted(set(faults))), () if named else exporter.library[1])


def make_one(
    exporter: Exporter, kind: str, tab: str, section: Section, names: Sequence[str]
) -> tuple[Files, Sequence[Fault]]:
    """Return the files of one section in one tab, decks included, and what is wrong with its pictures.

    ``names`` are the sections, without their endings, that the same export has of the tab.

    Raises:
        TabbookError: The section has faults.
    """
    made, missing = _MAKE[kind](exporter, tab, section, names)
    files = {f"{tab}/{path}": data for path, data in made.items()}
    return (files | _decks(files) if kind == "slides" else files), missing


def _decks(files: Files) -> Files:
    """Return the decks of the notebooks of slides among ``files``."""
    from tabbook.export.decks import deck

    suffix = ".slides.ipynb"
    notebooks = decks_of(files).items()
    return {path.removesuffix(suffix) + ".slides.html": deck(text, path) for path, text in notebooks}


def check_format(kind: str) -> None:
    """Raise a usage error if there is no format ``kind``."""
    if kind not in FORMATS:
        raise usage(f"there is no format {kind!r}", f"the formats are {', '.join(FORMATS)}; or branches")


def decks_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the notebooks of slides among ``files``, read again."""
    import nbformat

    read: Any = nbformat.reads
    names = [path for path in files if path.endswith(".slides.ipynb")]
    return {path: read(files[path].decode(), as_version=4) for path in names}


_Made = tuple[Files, Sequence[Fault]]


def _name(section: Section) -> str:
    return section.path.removesuffix(".md")


def _notebook(exporter: Exporter, tab: str, section: Section, names: Sequence[str]) -> _Made:
    path = _name(section)
    page = exporter.page(section, tab, exporter.address(path, tab, names, ".ipynb"))
    return {f"{path}.ipynb": dump(notebook(page, exporter.first_cells(section, tab)))}, page.faults


def _slides(exporter: Exporter, tab: str, section: Section, _names: Sequence[str]) -> _Made:
    path = _name(section)
    page = exporter.page(section, tab, exporter.address(path, tab, (), ""), with_slides=True)
    if not has_slides(page):
        return {}, ()
    name = exporter.book.settings.tabs[tab].name
    others = {
        other: exporter.page(section, other, exporter.address(path, other, (), ""))
        for other in tabs_shown(page.slides)
    }
    made = slides(page, exporter.first_cells(section, tab), name, others)
    return {f"{path}.slides.ipynb": dump(made)}, page.faults


def _markdown(exporter: Exporter, tab: str, section: Section, names: Sequence[str]) -> _Made:
    path = _name(section)
    folder, name = posixpath.split(path)
    page = exporter.page(section, tab, exporter.address(path, tab, names, ".md"), f"{name}_files/")
    made = markdown(page, exporter.book.settings.language)
    return {posixpath.join(folder, file): data for file, data in made.items()}, page.faults


_MAKE: dict[str, Callable[[Exporter, str, Section, Sequence[str]], _Made]] = {
    "ipynb": _notebook,
    "slides": _slides,
    "markdown": _markdown,
}
