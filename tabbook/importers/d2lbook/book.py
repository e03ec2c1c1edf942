"""The whole book: every page read, then checked against the others, then written in our format."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from tabbook.code import bound_names, parse
from tabbook.importers.d2lbook import settings
from tabbook.importers.d2lbook.aliases import Names, read_aliases
from tabbook.importers.d2lbook.cells import SourceCell, read_cells
from tabbook.importers.d2lbook.convert import PageConverter
from tabbook.importers.d2lbook.imports import check_imports
from tabbook.importers.d2lbook.library import library_place, preambles
from tabbook.importers.d2lbook.project import CONFIG, Project, matching, read_text
from tabbook.importers.d2lbook.saved import settle_saved
from tabbook.importers.d2lbook.source import Labels, Named, Page
from tabbook.importers.d2lbook.toc import Node, build_tree, toc_data
from tabbook.importers.report import Finding, Findings
from tabbook.merge.stored import dump, outputs_path
from tabbook.project.names import parse_way, roots

_WORTH_SHARING = 1000
"""From how many cells on it pays to start other processes."""


@dataclass(slots=True)
class ImportedBook:
    """What an import writes: texts by path, files to copy, and how much of everything."""

    texts: dict[str, str] = field(default_factory=dict)
    copies: dict[str, Path] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def _target(path: str) -> str:
    """Return the path of a page of ours: the source's, with the ending ``.md``."""
    return path if path.endswith(".md") else f"{path.rsplit('.', 1)[0]}.md"


def convert_book(project: Project, findings: Findings) -> ImportedBook:
    """Return the book in our format."""
    pages = _converted(project, findings)
    tree, order = _order(project, pages, findings)
    names = read_aliases(project, findings)
    first = preambles(project, names.lines, findings)
    in_order = [pages[path] for path in order if path in pages]
    settle_saved(in_order, project.tabs, findings, single=project.single is not None)
    _check_roots(project, names, first, in_order, findings)
    package = library_place(project, project.tabs[0])[0]
    check_imports(pages.values(), names.ways, package, findings)
    labels = _check_labels(project, pages, order, tree, findings)
    _check_citations(project, pages, findings)
    book = ImportedBook()
    orphans = [path for path in pages if path not in order]
    counts: Counter[str] = Counter()
    for path, page in pages.items():
        text, stored = page.render(labels)
        if path in orphans:
            text = _orphan(text)
        book.texts[_target(path)] = text
        if stored:
            book.texts[outputs_path(_target(path))] = dump(stored)
        counts.update(page.facts())
    _write_project(project, names, first, pages, tree, book, findings, has_orphans=bool(orphans))
    _copy_files(project, pages, book, findings)
    book.counts = {"pages": len(pages), "pages in the contents": len(order), **counts}
    return book


def _converted(project: Project, findings: Findings) -> dict[str, PageConverter]:
    texts = {path: read_text(project, path, findings) for path in project.pages}
    pages = [Page(path, text, project.tabs, findings) for path, text in texts.items()]
    converted: dict[str, PageConverter] = {}
    for page, (cells, found) in zip(pages, _read_all_cells(pages), strict=True):
        folder = PurePosixPath(page.path).parent.as_posix()

        def read(name: str, folder: str = folder) -> bytes | None:
            return project.read(normpath(f"{folder}/{name}"))

        findings.items += found
        converted[page.path] = PageConverter(page, cells, project.files, read)
    return converted


def _read_all_cells(pages: Sequence[Page]) -> list[tuple[list[SourceCell], list[Finding]]]:
    """Return the cells of every page, and what was found; on all cores where that is worth it."""
    paths, tabs = [page.path for page in pages], [page.tabs for page in pages]
    fences = [page.cell_fences for page in pages]
    if sum(map(len, fences)) >= _WORTH_SHARING and (os.cpu_count() or 1) > 1:
        try:
            with ProcessPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
                return list(pool.map(read_cells, paths, tabs, fences, chunksize=4))
        except (OSError, BrokenProcessPool):
            pass  # a machine without what processes need to share: one after the other, then
    return list(map(read_cells, paths, tabs, fences))


def _order(project: Project, pages: dict[str, PageConverter], findings: Findings) -> tuple[Node, list[str]]:
    """Return the contents and the pages in their order; pages that a translation replaced are gone."""
    if project.single:
        stem = _target(project.single).removesuffix(".md")
        return Node(stem), [project.single]
    stems = {path.removesuffix(".md") for path in pages}
    contents = {path.removesuffix(".md"): page.contents for path, page in pages.items()}
    if project.index not in stems:
        hint = "the first page takes its place"
        findings.fault(f"{project.index}.md", 0, "contents", "there is no index page", hint)
        index = min(stems) if stems else project.index
    else:
        index = project.index
    tree = build_tree(index, contents, sorted(stems), findings)
    order = [f"{stem}.md" for stem in tree.walk()]
    for path in sorted(set(pages) - set(order)):
        original = path.removesuffix("_origin.md")
        if original != path and original in stems:
            findings.note(path, 0, "contents", "the original of a translated page", "it is not imported")
            del pages[path]
        else:
            hint = "it is imported, and stands in no list"
            findings.note(path, 0, "contents", "no contents list this page", hint)
    return tree, order


def _check_labels(
    project: Project, pages: Mapping[str, PageConverter], order: list[str], tree: Node, findings: Findings
) -> Labels:
    """Return what each label names; faults are labels given twice, and references to none."""
    names = Labels()
    places: dict[str, str] = {}
    numbered = {f"{stem}.md" for stem in tree.numbered()}
    for path in [*order, *(path for path in pages if path not in order)]:
        for label, (kind, line) in pages[path].page.labels.items() if path in pages else ():
            if names.find(label):
                message = f"the label {label!r} is already given in {places[label.casefold()]}"
                findings.fault(path, line, "label", message, "rename one of them")
                continue
            title = pages[path].page.titles.get(label, "")
            names.add(label, Named(kind, not title and (kind != "section" or path in numbered), title))
            places[label.casefold()] = f"{path}:{line}"
    report = findings.note if project.single else findings.fault
    for path, page in pages.items():
        for reference in page.page.references:
            for key in reference.keys if reference.role != "cite" else ():
                named = names.find(key)
                if named is None:
                    hint = "it is in another page" if project.single else "no page has this label"
                    report(path, reference.line, "label", f"unknown label {key!r}", hint)
                elif reference.role == "numref" and not named.has_number and not project.single:
                    message = f"{key!r} has no number: the contents do not number what it names"
                    findings.note(path, reference.line, "label", message, "its title is shown")
    return names


def _check_roots(
    project: Project,
    names: Names,
    first: Mapping[str, str],
    pages: Sequence[PageConverter],
    findings: Findings,
) -> None:
    """Leave out the portable names that stand on something that the library of a tab does not have."""
    package = library_place(project, project.tabs[0])[0]
    for tab in project.tabs:
        ways = {name: way[tab] for name, way in names.ways.items() if tab in way}
        there = {package, "sys", *ways, *bound_names(parse(first.get(tab, "")).tree.body)}
        for page in pages:
            if tab in page.tabs:
                pieces = (piece for cell in page.cells for piece in cell.pieces)
                there |= {
                    name for piece in pieces for save in piece.saves.get(tab, ()) for name in save.names
                }
        for name, way in ways.items():
            missing = sorted(roots(parse_way(way)) - there) if "*" not in there else []
            if missing:
                message = (
                    f"library-{tab}: {name} stands for {way}, but the library never imports {missing[0]}"
                )
                findings.fault(CONFIG, 0, "configuration", message, "the alias is left out")
                del names.ways[name][tab]
        names.ways = {name: ways for name, ways in names.ways.items() if ways}


def _check_citations(project: Project, pages: Mapping[str, PageConverter], findings: Findings) -> None:
    known: set[str] = set()
    files = settings.bibliographies(project)
    for path in files:
        known |= settings.bib_keys((project.read(path) or b"").decode("utf-8", "replace"))
    report = findings.note if project.single and not files else findings.fault
    for path, page in pages.items():
        for reference in page.page.references:
            for key in reference.keys if reference.role == "cite" else ():
                if key.casefold() not in known:
                    hint = f"add it to {files[0]}" if files else "there is no bibliography"
                    report(path, reference.line, "citation", f"unknown citation {key!r}", hint)


def _orphan(text: str) -> str:
    if text.startswith("---\n"):
        return text.replace("---\n", "---\norphan: true\n", 1)
    return f"---\norphan: true\n---\n\n{text}"


def _write_project(
    project: Project,
    names: Names,
    first: Mapping[str, str],
    pages: Mapping[str, PageConverter],
    tree: Node,
    book: ImportedBook,
    findings: Findings,
    *,
    has_orphans: bool,
) -> None:
    index = next((page for path, page in pages.items() if _target(path) == f"{tree.path}.md"), None)
    book.texts["_config.yml"] = settings.config_text(
        project,
        names,
        first,
        findings,
        has_orphans=has_orphans,
        has_autodoc=any(page.has_autodoc for page in pages.values()),
        title=index.title if index else "Untitled",
    )
    book.texts["_toc.yml"] = settings.toc_text(toc_data(tree))
    book.texts["requirements.txt"] = settings.BUILDER
    book.texts[".gitignore"] = settings.IGNORE
    named = [name for page in pages.values() for cell in page.cells for name in cell.libraries]
    for tab in project.tabs:
        sources = [
            cell.source
            for page in pages.values()
            if tab in page.tabs
            for cell in page.cells
            if cell.state == "code" and (cell.tabs is None or tab in cell.tabs)
        ]
        imported = settings.imported_modules([*sources, first.get(tab, "")])
        book.texts[f"requirements/{tab}.txt"] = settings.requirements_text(
            project, tab, imported, named, findings
        )
        if tab in first:
            book.texts[settings.preamble_path(project, tab)] = first[tab]


def _copy_files(
    project: Project, pages: Mapping[str, PageConverter], book: ImportedBook, findings: Findings
) -> None:
    """Choose what is copied as it is: images, bibliography, resources; report what is missing."""
    wanted: set[str] = set(settings.bibliographies(project))
    for path, page in pages.items():
        folder = PurePosixPath(path).parent.as_posix()
        wanted |= {link for link in page.page.links if link not in project.pages}
        for url, line in page.page.images:
            if "://" in url or url.startswith("data:"):
                continue
            local = url.lstrip("/") if url.startswith("/") else normpath(f"{folder}/{unquote(url)}")
            if local in project.files:
                wanted.add(local)
            else:
                findings.fault(path, line + 1, "image", f"the image {url} is missing", "the page asks for it")
    for key in ("html_logo", "favicon"):
        name = project.value("html", key).removeprefix("./")
        if name in project.files:
            wanted.add(name)
    if not project.single:
        library = {
            project.library(tab).get("lib_file", "").strip().rpartition("/")[0]
            or library_place(project, tab)[0]
            for tab in project.tabs
        }
        wanted |= {
            path
            for path in matching(project, project.value("build", "resources"))
            if path.rpartition("/")[0] not in library and path != "setup.py" and not path.endswith(".md")
        }
    for path in sorted(wanted):
        if path not in book.texts:
            book.copies[path] = project.root / path
