"""The pages of a book, read and resolved by Sphinx for exports alone: nothing of a site is written.

Sphinx's memory is apart from the site's, whose builder would otherwise take pages for written that
were only read. But what the site's builder has read is taken over.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from docutils import nodes
from sphinx.application import ENV_PICKLE_FILENAME, Sphinx

from tabbook.book import Book
from tabbook.errors import ConfigError, Fault, ReadError, TabbookError, usage
from tabbook.export.page import Links, Piece, ReadPieces
from tabbook.machine import cores
from tabbook.model import Projection
from tabbook.render.application import application, configuration, memory_folder
from tabbook.render.epub import CONFIG as EPUB
from tabbook.render.latex import CONFIG as LATEX
from tabbook.render.plain.pieces import pieces_of
from tabbook.render.resolved import ExportBuilder, resolved_tree
from tabbook.render.site_build import WARNINGS_FILE

_FOLDER = ".export"
_Made = TypeVar("_Made")


class Reader:
    """Gives the pieces of a page, in a build for exports; it keeps the tree of the last page."""

    def __init__(self, app: Sphinx) -> None:
        self.app = app
        self._tree: tuple[str, nodes.document] | None = None

    def __call__(self, projection: Projection, places: Links) -> tuple[Piece, ...]:
        """Return the pieces of the page of ``projection``.

        Raises:
            ReadError: Sphinx does not read this page.
        """
        page, env = projection.section.page, self.app.env
        if page not in env.found_docs:
            hint = "add it to the table of contents, or see 'tabbook check'"
            raise ReadError([Fault(projection.section.path, 1, "Sphinx does not read this page", hint)])
        if self._tree is None or self._tree[0] != page:
            self._tree = page, resolved_tree(self.app, page)
        return pieces_of(self._tree[1], env, projection, places)


def with_pages(book: Book, make: Callable[[ReadPieces], _Made]) -> _Made:
    """Return what ``make`` makes of the pages of ``book``; Sphinx reads those that have changed.

    Raises:
        TabbookError: What ``make`` raises, or Sphinx cannot read the book.
    """
    config, faults = configuration(book)
    if faults:
        raise ConfigError(sorted(faults))
    jobs = cores() + 1  # Sphinx counts the process that hands out the work
    config = {**config, **LATEX, **EPUB}
    with memory_folder(book.site.parent / _FOLDER) as folder:
        doctrees = folder / "doctrees"
        _take_over(book.site.parent / ".doctrees", doctrees)
        folders = {"outdir": folder, "doctreedir": doctrees}
        try:
            with application(
                book, ExportBuilder, config, folders, doctrees / WARNINGS_FILE, jobs=jobs
            ) as app:
                app.build()
                return make(Reader(app))
        except TabbookError:
            raise
        except Exception as error:  # an extension can raise anything
            words = " ".join(str(error).split()) or type(error).__name__
            raise usage(f"Sphinx cannot read the book: {words}", "see 'tabbook check'") from error


def _take_over(theirs: Path, ours: Path) -> None:
    """Take what the site's builder has read, if it has done so later than we have."""
    if _time_of(theirs) > _time_of(ours):
        shutil.rmtree(ours, ignore_errors=True)
        shutil.copytree(theirs, ours)


def _time_of(doctrees: Path) -> int:
    pickled = doctrees / ENV_PICKLE_FILENAME
    return pickled.stat().st_mtime_ns if pickled.is_file() else 0
