"""The bibliography: its files, the works in each, and which works each page lists.

d2lbook reads every file by itself. Sphinx reads all of them as one, and stops reading a file at a
work that it has already: so here a work stays in the first file that has it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath, relpath

from tabbook.importers.report import Findings
from tabbook_d2lbook.project import CONFIG, Project, matching
from tabbook_d2lbook.source import Page, safe_path

_ENTRY = re.compile(r"@(?!(?:comment|string|preamble)\b)\w+\s*[{(]\s*(?P<key>[^\s,{}()]+)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"^[ \t]*\.\. bibliography:: *(?P<files>.*)$")
WHOLE = "```{bibliography}\n```"


@dataclass(frozen=True, slots=True)
class _Listed:
    """One place where a page lists works: the files that it names, and the line, from 0."""

    page: Page
    start: int
    line: int
    files: tuple[str, ...]


@dataclass(slots=True)
class Bibliography:
    """The files of a book's bibliography, in order, and the texts of those that Sphinx needs otherwise.

    ``keys`` are the works of each file, in lower case; ``moved`` those of them that an earlier file
    has, and which file that is. ``listed`` are the files that some page lists.
    """

    files: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, set[str]] = field(default_factory=dict)
    moved: dict[str, dict[str, str]] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    repeats: bool = False
    """Whether a work may be listed on several pages."""

    def has(self, key: str) -> bool:
        """Say whether some file has a work."""
        return any(key.casefold() in keys for keys in self.keys.values())

    def shows(self, key: str) -> bool:
        """Say whether some page lists the file of a work."""
        return any(key.casefold() in self.keys[path] for path in self.listed)


def read_bibliography(project: Project, pages: Iterable[Page], findings: Findings) -> Bibliography:
    """Return the bibliography of a project; its pages get what they list.

    Faults are files that are missing, and works that are given twice.
    """
    listed = [one for page in pages for one in _lists(project, page)]
    book = Bibliography()
    named = [*_configured(project, findings), *(path for one in listed for path in one.files)]
    book.files = list(dict.fromkeys(named)) or sorted(
        path for path in project.files if path.endswith(".bib") and "/" not in path
    )
    _read_works(project, book, findings)
    for one in listed:
        book.listed |= set(one.files or book.files)
    _write_lists(book, [one for one in listed if one.start >= 0])
    return book


def _configured(project: Project, findings: Findings) -> Iterator[str]:
    """Yield the files that ``config.ini`` names."""
    for path in (name.removeprefix("./") for name in project.value("pdf", "bibfile").split()):
        if path in project.files:
            yield path
        elif not project.single:
            findings.fault(
                CONFIG, 0, "citation", f"the bibfile {path} is missing", "the book does without it"
            )
    yield from (
        path for path in matching(project, project.value("build", "resources")) if path.endswith(".bib")
    )


def _lists(project: Project, page: Page) -> Iterator[_Listed]:
    """Yield the places where a page lists works; those in reStructuredText stay as they are."""
    for span in page.scan.spans:
        if span.kind == "role" and span.name == "bibliography":
            line = page.line_of(span.start)
            yield _Listed(page, span.start, line, tuple(_files(project, page, line, span.arg)))
    for fence in page.fences:
        for number, text in enumerate(fence.body if fence.kind == "eval_rst" else (), fence.start + 1):
            if found := _DIRECTIVE.match(text):
                yield _Listed(page, -1, number, tuple(_files(project, page, number, found["files"])))


def _files(project: Project, page: Page, line: int, text: str) -> Iterator[str]:
    """Yield the files that a page names, from its own folder or from the project's."""
    folder = PurePosixPath(page.path).parent.as_posix()
    for name in filter(None, re.split(r"[,\s]+", text)):
        path = name.lstrip("/") if name.startswith("/") else normpath(f"{folder}/{name}")
        if path not in project.files and normpath(name) in project.files:
            path = normpath(name)
        if path in project.files:
            yield path
        elif path.startswith(".."):
            hint = "copy it into the project; the page lists the works of the other files"
            page.fault(line, "citation", f"the bibliography {name} is outside of the project", hint)
        else:
            hint = "the page lists the works of the other files"
            report = page.note if project.single else page.fault
            report(line, "citation", f"the bibliography {name} is missing", hint)


def _read_works(project: Project, book: Bibliography, findings: Findings) -> None:
    """Read the files, without the works that were given before."""
    first: dict[str, tuple[str, str]] = {}
    for path in book.files:
        text = (project.read(path) or b"").decode("utf-8", "replace")
        kept, position = [], 0
        book.keys[path], book.moved[path] = set(), {}
        for found in _ENTRY.finditer(text):
            if found.start() < position:
                continue  # inside of a work: an @ in its abstract
            key, end = found["key"].casefold(), _end(text, found.start())
            work = " ".join(text[found.start() : end].split())
            other, same = first.setdefault(key, (path, work))
            if key in book.keys[path] or other != path:
                kept.append(text[position : found.start()])
                position = end
                if same != work:
                    line = text.count("\n", 0, found.start()) + 1
                    message = f"another entry {found['key']} in {other} differs from this one"
                    findings.fault(path, line, "citation", message, "that one is used")
            if other != path:
                book.moved[path][key] = other
            book.keys[path].add(key)
        if kept:
            book.texts[path] = "".join([*kept, text[position:]])
    book.repeats = any(book.moved.values())


def _end(text: str, start: int) -> int:
    """Return where the work that begins at ``start`` ends: behind the bracket that closes it."""
    depth = 0
    for found in re.finditer(r"\\.|[{}()]|^@", text[start:], re.MULTILINE | re.DOTALL):
        if found[0] in "{(":
            depth += 1
        elif found[0] in "})":
            depth -= 1
            if depth == 0:
                return start + found.end()
        elif found[0] == "@" and found.start():
            return start + found.start()  # it is never closed: the next one begins here
    return len(text)


def _write_lists(book: Bibliography, listed: Sequence[_Listed]) -> None:
    """Give each page the directive that lists its works."""
    pages: dict[str, set[str]] = {}
    for one in listed:
        for path in one.files or book.files:
            pages.setdefault(path, set()).add(one.page.path)
    seen = set[tuple[str, str]]()
    for one in listed:
        files = [path for path in one.files or book.files if (one.page.path, path) not in seen]
        seen |= {(one.page.path, path) for path in files}
        is_shared = any(len(pages[path]) > 1 for path in files)
        book.repeats |= is_shared
        text = _directive(book, one.page, files, is_shared=is_shared)
        one.page.bibliographies[one.start] = text if files or not book.files else ""


def _directive(book: Bibliography, page: Page, files: Sequence[str], *, is_shared: bool) -> str:
    """Return the directive that lists what is cited of ``files``.

    Where several pages list a file (``is_shared``), each lists the works that it cites itself.
    """
    if set(files) == set(book.files) and not is_shared:
        return WHOLE
    cited = {key.casefold() for one in page.references if one.role == "cite" for key in one.keys}
    keys = {key for path in files for key in book.keys[path]}
    moved = {other for path in files for other in book.moved[path].values()} - set(files)
    filters = ["docname in docnames" if is_shared and cited & keys else "cited"]
    if moved:
        filters.append(f"key in {{{', '.join(json.dumps(key, ensure_ascii=False) for key in sorted(keys))}}}")
    folder = PurePosixPath(page.path).parent.as_posix()
    names = " ".join(relpath(safe_path(path), folder) for path in [*files, *sorted(moved)])
    option = f":filter: {' and '.join(filters)}\n" if filters != ["cited"] else ""
    return f"```{{bibliography}} {names}\n{option}```"
