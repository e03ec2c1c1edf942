"""The exports that a site carries, kept up with its pages: what did not change is not made again.

A book has one notebook per page and framework, and as many decks. Each is made when something has
changed that it is made of, and is written before the next one is made: all of them would not fit
into memory beside the outputs of a large book.
"""

import hashlib
import importlib.metadata
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from tabbook.declared_files import declared_files
from tabbook.errors import Fault, TabbookError
from tabbook.export.exporter import Exporter, data_scripts
from tabbook.export.formats import Format, formats
from tabbook.export.make import export_section, file_name
from tabbook.export.write import remove_others, write_all, zip_files
from tabbook.files import read_json, write_atomic
from tabbook.keys.key import canonical, sha256
from tabbook.model import Section
from tabbook.parallel import run_in_fork
from tabbook.render.pages import ShownOutputs, shown_by

EXPORTS_FILE = "tabbook-exports.json"
"""The file, beside Sphinx's own, that says what the exports on the site were made of."""
InputsHash = Callable[[Section, str], str]
"""Raises a `TabbookError` where the section cannot be exported."""


def inputs_hash(app: Sphinx, exporter: Exporter) -> InputsHash:
    """Return a function from a section and a tab to a hash of all that their exports are made of.

    What references say has changed where Sphinx has written another page than before.
    """
    book, tabs = exporter.book, {}
    file_of: Callable[[str], str] = app.builder.get_outfilename  # type: ignore[attr-defined]  # the site's
    versions = [_version(name) for name in ("nbconvert", "nbformat")]
    shared = [
        app.config["tabbook_code"],
        versions,
        exporter.base,
        list(book.files),
    ]
    for tab in book.settings.tabs:
        content = hashlib.sha256()
        for name, data in sorted(exporter.companions(tab).items()):
            content.update(f"\0{name}\0".encode() + data)
        tabs[tab] = sha256(canonical([*shared, content.hexdigest()]))

    def written(page: str) -> str:
        file = Path(file_of(page))
        html = file.read_text(encoding="utf-8") if file.is_file() else ""
        return sha256(
            html[html.find("<article") : html.rfind("</article>")]
        )  # what is around it is the site's

    def found(section: Section) -> tuple[list[Any], Mapping[str, ShownOutputs]]:
        known = book.cache.find(section.path)
        page = section.page
        pictures = app.env.dependencies.get(page, ())
        paths = {str(name): Path(app.srcdir) / name for name in pictures}
        paths |= declared_files(book.root, section) | data_scripts(book, section)
        files = []
        for name, path in sorted(paths.items()):
            if path.is_file():
                state = path.stat()
                files.append([name, str(state.st_mtime_ns), state.st_size])
        return [known and known.key, written(page), files], shown_by(app, section)

    of_sections: dict[str, tuple[list[Any], Mapping[str, ShownOutputs]]] = {}

    def stamp(section: Section, tab: str) -> str:
        if section.path not in of_sections:  # found once for all its exports
            of_sections[section.path] = found(section)
        about, shown = of_sections[section.path]
        return sha256(canonical([tabs[tab], *about, shown.get(tab), shown.get("")]))

    return stamp


@dataclass
class _Update:
    """An update of the exports below ``folder``: what was known, what is now, and what is wrong."""

    exporter: Exporter
    folder: Path
    known: dict[str, Any]
    now: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    files: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, wanted: Format, tab: str, section: Section, names: list[str], stamp: str) -> None:
        """Make what ``section`` has to take away, unless it is there as it would be made."""
        kind = wanted.name
        place, folder = f"{kind}/{tab}/{section.path}", self.folder / kind
        known = self.known.get(place)
        if not (
            known and known["stamp"] == stamp and all((folder / name).is_file() for name in known["files"])
        ):
            try:
                made, missing = export_section(self.exporter, wanted, tab, section, names)
                write_all(folder, made)
            except TabbookError as error:
                self.faults += error.faults
                return
            self.faults += missing
            # An export with faults is made again by the next build, so that its faults are reported again.
            known = {"stamp": "" if missing else stamp, "files": sorted(made)}
        self.now[place] = known
        self.files[kind] |= {*known["files"]}

    def sections(
        self, sections: Sequence[Section], names: Mapping[tuple[Format, str], list[str]], stamp: InputsHash
    ) -> None:
        """Make what some sections have to take away; ``names`` has all that there is, by format and tab."""
        for section in sections:
            for (wanted, tab), pages in names.items():
                if section.page not in pages:
                    continue
                try:
                    made_of = stamp(section, tab)
                except TabbookError as error:  # its page says so, too; the others are exported
                    self.faults += error.faults
                else:
                    self.take(wanted, tab, section, pages, made_of)

    def add(self, now: Mapping[str, Any], faults: Iterable[Fault], files: Mapping[str, set[str]]) -> None:
        """Add what another process has made."""
        self.now |= now
        self.faults += faults
        for kind, names in files.items():
            self.files[kind] |= names

    def whole(self, wanted: Format, tab: str, sections: Sequence[Section]) -> None:
        """Write what goes with the files of the sections, and the archive of all, if any of it changed."""
        folder, archive, kind = self.folder / wanted.name, f"{tab}.zip", wanted.name
        assert wanted.whole is not None
        made, missing = wanted.whole(self.exporter, tab, sections, file_name(self.exporter))
        self.faults += missing
        beside = {f"{tab}/{path}": data for path, data in made.items()}
        changed = write_all(folder, beside)
        self.files[kind] |= {*beside}
        if not wanted.is_archived:
            return
        names = sorted(name for name in self.files[kind] if name.startswith(f"{tab}/"))
        content = [[place, entry] for place, entry in self.now.items() if place.startswith(f"{kind}/{tab}/")]
        stamp = sha256(canonical([names, content]))
        whole = all(entry["stamp"] for _, entry in content)
        if changed or not whole or self.known.get(archive) != stamp or not (folder / archive).is_file():
            zip_files(folder / archive, {name.removeprefix(f"{tab}/"): folder / name for name in names})
        self.now[archive] = stamp
        self.files[kind].add(archive)

    def books(self, wanted: Format) -> None:
        """Copy the files of the whole book that ``tabbook export`` has made: a build makes none itself."""
        made = books(self.exporter, wanted)
        write_all(self.folder / wanted.name, {name: path.read_bytes() for name, path in made.items()})
        self.files[wanted.name] |= {*made}


def books(exporter: Exporter, wanted: Format) -> dict[str, Path]:
    """Return the files of the whole book that ``tabbook export`` has made, by their paths on the site."""
    folder, name = (
        exporter.book.site.parent / "exports" / wanted.name,
        f"{file_name(exporter)}{wanted.ending}",
    )
    found = {f"{tab}/{name}": folder / tab / name for tab in exporter.book.settings.tabs}
    return {place: path for place, path in found.items() if path.is_file()}


def is_book(wanted: Format) -> bool:
    """Say whether a format is the whole book in one file, which takes long to make."""
    return wanted.section is None and bool(wanted.book_link)


def update(
    exporter: Exporter, folder: Path, memory: Path, stamp: InputsHash, processes: int = 1
) -> tuple[Fault, ...]:
    """Bring the notebooks, archives and decks below ``folder`` up to date with the book.

    ``memory`` is the file that knows what they were made of; without it, all are made. Returns the
    faults of what is not as it should be. Those of sections that cannot be read are not among
    them: their pages have said them.

    Raises:
        TabbookError: The folder cannot be written.
    """
    book = exporter.book
    sections, unreadable = book.readable_sections
    work = _Update(exporter, folder, _read(memory))
    shown = [wanted for wanted in formats() if wanted.page_link or wanted.book_link]
    names = {
        (wanted, tab): [section.page for section in sections if wanted.has(section, tab)]
        for wanted in shown
        if wanted.section is not None
        for tab in book.settings.tabs
    }

    def made(part: Sequence[Section]) -> tuple[dict[str, Any], list[Fault], dict[str, set[str]]]:
        own = _Update(exporter, folder, work.known)
        own.sections(part, names, stamp)
        return own.now, own.faults, own.files

    parts = [sections[number::processes] for number in range(min(processes, len(sections)))]
    for wait in [run_in_fork(partial(made, part)) for part in parts[1:]] + [
        partial(made, part) for part in parts[:1]
    ]:
        work.add(*wait())
    for wanted in shown:
        if is_book(wanted):
            work.books(wanted)
            continue
        for tab in book.settings.tabs if wanted.whole is not None else ():
            if own := [section for section in sections if wanted.has(section, tab)]:
                work.whole(wanted, tab, own)
        if wanted.shared is not None and work.files[wanted.name]:
            shared = wanted.shared()
            write_all(folder / wanted.name, shared)
            work.files[wanted.name] |= {*shared}
    write_atomic(memory, json.dumps(work.now, indent=1, sort_keys=True))
    if not (work.faults or unreadable):  # or else a section may have lost its exports for a moment
        for wanted in shown:
            remove_others(folder / wanted.name, work.files[wanted.name])
    return tuple(sorted({*work.faults}))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""  # whatever needs it says so


def _read(memory: Path) -> dict[str, Any]:
    known = read_json(memory)
    return known if isinstance(known, dict) else {}
