"""The command ``tabbook export``: what readers and teachers take away."""

from pathlib import Path
from typing import Annotated

import typer

from tabbook.cli.options import HERE, BookOption, SectionsArgument, TabOption, load


def export(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="ipynb (notebooks), slides, or markdown.")],
    sections: SectionsArgument = None,
    book: BookOption = HERE,
    tab: TabOption = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Where to; _build/exports/FORMAT if not given.")
    ] = None,
) -> None:
    """Write notebooks, slides or Markdown, one framework at a time.

    Outputs are those that the store has: nothing is executed. References have the numbers of
    the last build, and titles where there was none. Each framework gets a folder; of the whole
    book's notebooks there is an archive, too. Files that did not change are left alone.
    """
    from tabbook.export.make import Exporter
    from tabbook.export.make import export as make
    from tabbook.export.write import archives, write_all

    loaded = load(book)
    tabs = loaded.tabs(tuple(tab or ()))
    chosen = loaded.find(tuple(sections or ()))
    files = make(Exporter(loaded), kind, chosen, tabs, named=bool(sections))
    if kind == "ipynb" and not sections:
        files |= archives(files)
    folder = to or loaded.root / "_build" / "exports" / kind
    changed = write_all(folder, files)
    typer.echo(f"{len(files)} files in {folder}, {changed} of them new or changed")
