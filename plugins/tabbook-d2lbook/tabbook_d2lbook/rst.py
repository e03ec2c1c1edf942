"""ReStructuredText in books: pages of it, and what blocks of it on other pages say about contents and labels.

Sphinx reads such pages as they are. Only their lists of contents are in ``_toc.yml`` with us.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import PurePosixPath
from posixpath import normpath

from tabbook_d2lbook.blocks import Contents, read_contents, uses_autodoc

_TOCTREE = re.compile(r"^(?P<indent>[ \t]*)\.\. toctree::[ \t]*$")
_LABEL = re.compile(r"^[ \t]*(?:\.\. _(?P<target>[^:`]+)|:name:[ \t]*(?P<name>\S+)[ \t]*$)", re.MULTILINE)
_FILE = re.compile(
    r"^[ \t]*(?:\.\. (?:\|[^|]+\|[ \t]*)?(?:include|literalinclude|image|figure)::|:file:)"
    r"[ \t]*(?P<file>\S+)",
    re.MULTILINE,
)
_CARD = re.compile(
    r"^(?P<first>(?P<indent>[ \t]*)\.\. card::)[ \t]*\n(?P=indent)[ \t]+:title:[ \t]*(?P<title>.*)$",
    re.MULTILINE,
)
_UNDERLINE = re.compile(r"^([=~^*#-])\1{2,}[ \t]*$")


@dataclass(slots=True)
class RstPage:
    """A page of reStructuredText: its text as ours, its contents, labels, and the files that it shows."""

    path: str
    text: str
    title: str
    contents: list[Contents]
    labels: list[str]
    files: list[str] = field(default_factory=list)

    @property
    def has_autodoc(self) -> bool:
        """Whether it documents Python objects."""
        return uses_autodoc(self.text.split("\n"))


def read_rst_page(path: str, text: str, files: Collection[str]) -> RstPage:
    """Return the page ``path``; ``files`` are those of the source."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    contents = take_contents(lines, 0, path, files)
    text = with_titled_cards("\n".join(lines))
    folder = PurePosixPath(path).parent.as_posix()
    shown = [normpath(f"{folder}/{found['file']}") for found in _FILE.finditer(text)]
    title = next((above for above, line in pairwise(lines) if above.strip() and _UNDERLINE.match(line)), "")
    return RstPage(
        path, text, title.strip(), contents, labels_in(text), [name for name in shown if name in files]
    )


def take_contents(lines: list[str], start: int, path: str, files: Collection[str]) -> list[Contents]:
    """Return what the lists of contents in ``lines`` list, and put our one in place of the first that shows.

    ``start`` is the number, from 0, of the first line on the page ``path``.
    """
    contents: list[Contents] = []
    shown = False
    for number, line in enumerate(lines):
        found = _TOCTREE.match(line)
        if not found:
            continue
        end = number + 1
        while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > len(found["indent"])):
            end += 1
        body = _expanded(lines[number + 1 : end], path, files)
        contents.append(read_contents(path, start + number, body))
        is_hidden = shown or any(row.strip() == ":hidden:" for row in body)
        lines[number:end] = ["" if is_hidden else f"{found['indent']}.. tableofcontents::"] + [""] * (
            end - number - 1
        )
        shown = shown or not is_hidden
    return contents


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _expanded(body: Sequence[str], path: str, files: Collection[str]) -> list[str]:
    """Return the lines of a list of contents, with the pages that patterns in it mean."""
    if not any(row.strip() == ":glob:" for row in body):
        return [row for row in body if row.strip() != "self"]
    folder = PurePosixPath(path).parent.as_posix()
    pages = {name: name.rsplit(".", 1)[0] for name in sorted(files) if name.endswith((".md", ".rst"))}
    rows: list[str] = []
    for row in body:
        pattern = normpath(f"{folder}/{row.strip()}")
        is_pattern = "*" in row and not row.strip().startswith(":")
        rows += [f"/{stem}" for stem in pages.values() if fnmatchcase(stem, pattern)] if is_pattern else [row]
    return rows


def labels_in(text: str) -> list[str]:
    """Return the labels that reStructuredText gives."""
    return [(found["target"] or found["name"]).strip() for found in _LABEL.finditer(text)]


def with_titled_cards(text: str) -> str:
    """Return text whose cards have their titles where the theme of Jupyter Book expects them."""
    return _CARD.sub(lambda found: f"{found['first']} {found['title']}", text)
