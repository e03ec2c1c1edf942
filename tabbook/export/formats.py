"""The formats of exports, each as one value that the command, the site and its links ask.

Ours are known by name. Other distributions add theirs by an entry point of the group
``tabbook.exporters``, whose name is that of the format.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from tabbook.book import Book
from tabbook.errors import Fault, usage
from tabbook.export.exporter import Exporter, Files
from tabbook.model import Section
from tabbook.plugins import EXPORTERS, installed, load

_OURS = {
    "ipynb": "tabbook.export.make:NOTEBOOKS",
    "slides": "tabbook.export.make:SLIDES",
    "markdown": "tabbook.export.make:MARKDOWN",
    "pdf": "tabbook.render.books:PDF",
    "epub": "tabbook.render.books:EPUB",
}
Made = tuple[Files, Sequence[Fault]]
"""Files by their paths below the framework's folder, and what is wrong with them."""


def has_text(section: Section, tab: str) -> bool:
    """Say whether ``section`` is for ``tab`` at all."""
    return tab in section.tabs


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format of exports.

    A format makes files of each section, or of a framework's sections together, or both. A function that
    makes them raises a `TabbookError` where it cannot.

    Attributes:
        name: How the command line names it; also the name of its folder.
        contents: What it gives readers, for the help: "notebooks".
        needs: What a section must have for it, for messages: "code".
        has: Says whether a section has that in a framework.
        section: Makes the files of one section in one framework; its last argument are all pages of that
            framework that the export has, without their endings.
        whole: Makes the files of all chosen sections in one framework; its last argument is a name for a
            file that holds them all. Runs behind ``section``.
        derived: Makes more files of those of all sections, such as decks of notebooks of slides.
        shared: Gives the files that all frameworks share, where there are any others.
        check: Raises a usage error if something that the format needs is not installed.
        is_archived: Whether an export of the whole book has an archive for each framework.
        ending: How the files that the site links to end.
        page_link: What the site calls the link to a section's file; empty if it has none.
        book_link: What the landing page calls the link to the whole book; empty if it has none.
    """

    name: str
    contents: str
    needs: str = "text"
    has: Callable[[Section, str], bool] = has_text
    section: Callable[[Exporter, str, Section, Sequence[str]], Made] | None = None
    whole: Callable[[Exporter, str, Sequence[Section], str], Made] | None = None
    derived: Callable[[Mapping[str, bytes]], Files] | None = None
    shared: Callable[[], Files] | None = None
    check: Callable[[Book], None] | None = None
    is_archived: bool = False
    ending: str = ""
    page_link: str = ""
    book_link: str = ""


@cache  # pages ask for all formats, once for each framework; one of a plugin is looked for among all packages
def format_named(name: str) -> Format:
    """Return the format ``name``.

    Raises:
        UsageError: There is none, or the code of its distribution cannot be used.
    """
    if name in _OURS:
        return _loaded(_OURS[name])
    if name not in installed(EXPORTERS):
        raise usage(f"there is no format {name!r}", f"the formats are {', '.join(names())}; or branches")
    made = load(EXPORTERS, name, f"the format {name!r}")
    if not (isinstance(made, Format) and made.name == name):
        raise usage(f"the plugin of the format {name!r} has no Format of this name", "correct the plugin")
    return made


def _loaded(place: str) -> Format:
    module, _, name = place.partition(":")
    found: Any = getattr(import_module(module), name)
    assert isinstance(found, Format)
    return found


@cache  # looking through all distributions takes as long as a quick command
def names() -> tuple[str, ...]:
    """Return the names of all formats: ours, then those of other distributions, sorted."""
    return *_OURS, *(name for name in installed(EXPORTERS) if name not in _OURS)


def formats() -> Iterator[Format]:
    """Yield all formats.

    Raises:
        UsageError: The code of a distribution cannot be used.
    """
    return map(format_named, names())
