"""The site, built as ``jupyter-book build`` builds it, but reading its pages in parallel."""

import sys
from pathlib import Path

from sphinx.util.console import color_terminal, nocolor

from tabbook.book import Book
from tabbook.errors import Fault
from tabbook.render.application import application, configuration
from tabbook.render.contained import ContainedBuilder
from tabbook.render.messages import fault_of, faults_of

WARNINGS_FILE = "tabbook-warnings.json"
"""The file, beside Sphinx's own, that says what the builds so far said of each page."""


def run_sphinx(book: Book, out: Path, *, jobs: int, quiet: bool) -> tuple[list[Fault], Path | None]:
    """Build ``book`` into ``out``; return its faults by place, and its first page if there is a site.

    Sphinx's progress goes to standard output, unless ``quiet``.
    """
    known, faults = configuration(book)
    if faults:
        return sorted(faults), None
    config = {**known, "tabbook_sharing": True}
    if not color_terminal():
        nocolor()
    doctrees = out.parent / ".doctrees"
    # Of the processes that write pages, Sphinx counts the one that hands them their work.
    processes = jobs + 1 if jobs > 1 else 1
    status = None if quiet else sys.stdout
    try:
        folders = {"outdir": out, "doctreedir": doctrees}
        with application(
            book, ContainedBuilder, config, folders, doctrees / WARNINGS_FILE, jobs=processes, status=status
        ) as app:
            app.build()
            return faults_of(app, app.end()), Path(app.builder.get_outfilename(app.config.root_doc))
    except Exception as error:  # of the theme, say, or of an extension at the end
        return [fault_of(error, book.root)], None
