"""The front matter of a section: what it declares under ``tabbook``, and what it says to MyST."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from tabbook.config import BookSettings, SectionSettings, validate
from tabbook.declared_files import name_fault
from tabbook.errors import ConfigError, Fault
from tabbook.read.languages import page_language_fault
from tabbook.yaml_text import find_line, load_yaml, not_yaml, repeated_keys

FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
"""The front matter at the beginning of a file's text; its YAML is the first group."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the front matter says. ``given`` is whether there is any, ``declares`` whether it has our key.

    ``extensions`` are those of MyST that it enables in place of the book's; ``None`` if it names none.
    ``files`` are the files that the section declares, with the lines that say so. ``data`` is all that it
    says. ``language`` is what is wrong with the language of its kernel, if anything is.
    """

    settings: SectionSettings = field(default_factory=SectionSettings)
    extensions: frozenset[str] | None = None
    files: Mapping[str, int] = field(default_factory=dict)
    given: bool = False
    declares: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)
    language: Fault | None = None


def read_front_matter(text: str, path: str, book: BookSettings) -> tuple[FrontMatter, list[Fault]]:
    """Return what a section's front matter says, and what is wrong with it.

    ``text`` is what is between its two lines ``---``. Where something is wrong, nothing is declared.
    """
    try:
        data = load_yaml(text) or {}
    except yaml.YAMLError as error:
        yaml_fault = not_yaml(path, error)
        fault = replace(
            yaml_fault, line=1 + yaml_fault.line, message=f"the front matter is {yaml_fault.message}"
        )
        return FrontMatter(given=True, declares=True), [fault]
    if not isinstance(data, dict):
        return FrontMatter(given=True), []
    settings, faults = _settings(data.get("tabbook") or {}, text, path, book)
    files, wrong = _files(settings, text, path)
    faults += wrong
    faults += [Fault(path, 1 + line, *what) for line, *what in repeated_keys(text)]
    myst = data.get("myst")
    enabled = myst.get("enable_extensions") if isinstance(myst, dict) else None
    extensions = frozenset(map(str, enabled)) if isinstance(enabled, list) else None
    language = _language(data, text, path)
    return FrontMatter(settings, extensions, files, True, "tabbook" in data, data, language), faults


def _language(data: Mapping[str, Any], text: str, path: str) -> Fault | None:
    found = page_language_fault(data)
    return found and Fault(path, 1 + find_line(text, found[0]), *found[1:])


def _files(settings: SectionSettings, text: str, path: str) -> tuple[dict[str, int], list[Fault]]:
    """Return the files that a section declares, with their lines, and what is wrong with their names."""
    files, faults = dict[str, int](), list[Fault]()
    for number, name in enumerate(settings.files):
        line = files[posixpath.normpath(name)] = 1 + find_line(text, ("tabbook", "files", number))
        if problem := name_fault(name, path):
            faults.append(Fault(path, line, *problem))
    return files, faults


def _settings(ours: Any, text: str, path: str, book: BookSettings) -> tuple[SectionSettings, list[Fault]]:
    try:
        settings = validate(SectionSettings, ours, path, text, ("tabbook",), first_line=1)
    except ConfigError as error:
        return SectionSettings(), [*error.faults]
    known = ", ".join(book.data) or "none"
    hint = f"declare it in _config.yml under tabbook.data (now: {known})"
    line = 1 + find_line(text, ("tabbook", "data")) if settings.data else 0
    return settings, [
        Fault(path, line, f"unknown data file {name!r}", hint)
        for name in settings.data
        if name not in book.data
    ]
