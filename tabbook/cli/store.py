"""The commands ``tabbook store …``: what the store of outputs has, and what becomes of it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from tabbook.cli.options import CURRENT_FOLDER, BookOption, load

if TYPE_CHECKING:
    from tabbook.book import Book
    from tabbook.model import Section
    from tabbook.store.local import Entry

store_app = typer.Typer(
    help="Inspect, tidy and share the store of outputs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
DAY_SECONDS = 86_400


def remote_of(book: "Book", url: str | None) -> str:
    """Return the address that a command is to use: ``url``, else the configured one.

    Raises:
        UsageError: There is neither.
    """
    from tabbook.errors import usage

    address = url or book.settings.remote
    if not address:
        raise usage("there is no store to use", "name its URL, or set remote: under tabbook in _config.yml")
    return address


def _line(entry: "Entry", used: Iterable[str]) -> str:
    from tabbook.quantities import size_text

    mark = "used" if entry.key in used else "-"
    start = f"{entry.key[:12]}  {mark:4}  {size_text(entry.size):>7}"
    if entry.result is None:
        return f"{start}  {'damaged' if entry.is_damaged else 'not for us'}: {entry.problem}"
    made = entry.result.made_with
    details = " · ".join(str(made[name]) for name in ("framework", "device", "date") if made.get(name))
    seconds = f" · {made['seconds']:g} s" if "seconds" in made else ""
    memory = f" · {size_text(made['memory'])}" if made.get("memory") else ""
    return f"{start}  {entry.result.section} · {entry.result.tab}  {details}{seconds}{memory}"


def _total(entries: Iterable["Entry"]) -> str:
    from tabbook.quantities import size_text

    sizes = [entry.size for entry in entries]
    return f"{len(sizes)} entr{'y' if len(sizes) == 1 else 'ies'}, {size_text(sum(sizes))}"


@store_app.command("list")
def store_list(book: BookOption = CURRENT_FOLDER) -> None:
    """List the entries: key, whether the book uses it as it is now, size, and what it holds."""
    from tabbook.plan.used_keys import used_keys
    from tabbook.store.local import Store

    loaded = load(book)
    used = used_keys(loaded)
    entries = sorted(
        Store(loaded.outputs).entries(),
        key=lambda e: (e.result.section, e.result.tab, e.written) if e.result else ("", "", e.written),
    )
    for entry in entries:
        typer.echo(_line(entry, used))
    typer.echo(_total(entries))


@store_app.command("verify")
def store_verify(book: BookOption = CURRENT_FOLDER) -> None:
    """Check every entry against its hash; the exit status is 1 if one is damaged."""
    from tabbook.store.local import Store

    loaded = load(book)
    entries = tuple(Store(loaded.outputs).entries())
    damaged = [entry for entry in entries if entry.is_damaged]
    foreign = sum(entry.is_foreign for entry in entries)
    said = _total(entries) + (f", {foreign} of another version of tabbook" if foreign else "")
    for entry in damaged:
        typer.echo(f"{entry.path}: {entry.problem}", err=True)
    if damaged:
        hint = "the next run executes again what the book uses; tabbook store gc removes them"
        typer.echo(f"{said}, {len(damaged)} damaged: {hint}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{said}, none damaged")


@store_app.command("gc")
def store_gc(
    book: BookOption = CURRENT_FOLDER,
    keep_days: Annotated[
        int, typer.Option("--keep", metavar="DAYS", min=0, help="Also keep unused entries newer than this.")
    ] = 30,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be removed; remove nothing.")
    ] = False,
) -> None:
    """Remove the entries that are no longer needed.

    What the book as it is now uses stays, and so does what was written in the last 30 days
    (--keep) or, however few days you say, in the last hour: another branch or a running run
    may want it. Damaged entries go. So do remembered failures, by the same rule.
    """
    from tabbook.errors import Fault, StoreError
    from tabbook.plan.history import old_failures
    from tabbook.plan.used_keys import used_keys
    from tabbook.store.local import GRACE_SECONDS, Store

    loaded = load(book)
    store = Store(loaded.outputs)
    used = used_keys(loaded)
    garbage = store.unused_entries(used, keep_days * DAY_SECONDS)
    failures = old_failures(loaded.work, used, max(keep_days * DAY_SECONDS, GRACE_SECONDS))
    removed = []
    try:
        for entry in garbage:
            if dry_run:
                typer.echo(_line(entry, ()))
            elif store.remove(entry):
                removed.append(entry)
        for path in () if dry_run else (*store.temporary_files(), *failures):
            path.unlink(missing_ok=True)
    except OSError as error:
        where = loaded.outputs.relative_to(loaded.root).as_posix()
        raise StoreError([Fault(where, 0, f"nothing can be removed: {error.strerror}")]) from None
    remaining = len(tuple(store.keys()))
    said = f"{_total(garbage)} would be removed" if dry_run else f"removed {_total(removed)}"
    typer.echo(f"{said}; {remaining - len(garbage) * dry_run} stay")
    if failures:
        count = f"{len(failures)} failure{'s' * (len(failures) > 1)} of jobs that the book does not have"
        typer.echo(f"{count} {'would be' if dry_run else 'were'} forgotten")


@store_app.command("push")
def store_push(
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="The store's URL; by default the book's remote.")
    ] = None,
    book: BookOption = CURRENT_FOLDER,
    everything: Annotated[
        bool, typer.Option("--all", help="All entries, not only those that the book uses now.")
    ] = False,
) -> None:
    """Copy outputs to a remote store: a folder, s3://…, gs://…, whatever fsspec knows.

    What is there stays as it is, unless it is damaged.
    """
    from tabbook.plan.used_keys import used_keys
    from tabbook.store.local import Store
    from tabbook.store.remote import push

    loaded = load(book)
    address, store = remote_of(loaded, url), Store(loaded.outputs)
    keys = tuple(store.keys())
    if not everything:
        used = used_keys(loaded)
        keys = tuple(key for key in keys if key in used)
    pushed = push(address, store, keys)
    typer.echo(f"{len(pushed.new)} copied to {address}, {len(pushed.existing)} were there")


def pull(
    book: "Book", url: str | None, sections: Iterable["Section"] | None, tabs: Iterable[str] | None
) -> None:
    """Take from a remote store what a run would execute, and say what came; nothing here ends a run."""
    from tabbook.plan.used_keys import pull_outputs

    address = remote_of(book, url)
    pulled = pull_outputs(book, address, sections, tabs)
    typer.echo(f"{len(pulled.keys)} taken from {address}")
    if pulled.warning:
        typer.echo(f"warning: {pulled.warning}", err=True)
