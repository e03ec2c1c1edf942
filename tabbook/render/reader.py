"""The pages of a book, read and resolved by Sphinx for exports alone: nothing of a site is written.

Sphinx's memory is apart from the site's, whose builder would otherwise take pages for written that
were only read. But what the site's builder has read is taken over.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from docutils import nodes
from sphinx.application import Sphinx

from tabbook.book import Book
from tabbook.errors import ConfigError, Fault, ReadError, TabbookError, usage
from tabbook.export.page import Piece, Places, Read
from tabbook.machine import cores
from tabbook.model import Projection
from tabbook.render.application import application, configuration
from tabbook.render.packed import NAME
from tabbook.render.pages import known
from tabbook.render.plain import pieces_of
from tabbook.render.resolved import ExportBuilder, resolved
from tabbook.render.site import MEMORY

_MEMORY = "environment.pickle"
_FOLDER = ".export"
_Made = TypeVar("_Made")
_use: Callable[[Sphinx], None] | None = None


def reader(app: Sphinx) -> Read:
    """Return what gives the pieces of a page, in a build for exports; it keeps the tree of the last page."""
    trees: dict[str, nodes.document] = {}

    def read(projection: Projection, places: Places) -> tuple[Piece, ...]:
        page = projection.section.path.removesuffix(".md")
        if page not in app.env.found_docs:
            hint = "add it to the table of contents, or see 'tabbook check'"
            raise ReadError([Fault(projection.section.path, 1, "Sphinx does not read this page", hint)])
        if page not in trees:
            trees.clear()
            trees[page] = resolved(app, page)
        return pieces_of(trees[page], app.env, projection, places)

    return read


def with_pages(book: Book, make: Callable[[Read], _Made]) -> _Made:
    """Return what ``make`` makes of the pages of ``book``; Sphinx reads those that have changed.

    Raises:
        TabbookError: What ``make`` raises, or Sphinx cannot read the book.
    """
    made: list[_Made] = []
    failed: list[TabbookError] = []

    def use(app: Sphinx) -> None:
        try:
            made.append(make(reader(app)))
        except TabbookError as error:
            failed.append(error)

    with _folder(book) as folder, known(book), _using(use):
        _take_over(book.site.parent / ".doctrees", folder / "doctrees")
        try:
            _run(book, folder)
        except Exception as error:  # an extension can raise anything
            words = " ".join(str(error).split()) or type(error).__name__
            raise usage(f"Sphinx cannot read the book: {words}", "see 'tabbook check'") from error
    if failed:
        raise failed[0]
    return made[0]


def _run(book: Book, folder: Path) -> None:
    config, faults = configuration(book)
    if faults:
        raise ConfigError(sorted(faults))
    doctrees = folder / "doctrees"
    folders = {"outdir": folder, "doctreedir": doctrees}
    jobs = cores() + 1  # Sphinx counts the process that hands out the work
    with application(book, ExportBuilder, config, folders, doctrees / MEMORY, jobs=jobs) as app:
        app.build()


@contextlib.contextmanager
def _using(use: Callable[[Sphinx], None]) -> Iterator[None]:
    """Let a build for exports do this with its pages."""
    global _use  # noqa: PLW0603 - Sphinx makes the builder
    _use = use
    try:
        yield
    finally:
        _use = None


def use_pages(app: Sphinx, exception: Exception | None) -> None:
    """Make the exports, when the pages are read."""
    if exception is None and app.builder.name == NAME and _use is not None:
        _use(app)


@contextlib.contextmanager
def _folder(book: Book) -> Iterator[Path]:
    """Yield the folder of Sphinx's memory: a temporary one, where the book can only be read."""
    folder = book.site.parent / _FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        with tempfile.TemporaryDirectory(prefix="tabbook-export-") as name:
            yield Path(name)
    else:
        yield folder


def _take_over(theirs: Path, ours: Path) -> None:
    """Take what the site's builder has read, if it has done so later than we have."""
    times = [
        (path / _MEMORY).stat().st_mtime_ns if (path / _MEMORY).is_file() else 0 for path in (theirs, ours)
    ]
    if times[0] > times[1]:
        shutil.rmtree(ours, ignore_errors=True)
        shutil.copytree(theirs, ours)


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0
