"""What readers can take away from the site: notebooks, archives and decks, and links to them.

The links are plain HTML below each title, one line per framework; the script that chooses what
the page shows chooses the line as well, and without it all are visible.
"""

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from posixpath import dirname, relpath
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.util import logging

from tabbook.config import BookSettings
from tabbook.errors import TabbookError
from tabbook.export import SITE_FOLDER
from tabbook.export.exporter import Exporter
from tabbook.export.formats import formats
from tabbook.export.library import branch_of
from tabbook.export.make import NOTEBOOKS
from tabbook.language import translator
from tabbook.model import Section
from tabbook.render.export_pages import Reader
from tabbook.render.pages import current_book
from tabbook.render.resolved import building_exports
from tabbook.render.site_exports import EXPORTS_FILE, books, inputs_hash, is_book, update

_log = logging.getLogger(__name__)
Links = list[tuple[str, str]]


def links_of(section: Section, tab: str, settings: BookSettings, up: str) -> Links:
    """Return the names and addresses of what there is of ``section`` in ``tab``.

    ``up`` leads from the page to the root of the site, and ends with a slash if not empty.
    """
    path, _ = quote(section.page), translator(settings.language)
    links: Links = []
    for wanted in formats():
        has_it = wanted.has(section, tab)
        if settings.exports and wanted.page_link and has_it:
            file = f"{up}{SITE_FOLDER}/{wanted.name}/{tab}/{path}{wanted.ending}"
            links.append((_(wanted.page_link), file))
        if settings.repository is not None and wanted is NOTEBOOKS and has_it:
            repository = settings.repository.url.removeprefix("https://github.com/")
            branch = quote(branch_of(settings.repository, tab))
            colab = f"https://colab.research.google.com/github/{repository}/blob/{branch}/{path}.ipynb"
            binder = f"https://mybinder.org/v2/gh/{repository}/{quote(branch, safe='')}"
            links += [("Colab", colab), ("Binder", f"{binder}?urlpath=lab/tree/{path}.ipynb")]
    return links


def book_links(exporter: Exporter, tab: str, up: str) -> Links:
    """Return the addresses of what the site has of the whole book in ``tab``: archives, and books if made."""
    book, links = exporter.book, Links()
    _ = translator(book.settings.language)
    for wanted in formats() if book.settings.exports else ():
        if wanted.is_archived and any(wanted.has(section, tab) for section in book.readable_sections[0]):
            links.append((_(wanted.book_link), f"{up}{SITE_FOLDER}/{wanted.name}/{tab}.zip"))
        for place in books(exporter, wanted) if is_book(wanted) else ():
            if place.startswith(f"{tab}/"):
                links.append((_(wanted.book_link), f"{up}{SITE_FOLDER}/{wanted.name}/{quote(place)}"))
    return links


def landing_page(app: Sphinx, _env: object) -> list[str]:
    """Return the landing page, to be written again, if it does not link to the books that there are now."""
    book = current_book(app)
    if book is None or not book.settings.exports or app.builder.name not in ("html", "dirhtml"):
        return []
    page = book.files[0].removesuffix(".md")
    file = Path(app.builder.get_outfilename(page))  # type: ignore[attr-defined]  # the site's
    if not file.is_file():
        return []
    exporter, text = Exporter(book, Reader(app)), file.read_text(encoding="utf-8")
    whole = [wanted for wanted in formats() if is_book(wanted)]
    now = {f"{wanted.name}/{quote(place)}" for wanted in whole for place in books(exporter, wanted)}
    linked = {
        found for wanted in whole for found in re.findall(rf"{SITE_FOLDER}/({wanted.name}/[^\"]+)", text)
    }
    return [page] if now != linked else []


def links_html(links: Mapping[str, Links], settings: BookSettings) -> str:
    """Return the lines of links, one per framework; nothing if there are none."""
    shown = {tab: found for tab, found in links.items() if found}
    if not shown:
        return ""
    lines = []
    for tab, found in shown.items():
        anchors = " · ".join(
            f'<a class="reference external" href="{escape(address)}"{_download(address)}>{escape(name)}</a>'
            for name, address in found
        )
        lines.append(
            f'<p class="tabbook-links" data-tabs="{tab}"><strong>{escape(settings.tabs[tab].name)}</strong>: '
            f"{anchors}</p>"
        )
    content = "\n".join(lines)
    return f'<div class="tabbook-exports" data-tabs="{" ".join(shown)}">\n{content}\n</div>'


def _download(address: str) -> str:
    return " download" if f"{SITE_FOLDER}/" in address and not address.endswith(".html") else ""


def add_links(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Put the links of a page below its title."""
    book = current_book(app)
    if book is None or "body" not in context or not (book.settings.exports or book.settings.repository):
        return
    section = next((one for one in book.readable_sections[0] if one.path == f"{page}.md"), None)
    if section is None:
        return
    up = f"{relpath('.', dirname(page))}/" if "/" in page else ""
    links = {tab: links_of(section, tab, book.settings, up) for tab in book.settings.tabs}
    if section.path == book.files[0]:
        exporter = Exporter(book, Reader(app))
        links = {tab: [*found, *book_links(exporter, tab, up)] for tab, found in links.items()}
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{links_html(links, book.settings)}", 1)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the exports, when the pages are written."""
    if exception is not None or app.builder.name not in ("html", "dirhtml"):
        return
    book = current_book(app)
    if book is None or not book.settings.exports:
        return
    exporter = Exporter(book, Reader(app))
    memory = Path(app.doctreedir) / EXPORTS_FILE
    try:
        stamp = inputs_hash(app, exporter)
        with building_exports(app):
            faults = update(exporter, Path(app.outdir) / SITE_FOLDER, memory, stamp, app.parallel)
    except TabbookError as error:
        faults = error.faults
    for fault in faults:
        place = f"{Path(app.srcdir) / fault.path}:{fault.line or 1}"
        text = f"in the exports: {fault.message} [tabbook.export]"
        _log.warning(text, location=place, type="tabbook", subtype="export")
