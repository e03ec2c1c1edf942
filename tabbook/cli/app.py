"""The command line: the only place that prints and decides exit statuses.

0 means clean, 1 that something was found or failed, 2 that the command itself was wrong.
"""

import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabbook.cli.checking import check
from tabbook.cli.env import env_app
from tabbook.cli.exports import ExportCommand, export
from tabbook.cli.imports import import_app
from tabbook.cli.library import sound, update_library
from tabbook.cli.options import (
    CURRENT_FOLDER,
    BookOption,
    ClusterOption,
    SectionsArgument,
    TabOption,
    load,
    read_quickly,
)
from tabbook.cli.stop import end_process, stoppable
from tabbook.cli.store import store_app
from tabbook.errors import TabbookError

if TYPE_CHECKING:
    from tabbook.book import Book
    from tabbook.model import Section
    from tabbook.status.standing import RunReport

app = typer.Typer(
    name="tabbook",
    help="Build a book in which every section has several frameworks behind tabs.",
    epilog="A first build: tabbook env make, then tabbook build.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(env_app, name="env")
app.add_typer(store_app, name="store")
app.command()(check)
app.command(cls=ExportCommand)(export)
app.add_typer(import_app, name="import")

JobsOption = Annotated[
    int | None,
    typer.Option(
        "-j", "--jobs", metavar="N", min=1, help="How many jobs at once; by default as many as cores."
    ),
]
StrictDataOption = Annotated[
    bool,
    typer.Option("--strict-data", help="Fail if a data file is not available, instead of using a stand-in."),
]
PullOption = Annotated[
    bool, typer.Option("--pull", help="First take what others executed, from the book's remote.")
]
RemoteOption = Annotated[
    str | None, typer.Option("--remote", metavar="URL", help="Take it from there instead; implies --pull.")
]
STOPPED_STATUS = 130
_loaded: list["Book"] = []
"""The books of the command, whose caches are saved when it ends."""


def _say(text: str) -> None:
    typer.echo(text)


def _warn(text: str) -> None:
    typer.echo(text, err=True)


def _load(book: Path) -> "Book":
    loaded = load(book)
    _loaded.append(loaded)
    return loaded


@app.command()
def lib(
    book: BookOption = CURRENT_FOLDER,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail with a diff.")] = False,
) -> None:
    """Generate the library from the code marked #@save."""
    from tabbook.errors import ExtractError
    from tabbook.library.generator import foreign_modules, generate, outdated_files

    read_quickly()
    loaded = _load(book)
    loaded.prepare("library")
    texts = generate(loaded)
    diffs = outdated_files(loaded, texts) if check else {}
    for diff in diffs.values():
        _say(diff.rstrip())
    if diffs:
        _warn(f"{loaded.settings.library.path} is out of date: run tabbook lib, and commit what it changes")
    elif check:
        _say(f"{loaded.settings.library.path} is up to date")
    else:
        update_library(loaded)
    if faults := foreign_modules(loaded, texts):
        raise ExtractError(faults)
    if diffs:
        raise typer.Exit(1)


@app.command()
def run(
    sections: SectionsArgument = None,
    book: BookOption = CURRENT_FOLDER,
    tab: TabOption = None,
    jobs: JobsOption = None,
    strict_data: StrictDataOption = False,
    force: Annotated[bool, typer.Option("--force", help="Execute even what has not changed.")] = False,
    pull: PullOption = False,
    remote: RemoteOption = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="K/N", help="Execute part K of N of what is to be executed."),
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Execute failed jobs again, although nothing has changed.")
    ] = False,
    cluster: ClusterOption = None,
) -> None:
    """Execute what changed, each framework in its environment.

    The library is brought up to date first. A failing cell stops its own job alone; good
    outputs are kept, and the next run executes only what is missing. What failed is not
    executed again until something changes. Sections with faults are left out, and the status is 1;
    the library stays as it was then.
    """
    from tabbook.cli.execution import connected, execute
    from tabbook.run.shard import parse_shard

    loaded, part = _load(book), parse_shard(shard) if shard else None
    tabs = loaded.tabs(tuple(tab or ()))
    with connected(cluster) as crew:
        chosen, faults = sound(loaded, tuple(sections or ()))
        _pull(loaded, chosen, tabs, pull, remote)
        report = execute(
            loaded,
            chosen,
            tabs,
            jobs,
            crew,
            strict_data=strict_data,
            force=force,
            retry=retry,
            shard=part,
        )
    _summary(loaded, report)
    if faults:
        raise TabbookError(faults)
    if not report.ok:
        raise typer.Exit(1)


def _pull(
    book: "Book", sections: "Sequence[Section]", tabs: Sequence[str], wanted: bool, url: str | None
) -> None:
    if wanted or url:
        from tabbook.cli.store import pull

        pull(book, url, sections, tabs)


def _summary(book: "Book", report: "RunReport") -> None:
    """Print the table of a run, and under it what went wrong."""
    from rich.console import Console

    from tabbook.run.progress import failures_text, summary_table

    names = {tab: about.name for tab, about in book.settings.tabs.items()}
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)  # whole names in logs, whatever their width is taken for
    console.print(summary_table(report, names, book.files))
    text = failures_text(report)
    if text:
        _warn(text)


@app.command()
def status(
    sections: SectionsArgument = None,
    book: BookOption = CURRENT_FOLDER,
    tab: TabOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each job would run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the reasons.")] = False,
) -> None:
    """Show which outputs are up to date; execute nothing."""
    from tabbook.library.generator import generate, outdated_files
    from tabbook.plan.planner import prepare
    from tabbook.status.overview import status as job_status

    read_quickly()
    loaded = _load(book)
    prepare(loaded)
    chosen, tabs = loaded.find(tuple(sections or ())), loaded.tabs(tuple(tab or ()))
    texts = generate(loaded)
    report = job_status(loaded, chosen, tabs, explain=explain or as_json, library_texts=texts)
    stale_library = outdated_files(loaded, texts)
    if as_json:
        from tabbook.status.as_json import status_json

        _say(status_json(report, sorted(stale_library)))
    else:
        _summary(loaded, report)
        if explain:
            from tabbook.run.progress import explanations

            _say("\n".join(explanations(report, all_jobs=bool(sections))))
        if stale_library:
            _warn(f"{loaded.settings.library.path} is out of date: run tabbook lib")
    if not report.ok or stale_library:
        raise typer.Exit(1)


@app.command()
def build(
    sections: SectionsArgument = None,
    book: BookOption = CURRENT_FOLDER,
    tab: TabOption = None,
    jobs: JobsOption = None,
    strict_data: StrictDataOption = False,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Show what the store has; execute nothing.")
    ] = False,
    pull: PullOption = False,
    remote: RemoteOption = None,
    cluster: ClusterOption = None,
) -> None:
    """Build the site: library, outputs, pages.

    With sections or tabs only their code is executed; the pages of the others show what the
    store has. The site is built even if some jobs fail or some sections have faults: their pages
    say what is wrong, and the status is 1.
    """
    from tabbook.cli.execution import connected, execute
    from tabbook.plan.planner import prepare
    from tabbook.render.site import NO_SITE_STATUS, build_site
    from tabbook.status.overview import status as run_status

    loaded = _load(book)
    prepare(loaded)
    tabs = loaded.tabs(tuple(tab or ()))
    with connected(None if no_run else cluster) as crew:
        chosen, faults = sound(loaded, tuple(sections or ()))
        _pull(loaded, chosen, tabs, pull, remote)
        if no_run:
            report = run_status(loaded, chosen, tabs)
        else:
            report = execute(loaded, chosen, tabs, jobs, crew, strict_data=strict_data)
    _say("building the pages …")
    site = build_site(loaded, jobs=jobs, quiet=True)
    _summary(loaded, report)
    if site.status != NO_SITE_STATUS:
        _say(f"{'The site' if not site.status else 'The site, with faults,'} is at {site.page}")
    said = {str(fault) for fault in faults}
    if faults := (*faults, *(fault for fault in site.faults if str(fault) not in said)):
        raise TabbookError(faults)
    if not (report.ok or no_run):
        raise typer.Exit(1)


@app.command()
def serve(
    book: BookOption = CURRENT_FOLDER,
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535)] = 8000,
) -> None:
    """Show the built site in a browser on this machine."""
    from tabbook.cli.server import server

    loaded = _load(book)
    with server(loaded.site, port) as running:
        _say(f"http://127.0.0.1:{running.server_port}/ (Ctrl-C stops it)")
        running.serve_forever()


def _stopped() -> int:
    with suppress(OSError):  # the terminal may be gone
        _warn("tabbook: stopped")
    return STOPPED_STATUS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; only a bug raises an exception.

    Without ``arguments``, which are those of the process then, a command that reads quickly ends the
    process.
    """
    collecting = gc.isenabled()
    try:
        status = _status_of(arguments)
        if arguments is None and collecting and not gc.isenabled():
            end_process(status)
    finally:
        if collecting:
            gc.enable()
    return status


def _status_of(arguments: Sequence[str] | None) -> int:
    """Run one command, print what is wrong, and return the exit status."""
    from tabbook.errors import UsageError

    command = typer.main.get_command(app)
    with stoppable(is_last=arguments is None):
        try:
            command(args=None if arguments is None else list(arguments))
        except UsageError as error:
            _warn(f"tabbook: {error}")
            return 2
        except TabbookError as error:
            _warn(str(error))
            count = len(error.faults)
            _warn(f"tabbook: {count} fault{'s' * (count > 1)}")
            return 1
        except ModuleNotFoundError as error:
            if not error.name or error.name.partition(".")[0] == "tabbook":
                raise
            hint = "pip install 'tabbook[render,export]'"
            _warn(f"tabbook: this needs the package {error.name}, which is not installed; {hint}")
            return 2
        except KeyboardInterrupt:
            return _stopped()
        except OSError as error:  # a full disk, say, or a closed pipe
            with suppress(OSError):
                _warn(f"tabbook: {f'{error.filename}: ' * bool(error.filename)}{error.strerror or error}")
            return 1
        except SystemExit as end:  # how typer ends every command, good ones too
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
            return _stopped() if status == STOPPED_STATUS else status
        finally:
            while _loaded:
                _loaded.pop().cache.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
