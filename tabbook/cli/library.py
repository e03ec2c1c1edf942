"""How commands bring the library up to date, and what they can execute where that fails."""

from typing import TYPE_CHECKING

import typer

from tabbook.errors import Fault, TabbookError

if TYPE_CHECKING:
    from tabbook.book import Book
    from tabbook.model import Section


def update_library(book: "Book") -> None:
    """Write the library, and say which files changed and which were not imported.

    Raises:
        TabbookError: The sections do not make a library; nothing is written.
    """
    from tabbook.library.generator import generate, update

    report = update(book, generate(book))
    for path in report.written:
        typer.echo(f"wrote {path}")
    for path in report.removed:
        typer.echo(f"removed {path}: no tab of the book generates it")
    for tab in report.unchecked:
        module = book.library_path(tab)
        typer.echo(f"warning: {module} was not imported: no {tab} environment", err=True)
    if not (report.written or report.removed):
        typer.echo(f"{book.settings.library.path} is up to date")


def sound(book: "Book", names: tuple[str, ...]) -> tuple[tuple["Section", ...], tuple[Fault, ...]]:
    """Bring the library up to date; return the sections to execute, and the faults of the others.

    A section with faults does not stop the others. What it would save is not known, so they are
    executed with the library as it is on disk.

    Raises:
        UsageError: ``names`` has a name that means no section, or several.
        TabbookError: The configuration or the table of contents has faults, or a section that is named.
    """
    chosen = book.find(names, readable=True)
    try:
        update_library(book)
    except TabbookError as error:
        if not book.concerns_sections_only(error.faults):
            raise
        faults = error.faults
    else:
        return chosen, ()
    wrong = {fault.path for fault in faults} & {*book.files}
    if names and (asked := [f for f in faults if f.path in {section.path for section in chosen}]):
        raise TabbookError(asked)
    what = "the library stays as it was, and the other sections are executed with it"
    if not book.has_library:
        what, chosen = "there is no library yet, so nothing is executed", ()
    typer.echo(f"faults in {', '.join(sorted(wrong)) or book.settings.library.path}: {what}", err=True)
    return tuple(section for section in chosen if section.path not in wrong), faults
