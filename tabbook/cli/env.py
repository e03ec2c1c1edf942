"""The commands ``tabbook env …``: the frameworks' environments, and their kernels in Jupyter."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabbook.cli.options import CURRENT_FOLDER, BookOption, TabOption, load

if TYPE_CHECKING:
    from tabbook.book import Book
    from tabbook.environments import EnvironmentState

env_app = typer.Typer(
    help="Show, make and register the frameworks' environments.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@env_app.callback()
def env(context: typer.Context, book: BookOption = CURRENT_FOLDER) -> None:
    """Show the state of the frameworks' environments.

    Each framework runs in one of its own, since their packages conflict.
    """
    if context.invoked_subcommand is None:
        from tabbook.environments import state, unused

        loaded = load(book)
        states = [state(loaded, tab) for tab in loaded.settings.tabs]
        _show_environments(loaded, (*states, *unused(loaded)))
        if not all(item.usable for item in states):
            raise typer.Exit(1)


@env_app.command("list")
def env_list(
    book: BookOption = CURRENT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as a list in JSON.")] = False,
) -> None:
    """Print the tabs of the book, in its order, for scripts and workflows."""
    import json

    from tabbook.config import CONFIG_FILE, find_book, read_settings

    path = find_book(book) / CONFIG_FILE
    tabs = list(read_settings(path.read_text(encoding="utf-8")).tabs)
    typer.echo(json.dumps(tabs) if as_json else " ".join(tabs))


@env_app.command("make")
def env_make(
    book: BookOption = CURRENT_FOLDER,
    tab: TabOption = None,
    force: Annotated[bool, typer.Option("--force", help="Make them again even if up to date.")] = False,
) -> None:
    """Make the environments that are missing or whose requirements changed.

    One that cannot be made is reported with the reason, and the others go on.
    """
    from tabbook.environments import make

    loaded = load(book)
    states = []
    for name in loaded.tabs(tuple(tab or ())):
        typer.echo(f"environment of {name} …")
        states.append(make(loaded, name, force=force))
    _show_environments(loaded, states)
    if not all(item.usable for item in states):
        raise typer.Exit(1)


def _show_environments(book: "Book", states: Sequence["EnvironmentState"]) -> None:
    for item in states:
        folder = book.venv(item.tab).relative_to(book.root)
        reason = f"\n    {item.reason}".replace("\n", "\n    ").rstrip() if item.reason else ""
        typer.echo(f"  {item.tab:12} {item.status:9} {folder}{reason}")


@env_app.command("kernels")
def env_kernels(
    book: BookOption = CURRENT_FOLDER,
    tab: TabOption = None,
    prefix: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Register under DIR/share/jupyter, not for the user."),
    ] = None,
) -> None:
    """Register a Jupyter kernel for each framework, so that sections open and run in JupyterLab."""
    from tabbook.kernel_specs import register

    loaded = load(book)
    for folder in register(loaded, loaded.tabs(tuple(tab or ())), prefix=prefix):
        typer.echo(f"registered {folder}")
