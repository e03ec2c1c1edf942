"""Books in d2lbook's Markdown become books of ours: ``tabbook import d2lbook SRC DEST``.

The way: ``project`` reads the source's configuration; for each page, ``fences`` and ``scan`` say
what stands where, ``headings``, ``figures``, ``tables``, ``equations`` (with ``formulas``),
``inline``, ``emphasis``, ``anchors`` and ``blocks`` make edits of that, ``cells`` settles the code;
``book`` looks at all pages together (order, labels, what is saved); ``settings`` writes the
project's files. What pandoc and Sphinx read without d2lbook's marks is
the work of ``pandoc`` and ``rst``.

``dialect`` recognizes books for Quarto. Their own constructs are converted by ``quarto``
(its own Markdown on pages), ``quarto_contents`` (its list of pages) and ``slides``.
"""

from pathlib import Path
from typing import Annotated

import typer

from tabbook.errors import usage
from tabbook.importers.importer import ImportedBook, Importer
from tabbook.importers.importer import import_book as import_with
from tabbook.importers.report import Findings, Report
from tabbook_d2lbook.dialect import Dialect

__all__ = ["IMPORTER", "import_book"]

DialectOption = Annotated[
    Dialect | None,
    typer.Option(
        "--dialect",
        help="How SRC is read: as d2lbook does, or as books for Quarto are, where a cell without a mark"
        " belongs to every framework. If not given, it is recognized.",
        show_default=False,
    ),
]


def _convert(source: Path, findings: Findings, *, dialect: DialectOption = None) -> ImportedBook:
    """Return the book that a d2lbook project, or one of its pages, becomes.

    Raises:
        UsageError: The source is no such project.
    """
    from tabbook_d2lbook.book import convert_book
    from tabbook_d2lbook.project import in_dialect, load_project, load_single

    if source.is_dir():
        try:
            project = load_project(source, findings)
        except FileNotFoundError as error:
            raise usage(
                f"{source} is not a d2lbook project: it has {error}", "name its root folder"
            ) from None
    else:
        project = load_single(source, findings)
    return convert_book(in_dialect(project, dialect, findings), findings)


IMPORTER = Importer("Turn a d2lbook project, or one of its pages, into a book of ours.", _convert)


def import_book(
    source: Path, destination: Path, *, force: bool = False, dialect: Dialect | None = None
) -> Report:
    """Import a d2lbook project, or one page, and return the report of it.

    ``destination`` is written as a whole or not at all; ``source`` is only read. ``dialect`` is how
    its pages are to be read; if not given, it is recognized.

    Raises:
        UsageError: The source is no such project, or the destination cannot be written to.
    """
    return import_with(IMPORTER, source, destination, force=force, options={"dialect": dialect})
