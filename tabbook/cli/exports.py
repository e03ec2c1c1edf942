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
    book's notebooks there is an archive, too. Files that did not change are left alone, and those
    of sections that are gone go when the whole book is exported. A section with faults is left
    out, and the status is 1.
    """
    from tabbook.errors import TabbookError
    from tabbook.export.exporter import Exporter
    from tabbook.export.folder import check_folder, write_export
    from tabbook.export.make import check_format
    from tabbook.export.make import export as make
    from tabbook.export.write import archives

    check_format(kind)
    loaded = load(book)
    tabs = loaded.tabs(tuple(tab or ()))
    folder = to or loaded.root / "_build" / "exports" / kind
    check_folder(loaded, folder)
    chosen = loaded.find(tuple(sections or ()), readable=True)
    exporter = Exporter(loaded)
    made = make(exporter, kind, chosen, tabs, named=bool(sections))
    files, faults = made.files, set(made.faults)
    if not sections:
        faults |= {*loaded.readable[1], *exporter.library[1]}
        if kind == "ipynb":
            files |= archives(files)
    # What a section with faults left the last time is better than nothing.
    changed, gone = write_export(folder, files, tabs if not sections and not faults else ())
    removed = f", {gone} others removed" if gone else ""
    typer.echo(f"{len(files)} files in {folder}, {changed} of them new or changed{removed}")
    if faults:
        raise TabbookError(faults)
