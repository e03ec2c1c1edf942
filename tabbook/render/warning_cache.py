"""What builds said about each page, for those that pass over it.

Sphinx reads and writes only what changed, and says nothing of the other pages. So its warnings are
kept by page, with the time at which Sphinx read the page: where Sphinx has read it at another time, an
interrupted build or one without tabbook did, and it is read again.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from sphinx.environment import BuildEnvironment

from tabbook.checks.pages import packages_stamp
from tabbook.files import read_json, state_of, write_atomic
from tabbook.keys.key import canonical, sha256
from tabbook.render.build_warnings import ALWAYS, BIBLIOGRAPHY, CONSISTENCY, READ, WRITE, BuildWarning
from tabbook.render.missing import named_files

_WORDS = re.compile(r"""[\s,;:'"“”‘’`()\[\]{}]+""")
_SUFFIXES = "", ".md", ".rst", ".ipynb"


@dataclass(frozen=True, slots=True)
class _PageRecord:
    """What is known of a page.

    ``references`` is a hash of what it refers to, as it was when the page was written; empty if it was not.
    ``files`` is one of the files that its warnings name.
    """

    time: int
    read: tuple[BuildWarning, ...] = ()
    files: str = ""
    references: str = ""
    written: tuple[BuildWarning, ...] = ()

    @property
    def warnings(self) -> tuple[BuildWarning, ...]:
        return self.read + self.written

    @property
    def is_failed(self) -> bool:
        return any(warning.failed for warning in self.warnings)


@dataclass(frozen=True)
class WarningCache:
    """What the builds so far said: about each page, by name, and about no page."""

    root: Path
    pages: Mapping[str, _PageRecord] = field(default_factory=dict)
    others: tuple[BuildWarning, ...] = ()
    bibliographies: str = ""

    @classmethod
    def load(cls, path: Path, root: Path) -> "WarningCache":
        """Return what is in the file; nothing, if there is none or other packages wrote it."""
        data = read_json(path)
        try:
            if data["made_by"] == packages_stamp():
                pages = {
                    name: _PageRecord(page[0], _warnings(page[1]), page[2], page[3], _warnings(page[4]))
                    for name, page in data["pages"].items()
                }
                return cls(root, pages, _warnings(data["others"]), data["bibliographies"])
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            pass
        return cls(root)

    def save(self, path: Path) -> None:
        """Write it for the next build.

        Raises:
            OSError: The file cannot be written.
        """
        data = {
            "made_by": packages_stamp(),
            "pages": {name: _plain(page) for name, page in self.pages.items()},
            "others": [_plain(warning) for warning in self.others],
            "bibliographies": self.bibliographies,
        }
        write_atomic(path, json.dumps(data, sort_keys=True))

    def to_read(self, env: BuildEnvironment) -> list[str]:
        """Return the pages that must be read again although Sphinx knows them."""
        return sorted(page for page in env.found_docs if not self._is_known(env, page))

    def _is_known(self, env: BuildEnvironment, name: str) -> bool:
        page = self.pages.get(name)
        if page is None or page.time != env.all_docs.get(name) or page.is_failed:
            return False
        return page.files == self._named_files(page.warnings)

    def to_write(self, refers: Mapping[str, str]) -> list[str]:
        """Return the pages that must be written again, given a hash of what each refers to."""
        return sorted(
            name for name in refers if name not in self.pages or self.pages[name].references != refers[name]
        )

    def after_reading(
        self, env: BuildEnvironment, warnings: Sequence[BuildWarning], to_write: Iterable[str]
    ) -> "WarningCache":
        """Return the same after a build that has read pages and goes on to write some."""
        read = _by_page(warnings, READ)
        pages, unwritten = {}, set(to_write)
        for name, time in env.all_docs.items():
            page = self.pages.get(name)
            if page is None or page.time != time:
                page = self._named(_PageRecord(time, tuple(read.get(name, ()))))
            pages[name] = self._named(replace(page, references="", written=())) if name in unwritten else page
        return replace(self, pages=pages)

    def after_writing(
        self,
        env: BuildEnvironment,
        warnings: Sequence[BuildWarning],
        refers: Mapping[str, str],
        written: set[str],
        *,
        is_checked: bool,
    ) -> "WarningCache":
        """Return the same after a build that has written ``written``, and gave these warnings in all."""
        of_files = _of_files(env, warnings)
        said = _by_page([*warnings, *of_files], WRITE)
        pages = dict(self.pages)
        for name in written & pages.keys():
            page = replace(pages[name], references=refers[name], written=tuple(said.get(name, ())))
            pages[name] = self._named(page)
        bibliographies = self._bibliographies(env)
        is_new = {CONSISTENCY: is_checked, WRITE: bool(written)}
        is_new[BIBLIOGRAPHY] = bibliographies != self.bibliographies
        kept = [
            warning
            for warning in self.others
            if not is_new[warning.stage] and (self.root / warning.path).exists()
        ]
        placed = {warning.message for warning in of_files}
        new = [
            warning
            for warning in warnings
            if warning.stage in is_new and not warning.page and warning.message not in placed
        ]
        others = tuple(dict.fromkeys([*kept, *new]))
        return replace(self, pages=pages, others=others, bibliographies=bibliographies)

    def all_warnings(self, warnings: Iterable[BuildWarning]) -> list[BuildWarning]:
        """Return all warnings: those that are kept, and those of a build that come in each."""
        of_pages = (warning for page in self.pages.values() for warning in page.warnings)
        return [*of_pages, *self.others, *(warning for warning in warnings if warning.stage == ALWAYS)]

    def named_files(self) -> set[str]:
        """Return the files that warnings name, or would, were they there; relative to the book."""
        warnings = (warning for page in self.pages.values() for warning in page.warnings)
        return {
            str(path.relative_to(self.root)) for warning in warnings for path in self._candidates(warning)
        }

    def _named(self, page: _PageRecord) -> _PageRecord:
        """Return what is known of a page, with the state of the files that its warnings name."""
        return replace(page, files=self._named_files(page.warnings))

    def _named_files(self, warnings: Iterable[BuildWarning]) -> str:
        """Return a hash of the files that warnings name, or would, were they there."""
        paths = {path for warning in warnings for path in self._candidates(warning)}
        return sha256(canonical([[str(path), _state(path)] for path in sorted(paths)])) if paths else ""

    def _candidates(self, warning: BuildWarning) -> set[Path]:
        folder = self.root / PurePosixPath(warning.page).parent
        words = [word.strip("/").rstrip(".") for word in _WORDS.split(warning.message)]
        return {
            base / f"{word}{suffix}"
            for word in words
            if word and len(word) < 200
            for base in (self.root, folder)
            for suffix in _SUFFIXES
        }

    def is_bibliography_new(self, env: BuildEnvironment) -> bool:
        """Say whether bibliographies have changed since a build of which the warnings are known."""
        return self._bibliographies(env) != self.bibliographies

    def _bibliographies(self, env: BuildEnvironment) -> str:
        files = getattr(env.config, "bibtex_bibfiles", None) or ()
        return sha256(canonical([[name, _state(self.root / name)] for name in files]))


def _plain(value: Any) -> list[Any]:
    """Return a page or a warning as JSON has it."""
    values = [getattr(value, entry.name) for entry in fields(value)]
    return [[_plain(one) for one in entry] if isinstance(entry, tuple) else entry for entry in values]


def _warnings(data: Iterable[Iterable[Any]]) -> tuple[BuildWarning, ...]:
    return tuple(BuildWarning(*one) for one in data)


def _state(path: Path) -> str:
    """Return what changes when a file is written, made or removed."""
    try:
        return str(state_of(path)) if path.is_file() else ""
    except (OSError, ValueError):
        return ""


def _by_page(warnings: Iterable[BuildWarning], stage: str) -> dict[str, list[BuildWarning]]:
    by_page: dict[str, list[BuildWarning]] = {}
    for warning in dict.fromkeys(warnings):
        if warning.stage == stage and warning.page:
            by_page.setdefault(warning.page, []).append(warning)
    return by_page


def _of_files(env: BuildEnvironment, warnings: Iterable[BuildWarning]) -> list[BuildWarning]:
    """Return the warnings about files, such as pictures to be copied, for each page that needs the file."""
    pages: dict[str, set[str]] = {}
    for page, files in named_files(env).items():
        for file in files:
            pages.setdefault(file, set()).add(page)
    for file, (wanted, _) in env.dlfiles.items():
        pages.setdefault(str(file), set()).update(wanted)
    return [
        replace(warning, page=page, path=str(env.doc2path(page, False)))
        for warning in warnings
        if warning.stage == WRITE and not warning.page
        for word in {*_WORDS.split(warning.message)}
        for page in sorted(pages.get(word, ()))
    ]
