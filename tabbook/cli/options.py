"""What the commands have in common: their options, and the book that they are about."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tabbook.book import Book

BookOption = Annotated[
    Path,
    typer.Option("--book", metavar="DIR", help="The book's folder, or one inside it.", show_default="."),
]
TabOption = Annotated[
    list[str] | None,
    typer.Option("--tab", "-t", metavar="TAB", help="Only this framework; can be repeated."),
]
SectionsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SECTION]...", help="Only these: a path, or a file's name without .md."),
]
ClusterOption = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Execute on the cluster at, say, tcp://host:8786."),
]
CURRENT_FOLDER = Path()


def load(book: Path) -> "Book":
    """Return the book in ``book`` or above it; the imports wait until a command needs them."""
    from tabbook.book import Book

    return Book.load(book)


def read_quickly() -> None:
    """Let a command that reads the book, answers and ends leave its memory alone.

    Looking for cycles among the trees of a large book takes a third of such a command's time,
    and finds none. :func:`tabbook.cli.main` lets it begin again, or ends the process.
    """
    gc.disable()
