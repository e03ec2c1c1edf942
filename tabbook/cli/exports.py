"""The command ``tabbook export``: what readers and teachers take away."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from tabbook.cli.options import CURRENT_FOLDER, BookOption, SectionsArgument, TabOption, load

if TYPE_CHECKING:
    from tabbook.book import Book


class ExportCommand(TyperCommand):
    """The command, whose help lists the formats that are installed."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the list: finding out takes a moment, which no other command must wait for."""
        from tabbook.export.formats import formats, names

        try:
            listed = [f"{one.name} ({one.contents})" for one in formats()]
        except ModuleNotFoundError:  # what makes exports is not installed; see `main`
            listed = [*names()]
        formatter.write_paragraph()
        formatter.write_text(f"Formats: {', '.join(listed)}; branches (of notebooks, for Colab and Binder).")
        super().format_epilog(ctx, formatter)


def export(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="What to write; see below.")],
    sections: SectionsArgument = None,
    book: BookOption = CURRENT_FOLDER,
    tab: TabOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="The folder to write to; by default _build/exports/FORMAT."),
    ] = None,
    remote: Annotated[
        str | None,
        typer.Option(
            "--remote", metavar="URL", help="The repository of the branches, if not that of _config.yml."
        ),
    ] = None,
) -> None:
    """Write what readers take away, one framework at a time: notebooks, a PDF, and so on.

    Outputs are those that the store has: nothing is executed. Sphinx reads the book first, as far
    as it has changed, so text, numbers and references are those of the site. Each framework gets a
    folder; of the whole book's notebooks there is an archive, too. Files that did not change are
    left alone, and those of sections that are gone go when the whole book is exported. A section
    with faults is left out, and the status is 1.

    Of branches, which Colab and Binder open, it makes a repository to push from: a branch of
    notebooks for each framework.
    """
    from tabbook.errors import TabbookError
    from tabbook.export.exporter import Exporter
    from tabbook.export.folder import check_folder, write_export
    from tabbook.export.formats import format_named
    from tabbook.export.make import export as make
    from tabbook.export.write import archives
    from tabbook.render.export_pages import with_pages

    if kind == "branches":
        _branches(load(book), tuple(sections or ()), tuple(tab or ()), to, remote)
        return
    wanted = format_named(kind)
    loaded = load(book)
    if wanted.check is not None:
        wanted.check(loaded)
    tabs = loaded.tabs(tuple(tab or ()))
    folder = to or loaded.root / "_build" / "exports" / kind
    check_folder(loaded, folder)
    chosen = loaded.find(tuple(sections or ()), readable=True)
    made = with_pages(
        loaded, lambda read: make(Exporter(loaded, read), kind, chosen, tabs, named=bool(sections))
    )
    loaded.cache.save()  # what was worked out of the sections, for the next command
    files, faults = made.files, set(made.faults)
    if not sections:
        faults |= {*loaded.readable_sections[1], *made.library_faults}
        if wanted.is_archived:
            files |= archives(files)
    # What a section with faults left the last time is better than nothing.
    changed, gone = write_export(folder, files, tabs if not sections and not faults else ())
    removed = f", {gone} others removed" if gone else ""
    typer.echo(f"{len(files)} files in {folder}, {changed} of them new or changed{removed}")
    if faults:
        raise TabbookError(faults)


def _branches(
    book: "Book", sections: tuple[str, ...], tabs: tuple[str, ...], to: Path | None, remote: str | None
) -> None:
    from tabbook.config import Repository
    from tabbook.errors import TabbookError, usage
    from tabbook.export.exporter import Exporter
    from tabbook.export.folder import check_folder
    from tabbook.export.git_branches import make_branches
    from tabbook.export.library import branch_of
    from tabbook.export.make import export as make
    from tabbook.render.export_pages import with_pages

    chosen, repository = book.tabs(tabs), book.settings.repository
    if sections:
        raise usage("a branch has the whole book", "name no section")
    address = remote or (repository.url if repository else "")
    if not address:
        raise usage("there is no repository", "write one into _config.yml, or name it with --remote")
    folder = to or book.root / "_build" / "exports" / "branches"
    check_folder(book, folder)
    made = with_pages(book, lambda read: make(Exporter(book, read), "ipynb", book.sections, chosen))
    if faults := {*made.faults, *made.library_faults}:
        raise TabbookError(faults)
    names = {tab: branch_of(repository or Repository(url="https://github.com/a/b"), tab) for tab in chosen}
    branches = {
        names[tab]: {
            path.removeprefix(f"{tab}/"): data
            for path, data in made.files.items()
            if path.startswith(f"{tab}/")
        }
        for tab in chosen
    }
    message = f"The book's notebooks{_commit_of(book)}\n"
    changed = make_branches(folder, branches, address, message)
    typer.echo(f"{len(branches)} branches in {folder}, {len(changed)} of them new or changed")
    typer.echo(f"publish them: git -C {folder} push --all {address}")


def _commit_of(book: "Book") -> str:
    """Return of which commit the book is; empty if git does not know."""
    try:
        command = ["git", "-C", str(book.root), "describe", "--always", "--dirty"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f", as of {done.stdout.strip()}"
