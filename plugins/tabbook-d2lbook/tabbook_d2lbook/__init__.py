"""Books in d2lbook's Markdown become books of ours: ``tabbook import d2lbook SRC DEST``.

The way: ``project`` reads the source's configuration; for each page, ``fences`` and ``scan`` say
what stands where, ``headings``, ``figures``, ``tables``, ``equations`` (with ``formulas``),
``inline``, ``emphasis``, ``anchors`` and ``blocks`` make edits of that, ``cells`` settles the code;
``book`` looks at all pages together (order, labels, what is saved); ``settings`` writes the
project's files and ``write`` the destination. What pandoc and Sphinx read without d2lbook's marks is
the work of ``pandoc`` and ``rst``.

``dialect`` tells books for Quarto from the others. What these have besides is the work of ``quarto``
(its own Markdown on pages), ``quarto_contents`` (its list of pages) and ``slides``.
"""

from pathlib import Path

from tabbook.errors import usage
from tabbook.importers.report import Findings, Report, make_report
from tabbook_d2lbook.book import convert_book
from tabbook_d2lbook.dialect import Dialect
from tabbook_d2lbook.project import in_dialect, load_project, load_single
from tabbook_d2lbook.write import check_places, write_tree

__all__ = ["import_book"]


def import_book(
    source: Path, destination: Path, *, force: bool = False, dialect: Dialect | None = None
) -> Report:
    """Import a d2lbook project, or one page, and return the report of it.

    ``destination`` is written as a whole or not at all; ``source`` is only read. ``dialect`` is how
    its pages are to be read; if not given, it is recognized.

    Raises:
        UsageError: The source is no such project, or the destination cannot be written to.
    """
    check_places(source, destination, force=force)
    findings = Findings()
    if source.is_dir():
        try:
            project = load_project(source, findings)
        except FileNotFoundError as error:
            raise usage(f"{source} is no d2lbook project: it has {error}", "name its root folder") from None
    else:
        project = load_single(source, findings)
    project = in_dialect(project, dialect, findings)
    book = convert_book(project, findings)
    copies = [(path, name) for name, path in book.copies.items()]
    try:
        write_tree(destination, book.texts, copies)
    except OSError as error:
        hint = "name another destination"
        raise usage(f"{destination} cannot be written: {error.strerror}", hint) from None
    return make_report(source.name, findings, book.counts)
