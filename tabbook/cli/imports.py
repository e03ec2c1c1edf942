"""``tabbook import``: a command for each importer that is installed."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tabbook.errors import UsageError, usage

if TYPE_CHECKING:
    from tabbook.importers.importer import Importer

_ABOUT = """
SRC is only read. Whatever is wrong in it is reported with its place, and stays visible in the
result where it can; the exit status is then 1.
"""
SourceArgument = Annotated[
    Path, typer.Argument(metavar="SRC", help="The project's folder, or one of its pages.")
]
DestinationArgument = Annotated[Path, typer.Argument(metavar="DEST", help="The folder of the new book.")]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write all findings as JSON.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace DEST if it exists.")]


class Importers(TyperGroup):
    """The commands of the importers, looked for when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # Typer's signature
        """Return the names of the importers that are installed."""
        from tabbook.plugins import IMPORTERS, installed

        return list(installed(IMPORTERS))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # Typer's signature
        """Return the command of one importer; where it cannot be used, one that says why."""
        from tabbook.plugins import IMPORTERS, load

        wish = f"import {cmd_name}"
        try:
            return _command(cmd_name, load(IMPORTERS, cmd_name, wish))
        except UsageError as error:
            return _refusing(cmd_name, error)
        except Exception as error:  # of many kinds: one bad plugin must not cost the help of the others
            reason = f"its plugin does not fit this tabbook: {type(error).__name__}: {error}"
            return _refusing(cmd_name, usage(f"{wish}: {reason}", "install both again"))


import_app = typer.Typer(
    cls=Importers,
    help="Import a book made with another tool.\n\nFor each tool there is a plugin, such as"
    " tabbook-d2lbook; the commands below are those of the plugins that are installed.",
    rich_markup_mode=None,
    callback=lambda: None,
)


def _command(name: str, importer: "Importer") -> Any:
    """Return the command of an importer: what all have in common, and the options of its own."""

    def run(
        source: SourceArgument,
        destination: DestinationArgument,
        report: ReportOption = None,
        force: ForceOption = False,
        **options: Any,
    ) -> None:
        _import(importer, source, destination, report, force=force, options=options)

    *common, _ = inspect.signature(run).parameters.values()
    parameters = inspect.signature(importer.convert, eval_str=True).parameters.values()
    own = [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    run.__signature__ = inspect.Signature([*common, *own])  # type: ignore[attr-defined]  # Typer reads it
    return _as_command(name, run, f"{importer.help}\n{_ABOUT}")


def _refusing(name: str, error: UsageError) -> Any:
    """Return a command that says what is wrong with a plugin, whatever it is called with."""

    def run(ignored: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> None:  # noqa: ARG001
        raise error

    return _as_command(name, run, str(error), ignore_unknown_options=True, help_option_names=[])


def _as_command(name: str, function: Any, about: str, **settings: Any) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, help=about, context_settings=settings)(function)
    return typer.main.get_command(app)


def _import(
    importer: "Importer",
    source: Path,
    destination: Path,
    report: Path | None,
    *,
    force: bool,
    options: dict[str, Any],
) -> None:
    """Import a book, and say what was found; a fault in the source makes the exit status 1."""
    from tabbook.files import write_atomic
    from tabbook.importers.importer import import_book

    if report is not None and (report.is_dir() or not report.resolve().parent.is_dir()):
        raise usage(f"{report} cannot be written", "name a file in a folder that exists")
    found = import_book(importer, source, destination, force=force, options=options)
    if report is not None:
        write_atomic(report, found.to_json())
    for fault in found.faults:
        typer.echo(str(fault), err=True)
    pages, notes = found.counts.get("pages", 0), len(found.notes)
    typer.echo(f"{destination}: {pages} page{'s' * (pages != 1)}, {found.counts.get('cells', 0)} code cells")
    if notes and report is None:
        text = f"{notes} note{'s' * (notes > 1)} that {'is' if notes == 1 else 'are'} no fault: see --report"
        typer.echo(text)
    if found.faults:
        count = len(found.faults)
        typer.echo(f"tabbook: {count} fault{'s' * (count > 1)} in the source", err=True)
        raise typer.Exit(1)
