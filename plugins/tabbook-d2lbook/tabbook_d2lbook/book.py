"""The whole book: every page read, then checked against the others, then written in our format."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from tabbook.importers.contents import Node, toc_text
from tabbook.importers.importer import ImportedBook
from tabbook.importers.project import common_files
from tabbook.importers.report import Finding, Findings
from tabbook.machine import cores
from tabbook.merge.bundled import dump, outputs_path
from tabbook_d2lbook import settings
from tabbook_d2lbook.aliases import Names, read_aliases
from tabbook_d2lbook.anchors import settle_anchors
from tabbook_d2lbook.bibliography import Bibliography, read_bibliography
from tabbook_d2lbook.cells import SourceCell, read_cells
from tabbook_d2lbook.checks import (
    check_citations,
    check_documented,
    check_labels,
    check_roots,
    library_names,
)
from tabbook_d2lbook.convert import PageConverter
from tabbook_d2lbook.dialect import PROJECT_FILES
from tabbook_d2lbook.imports import check_imports, imported_modules
from tabbook_d2lbook.library import library_place, preambles
from tabbook_d2lbook.pandoc import as_d2lbook
from tabbook_d2lbook.project import Project, matching, read_text
from tabbook_d2lbook.quarto import QuartoPage
from tabbook_d2lbook.quarto_contents import add_listed, listed_pages
from tabbook_d2lbook.rst import RstPage, read_rst_page
from tabbook_d2lbook.save_marks import SaveMarks
from tabbook_d2lbook.saved import Unresolved, settle_saved, unresolved
from tabbook_d2lbook.slides import parted
from tabbook_d2lbook.source import Page, safe_path
from tabbook_d2lbook.toc import build_tree

_MIN_PARALLEL_CELLS = 1000
"""From how many cells on it pays to start other processes."""


def _target(path: str) -> str:
    """Return the path of a page of ours: the source's, with the ending ``.md``."""
    return path if path.endswith(".md") else f"{path.rsplit('.', 1)[0]}.md"


def convert_book(project: Project, findings: Findings) -> ImportedBook:
    """Return the book in our format."""
    pages = _converted(project, findings)
    rst_pages = _read_rst_pages(project, findings)
    tree, order = _order(project, pages, rst_pages, findings)
    names = read_aliases(project, findings)
    first = preambles(project, names.lines, findings)
    in_order = [pages[path] for path in order if path in pages]
    missing = _unresolved(project, names, first, in_order)
    settle_saved(in_order, project.tabs, findings, single=project.single is not None, missing=missing)
    check_roots(project, names, first, in_order, findings)
    package = library_place(project, project.tabs[0])[0]
    check_imports(pages.values(), names.ways, package, findings)
    check_documented(project, names, first, in_order, findings)
    settle_anchors({path: page.page for path, page in pages.items()})
    rst_labels = [(stem, label) for stem, page in rst_pages.items() for label in page.labels]
    rst_labels += [(path.removesuffix(".md"), label) for path, p in pages.items() for label in p.rst_labels]
    labels = check_labels(project, pages, rst_labels, order, tree, findings)
    bibliography = read_bibliography(project, [page.page for page in pages.values()], findings)
    check_citations(project, pages, bibliography, findings)
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
    in_contents = set(tree.walk())
    excluded = [page.path for stem, page in rst_pages.items() if stem not in in_contents]
    book.texts |= {page.path: page.text for page in rst_pages.values()}
    _write_project(
        project,
        names,
        first,
        pages,
        rst_pages,
        tree,
        bibliography,
        book,
        findings,
        has_orphans=bool(orphans),
        excluded=excluded,
    )
    book.copies |= {safe_path(path): project.root / path for path in bibliography.files}
    book.texts |= {safe_path(path): text for path, text in bibliography.texts.items()}
    shown = {name for page in rst_pages.values() for name in page.files}
    _copy_files(project, pages, shown, book, findings)
    book.counts = {"pages": len(pages) + len(rst_pages), "pages in the contents": len(order), **counts}
    return book


def _unresolved(
    project: Project, names: Names, first: Mapping[str, str], pages: Sequence[PageConverter]
) -> Unresolved:
    """Return what the scripts of a book for Quarto leave out of its library; a lone page has no library."""
    if project.dialect == "d2lbook" or project.single:
        return {}
    known = {
        tab: library_names(first.get(tab, ""), (), tab)
        | {name for name, way in names.ways.items() if tab in way}
        for tab in project.tabs
    }
    return unresolved(pages, project.tabs, known, library_place(project, project.tabs[0])[0])


def _converted(project: Project, findings: Findings) -> dict[str, PageConverter]:
    marks = SaveMarks(project)
    texts = {path: marks.rewrite(read_text(project, path, findings)) for path in project.pages}
    marks.report(project, findings)
    pages = [_page(project, path, text, findings) for path, text in texts.items()]
    files = frozenset(f for f in project.files if not f.endswith(".md") or f in texts)
    converted: dict[str, PageConverter] = {}
    for page, (cells, found) in zip(pages, _read_all_cells(pages), strict=True):
        folder = PurePosixPath(page.path).parent.as_posix()

        def read(name: str, folder: str = folder) -> bytes | None:
            return project.read(normpath(f"{folder}/{name}"))

        findings.items += found
        converted[page.path] = PageConverter(page, cells, files, read)
    return converted


def _read_rst_pages(project: Project, findings: Findings) -> dict[str, RstPage]:
    """Return the pages of reStructuredText by their paths without ending; one of Markdown comes first."""
    stems = {path.removesuffix(".md") for path in project.pages}
    return {
        stem: read_rst_page(path, read_text(project, path, findings), project.files)
        for path in project.rst_pages
        if (stem := path.removesuffix(".rst")) not in stems
    }


def _page(project: Project, path: str, text: str, findings: Findings) -> Page:
    """Return a page; in a book for Quarto, its slides are a page of their own."""
    language = settings.language(project)
    if project.dialect == "d2lbook":
        return Page(path, as_d2lbook(text), project.tabs, findings, language=language)
    text, slides = parted(text)

    def report(line: int, message: str, hint: str) -> None:
        findings.note(path, line + 1, "quarto", message, hint)

    ours = QuartoPage(text, project.tabs, report)
    page = Page(path, ours.text, project.tabs, findings, language=language, dialect=project.dialect)
    page.consumed |= ours.kept
    folder = PurePosixPath(path).parent.as_posix()
    page.links += [file for url in ours.pictures if (file := normpath(f"{folder}/{url}")) in project.files]
    if slides.strip():
        page.slides = Page(path, slides, project.tabs, findings, language=language)
    return page


def _read_all_cells(pages: Sequence[Page]) -> list[tuple[list[SourceCell], list[Finding]]]:
    """Return the cells of every page, and what was found; on all cores where that is worth it."""
    paths, tabs = [page.path for page in pages], [page.tabs for page in pages]
    fences = [page.cell_fences for page in pages]
    dialects = [page.dialect for page in pages]
    if sum(map(len, fences)) >= _MIN_PARALLEL_CELLS and cores() > 1:
        try:
            with ProcessPoolExecutor(min(cores(), 8)) as pool:
                return list(pool.map(read_cells, paths, tabs, fences, dialects, chunksize=4))
        except (OSError, BrokenProcessPool):
            pass  # a machine without what processes need to share: one after the other, then
    return list(map(read_cells, paths, tabs, fences, dialects))


def _order(
    project: Project,
    pages: dict[str, PageConverter],
    rst_pages: Mapping[str, RstPage],
    findings: Findings,
) -> tuple[Node, list[str]]:
    """Return the contents and the pages in their order; pages that a translation replaced are gone."""
    if project.single:
        stem = _target(project.single).removesuffix(".md")
        return Node(stem), [project.single]
    stems = {path.removesuffix(".md") for path in pages} | rst_pages.keys()
    contents = {path.removesuffix(".md"): page.contents for path, page in pages.items()}
    contents |= {stem: page.contents for stem, page in rst_pages.items()}
    if project.index not in stems:
        hint = "the first page takes its place"
        findings.fault(f"{project.index}.md", 0, "contents", "there is no index page", hint)
        index = min(stems) if stems else project.index
    else:
        index = project.index
    tree = build_tree(index, contents, sorted(stems), findings)
    _add_quarto_pages(project, tree, stems, findings)
    order = [f"{stem}.md" for stem in tree.walk()]
    parents = set(tree.with_pages_below())
    for path, page in pages.items():
        page.has_below = path.removesuffix(".md") in parents
    for stem in sorted(rst_pages.keys() - set(tree.walk())):
        message, hint = "no contents list this page", "it is copied, and no page of the site"
        findings.note(rst_pages[stem].path, 0, "contents", message, hint)
    for path in sorted(set(pages) - set(order)):
        original = path.removesuffix("_origin.md")
        if original != path and original in stems:
            findings.note(path, 0, "contents", "the original of a translated page", "it is not imported")
            del pages[path]
        else:
            hint = "it is imported, but is in no list"
            findings.note(path, 0, "contents", "no contents list this page", hint)
    return tree, order


def _add_quarto_pages(project: Project, tree: Node, stems: Collection[str], findings: Findings) -> None:
    """Add the pages that only the Quarto project of the book lists."""
    name = next((name for name in PROJECT_FILES if name in project.files), "")
    if not name or project.dialect != "quarto":
        return
    listed = listed_pages((project.read(name) or b"").decode("utf-8", "replace"))
    added = add_listed(tree, [path for path in listed if path in stems])
    for path in added:
        hint = "it is in the contents of the new book, too"
        findings.note(f"{path}.md", 0, "contents", f"{name} lists this page, and no contents do", hint)


def _orphan(text: str) -> str:
    if text.startswith("---\n"):
        return text.replace("---\n", "---\norphan: true\n", 1)
    return f"---\norphan: true\n---\n\n{text}"


def _write_project(
    project: Project,
    names: Names,
    first: Mapping[str, str],
    pages: Mapping[str, PageConverter],
    rst_pages: Mapping[str, RstPage],
    tree: Node,
    bibliography: Bibliography,
    book: ImportedBook,
    findings: Findings,
    *,
    has_orphans: bool,
    excluded: Sequence[str],
) -> None:
    everything: list[PageConverter | RstPage] = [*pages.values(), *rst_pages.values()]
    index: PageConverter | RstPage | None = rst_pages.get(tree.path)
    index = index or next((page for path, page in pages.items() if _target(path) == f"{tree.path}.md"), None)
    book.texts["_config.yml"] = settings.config_text(
        project,
        names,
        first,
        bibliography,
        findings,
        has_orphans=has_orphans,
        has_autodoc=any(page.has_autodoc for page in everything),
        title=index.title if index and index.title else "Untitled",
        excluded=excluded,
    )
    book.texts["_toc.yml"] = toc_text(tree)
    book.texts |= common_files(settings.language(project))
    named = [name for page in pages.values() for cell in page.cells for name in cell.libraries]
    for tab in project.tabs:
        sources = [
            cell.source
            for page in pages.values()
            if tab in page.tabs
            for cell in page.cells
            if cell.state == "code" and (cell.tabs is None or tab in cell.tabs)
        ]
        imported = {name for source in (*sources, first.get(tab, "")) for name in imported_modules(source)}
        book.texts[f"requirements/{tab}.txt"] = settings.requirements_text(
            project, tab, imported, named, findings
        )
        if tab in first:
            book.texts[settings.preamble_path(project, tab)] = first[tab]


def _copy_files(
    project: Project,
    pages: Mapping[str, PageConverter],
    shown: Collection[str],
    book: ImportedBook,
    findings: Findings,
) -> None:
    """Choose what is copied as it is: images, bibliography, resources; report what is missing.

    ``shown`` are the files that other pages show.
    """
    wanted: set[str] = set(shown)
    for path, page in pages.items():
        folder = PurePosixPath(path).parent.as_posix()
        wanted |= {link for link in page.page.links if link not in project.pages}
        for url, line in page.page.images:
            if "://" in url or url.startswith("data:"):
                continue
            local = url.lstrip("/") if url.startswith("/") else normpath(f"{folder}/{unquote(url)}")
            if local in project.files:
                wanted.add(local)
                book.copies[safe_path(local)] = project.root / local
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
        book.copies[path] = project.root / path
    for path in book.texts.keys() & book.copies.keys():
        del book.copies[path]
