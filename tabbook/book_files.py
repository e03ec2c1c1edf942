"""The files of a book beside its table of contents: pages that are missing, and sections in no entry."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from tabbook.config import BookSettings
from tabbook.contents import TOC_FILE, TocEntry, unexecuted
from tabbook.errors import Fault, nearest, suggestion
from tabbook.read.section import is_section

_GLOB = re.compile(
    r"(?P<any>\*\*)|(?P<part>\*)|(?P<one>\?)|\[(?P<not>!?)(?P<set>\]?[^]]*)\]|(?P<self>.)", re.DOTALL
)


@cache
def _regex(pattern: str) -> str:
    """Return a regular expression for one of Sphinx's patterns: only ``**`` matches slashes."""

    def one(found: re.Match[str]) -> str:
        if found["self"]:
            return re.escape(found["self"])
        if found["set"] is not None:
            characters = re.sub(r"([\\^\[])", r"\\\1", found["set"])
            return f"[^/{characters}]" if found["not"] else f"[{characters}]"
        return ".*" if found["any"] else "[^/]*" if found["part"] else "[^/]"

    return _GLOB.sub(one, pattern)


def is_excluded(file: str, patterns: Iterable[str]) -> bool:
    """Say whether Sphinx leaves out a file, or a folder that it is in, because of ``patterns``."""
    path = PurePosixPath(file)
    parts = [path.as_posix(), *(parent.as_posix() for parent in path.parents if parent.name)]
    expanded = {pattern.removeprefix("**/") for pattern in patterns} | {*patterns}
    return any(re.fullmatch(_regex(pattern), part) for pattern in expanded for part in parts)


def _names(folder: Path) -> set[str]:
    """Return the names in a folder as they are written, which matters to Jupyter Book on any system."""
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - names alone
    except OSError:
        return set()


def _exists(root: Path, file: str) -> bool:
    folder = root
    for part in PurePosixPath(file).parts:
        if part not in _names(folder):
            return False
        folder /= part
    return True


def sections_of(root: Path, contents: Iterable[TocEntry]) -> tuple[TocEntry, ...]:
    """Return the entries without those whose file is reStructuredText, which has no code to execute."""
    return tuple(
        entry
        for entry in contents
        if _exists(root, entry.file) or not _exists(root, f"{entry.file.removesuffix('.md')}.rst")
    )


def page_faults(root: Path, contents: tuple[TocEntry, ...], settings: BookSettings) -> Iterator[Fault]:
    """Yield what is wrong between the table of contents and the files of the book in ``root``.

    That is entries without a file, and sections that no entry names: their pages would not be
    executed, and the code that they save would be missing from the library.
    """
    for entry in contents:
        notebook = f"{entry.file.removesuffix('.md')}.ipynb"
        if _exists(root, entry.file):
            if is_excluded(entry.file, settings.exclude_patterns):
                message = f"Jupyter Book leaves out {entry.file}: it matches exclude_patterns of _config.yml"
                yield Fault(TOC_FILE, entry.line, message, "change the patterns, or remove the entry")
        elif _exists(root, notebook):
            yield Fault(TOC_FILE, entry.line, *unexecuted(notebook))
        else:
            yield Fault(TOC_FILE, entry.line, f"{entry.file} does not exist", _hint(root, entry.file))
    listed = {entry.file for entry in contents}
    for file in _markdown(root, contents, settings):
        if file not in listed and is_section(
            (root / file).read_text(encoding="utf-8", errors="replace"), settings
        ):
            hint = "add it, or keep it out of the book with exclude_patterns in _config.yml"
            yield Fault(file, 0, f"no entry of {TOC_FILE} names this section", hint)


def _hint(root: Path, file: str) -> str:
    path = PurePosixPath(file)
    there = {name.lower(): name for name in _names(root / path.parent) if name.endswith(".md")}
    close = nearest(path.name.lower(), there, cutoff=0.8)
    meant = suggestion((path.parent / there[close]).with_suffix("").as_posix() if close else "")
    return "; ".join(filter(None, [meant, "add it, or remove it from the contents"]))


def _markdown(root: Path, contents: tuple[TocEntry, ...], settings: BookSettings) -> Iterator[str]:
    """Yield the Markdown files that are, or look as if they were, pages: hidden folders have none.

    Where Jupyter Book builds every page that it finds, that is the whole book, else the folders of
    its chapters.
    """
    tops = {PurePosixPath(entry.file).parts[:-1][:1] for entry in contents}
    chapters = {top[0] for top in tops if top}
    for folder, folders, files in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and not is_excluded((here / name).as_posix(), settings.exclude_patterns)
            and (not settings.only_build_toc_files or here.parts or name in chapters)
        )
        if here.parts or not settings.only_build_toc_files or () in tops:
            for name in sorted(files):
                file = (here / name).as_posix()
                if name.endswith(".md") and not is_excluded(file, settings.exclude_patterns):
                    yield file
