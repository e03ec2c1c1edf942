"""The command ``tabbook check``: what is wrong with a book, without running any of it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tabbook.cli.options import CURRENT_FOLDER, BookOption, load, read_quickly

if TYPE_CHECKING:
    from tabbook.errors import Fault


def check(
    book: BookOption = CURRENT_FOLDER,
    no_pages: Annotated[
        bool, typer.Option("--no-pages", help="Skip what only Sphinx can find, such as unknown labels.")
    ] = False,
) -> None:
    """Check every section and page; run nothing, and write no site.

    What `tabbook lib` and `tabbook build` would refuse is reported, with its place: first what is
    wrong with code, options and the library, then what Sphinx would warn of.
    """
    read_quickly()
    from tabbook.checks.core import check_core, faulty_pages
    from tabbook.checks.pages import begin_pages

    loaded = load(book)
    pages = None if no_pages else begin_pages(loaded)
    loaded.prepare_check()
    faults = check_core(loaded)
    loaded.cache.save()  # now, for the process that reads the pages
    if pages is not None:
        faults += _new(pages(), faults, faulty_pages(loaded))
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        typer.echo(f"tabbook: {len(faults)} fault{'s' * (len(faults) > 1)}", err=True)
        raise typer.Exit(1)
    cells, tabs = sum(len(section.code_cells) for section in loaded.sections), len(loaded.settings.tabs)
    typer.echo(f"{len(loaded.sections)} sections, {cells} code cells, {tabs} tabs: no fault")


def _new(
    page_faults: "Iterable[Fault] | None", known: "Sequence[Fault]", faulty: frozenset[str]
) -> "list[Fault]":
    """Return what Sphinx found that is not known, but for pages that it could not see as they are."""
    if page_faults is None:
        typer.echo("the pages were not checked: pip install 'tabbook[render]' for that", err=True)
    said = {str(fault) for fault in known}  # Sphinx has message and hint in one
    return [fault for fault in page_faults or () if fault.path not in faulty and str(fault) not in said]
