"""What an importer is, and how its book is written: as a whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tabbook.errors import usage
from tabbook.importers.report import Findings, Report, make_report
from tabbook.importers.write import check_places, write_tree


@dataclass(slots=True)
class ImportedBook:
    """What an import writes: texts by path, files to copy, and how much of everything.

    Of ``counts``, the command says ``pages`` and ``cells``; the report has all.
    """

    texts: dict[str, str] = field(default_factory=dict)
    copies: dict[str, Path] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class Convert(Protocol):
    """Turns a source into a book of ours, in memory."""

    def __call__(self, source: Path, findings: Findings, *args: Any, **options: Any) -> ImportedBook:
        """Return the book that the folder or page ``source`` becomes.

        It only reads the source. What is wrong there goes into ``findings``, and the book is made all
        the same. Keyword-only parameters are options of the command, annotated as Typer reads them.

        Raises:
            UsageError: The source is not of the tool that this importer is for.
        """


@dataclass(frozen=True, slots=True)
class Importer:
    """What an entry point of the group ``tabbook.importers`` names; the entry point has the command's name.

    ``help`` is the first paragraph of what the command says about itself.
    """

    help: str
    convert: Convert


def import_book(
    importer: Importer,
    source: Path,
    destination: Path,
    *,
    force: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Report:
    """Import the book ``source`` and return the report of it.

    ``destination`` is written as a whole or not at all; one that exists is replaced with ``force``
    only. ``options`` are those of the importer's own.

    Raises:
        UsageError: The source is no such book, or the destination cannot be written to.
    """
    check_places(source, destination, force=force)
    findings = Findings()
    book = importer.convert(source, findings, **(options or {}))
    try:
        write_tree(destination, book.texts, [(path, name) for name, path in book.copies.items()])
    except OSError as error:
        reason = f"{destination} cannot be written: {error.strerror}"
        raise usage(reason, "name another destination") from None
    return make_report(source.name, findings, book.counts)
