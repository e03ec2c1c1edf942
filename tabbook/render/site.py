"""The site of a book: where it is, and how it is built."""

from dataclasses import dataclass
from pathlib import Path

from tabbook.book import Book
from tabbook.errors import Fault
from tabbook.machine import cores

NO_SITE_STATUS = 2
"""The status of a build that left no site."""


@dataclass(frozen=True, slots=True)
class Site:
    """A built site. ``page`` is the file to open first; ``status`` is 0 if all went well.

    ``faults`` are those of the pages, in the order of their places, also those of pages that were kept.
    """

    page: Path
    status: int
    faults: tuple[Fault, ...] = ()


def build_site(
    book: Book, *, warnings_as_errors: bool = True, jobs: int | None = None, quiet: bool = False
) -> Site:
    """Build the pages of ``book`` into ``book.site``, with the outputs that the store has.

    The pages are those of ``jupyter-book build``; ``jobs`` processes read and write them (as
    many as there are cores, if not said). Sphinx's progress goes to standard output unless
    ``quiet``. Pages that did not change are kept.
    """
    from tabbook.lazy_imports import lazy_classes

    with lazy_classes():
        from tabbook.render.site_build import run_sphinx

    faults, page = run_sphinx(book, book.site, jobs=jobs or cores(), quiet=quiet)
    if page is None:
        return Site(book.site, NO_SITE_STATUS, tuple(faults))
    return Site(page, int(warnings_as_errors and bool(faults)), tuple(faults))
