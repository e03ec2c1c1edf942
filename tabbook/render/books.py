"""The formats of the whole book as one file for each framework: PDF and EPUB."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from tabbook.book import Book
from tabbook.export.exporter import Exporter
from tabbook.export.formats import Format, Made
from tabbook.export.page import site_address
from tabbook.model import Section
from tabbook.render.epub import EpubBuilder
from tabbook.render.export_pages import Reader
from tabbook.render.latex import PdfBuilder
from tabbook.render.one_tab import OneTabBuilder, Volume, make, ordered
from tabbook.render.typeset import check_tools, typeset


def _volume(exporter: Exporter, tab: str, sections: Sequence[Section]) -> Volume:
    """Return what a file of ``sections`` holds; in an excerpt all begin on the first level that there is."""
    app, settings = _reader(exporter).app, exporter.book.settings
    pages = ordered(app.env, [section.page for section in sections])
    address = site_address(exporter.base, tab) if exporter.base else lambda _page, _anchor: ""
    title = str(exporter.config.get("title") or app.config.project)
    return Volume(tab, title, settings.tabs[tab].name, pages, address)


def _reader(exporter: Exporter) -> Reader:
    assert isinstance(exporter.read, Reader)
    return exporter.read


def _written(
    exporter: Exporter, tab: str, sections: Sequence[Section], builder: type[OneTabBuilder]
) -> OneTabBuilder:
    """Return a builder that has written ``sections``, in a folder of its own that is left for its log."""
    app = _reader(exporter).app
    folder = Path(app.outdir) / builder.name / tab
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return make(app, builder, _volume(exporter, tab, sections), folder)


def _pdf(exporter: Exporter, tab: str, sections: Sequence[Section], name: str) -> Made:
    made = _written(exporter, tab, sections, PdfBuilder)
    data, faults = typeset(Path(made.outdir))
    return {f"{name}.pdf": data}, [*made.faults, *faults]


def _epub(exporter: Exporter, tab: str, sections: Sequence[Section], name: str) -> Made:
    made = _written(exporter, tab, sections, EpubBuilder)
    assert isinstance(made, EpubBuilder)
    return {f"{name}.epub": made.packed()}, made.faults


def _check_pdf(book: Book) -> None:
    check_tools(book.settings.language)


PDF = Format(
    name="pdf",
    contents="a PDF of the book",
    whole=_pdf,
    check=_check_pdf,
    ending=".pdf",
    book_link="PDF",
)
EPUB = Format(name="epub", contents="an EPUB of it", whole=_epub, ending=".epub", book_link="EPUB")
