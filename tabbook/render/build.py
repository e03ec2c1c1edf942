"""The site of a book: where it is, and how it is built."""

import os
from dataclasses import dataclass
from pathlib import Path

from tabbook.book import Book


@dataclass(frozen=True, slots=True)
class Site:
    """A built site. ``page`` is the file to open first; ``status`` is 0 if all went well."""

    page: Path
    status: int


def build_site(
    book: Book, *, warnings_as_errors: bool = True, jobs: int | None = None, quiet: bool = False
) -> Site:
    """Build the pages of ``book`` into ``book.site``, with the outputs that the store has.

    The pages are those of ``jupyter-book build``; ``jobs`` processes read and write them (as
    many as there are cores, if not said). Sphinx prints its warnings on standard error, and
    its progress on standard output unless ``quiet``. Pages that did not change are kept.
    """
    from tabbook.render.pages import known
    from tabbook.render.site import run_sphinx

    jobs = jobs or os.cpu_count() or 1
    with known(book):
        status = run_sphinx(
            book.root, book.site, warnings_as_errors=warnings_as_errors, jobs=jobs, quiet=quiet
        )
    page = book.files[0].removesuffix(".md") + ".html"
    return Site(book.site / page, status)
