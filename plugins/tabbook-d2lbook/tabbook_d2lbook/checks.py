"""What only the whole book can tell: labels, citations, names of the library that lead nowhere."""

from collections.abc import Iterable, Mapping, Sequence

from tabbook.code import bound_names, parse
from tabbook.importers.contents import Node
from tabbook.importers.report import Findings
from tabbook.project.names import parse_idiom, roots
from tabbook_d2lbook import blocks
from tabbook_d2lbook.aliases import Names
from tabbook_d2lbook.bibliography import Bibliography
from tabbook_d2lbook.convert import PageConverter
from tabbook_d2lbook.library import library_place
from tabbook_d2lbook.project import CONFIG, Project
from tabbook_d2lbook.source import Labels, Named


def check_labels(
    project: Project,
    pages: Mapping[str, PageConverter],
    rst_labels: Iterable[tuple[str, str]],
    order: list[str],
    tree: Node,
    findings: Findings,
) -> Labels:
    """Return what each label names; faults are labels given twice, and references to none.

    ``rst_labels`` are the labels that reStructuredText gives, each behind the path of its page.
    """
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
    for stem, label in rst_labels:
        if not names.find(label):
            names.add(label, Named("section", f"{stem}.md" in numbered))
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


def check_citations(
    project: Project, pages: Mapping[str, PageConverter], bibliography: Bibliography, findings: Findings
) -> None:
    """Report each citation that no bibliography has, and the first one that no page lists."""
    files = bibliography.files
    report = findings.note if project.single and not files else findings.fault
    unlisted = set(files) - bibliography.listed
    for path, page in pages.items():
        for reference in page.page.references:
            for key in reference.keys if reference.role == "cite" else ():
                if not bibliography.has(key):
                    hint = f"add it to {files[0]}" if files else "there is no bibliography"
                    report(path, reference.line, "citation", f"unknown citation {key!r}", hint)
                elif not bibliography.shows(key):
                    lost = {one for one in unlisted if key.casefold() in bibliography.keys[one]}
                    if lost:
                        message = f"no page shows the bibliography {min(lost)}"
                        hint = "write :bibliography: on one, for citations to lead to"
                        report(path, reference.line, "citation", message, hint)
                        unlisted -= lost  # once is enough


def library_names(preamble: str, pages: Sequence[PageConverter], tab: str) -> set[str]:
    """Return the names that a tab's library has from its hand-written part and from pages."""
    found = set(bound_names(parse(preamble).tree.body))
    for page in pages:
        if tab in page.library_tabs:
            pieces = (piece for cell in page.cells for piece in cell.pieces)
            found |= {name for piece in pieces for save in piece.saves.get(tab, ()) for name in save.names}
    return found


def check_roots(
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
        there = {package, "sys", *ways, *library_names(first.get(tab, ""), pages, tab)}
        for name, way in ways.items():
            missing = sorted(roots(parse_idiom(way)) - there) if "*" not in there else []
            if missing:
                message = (
                    f"library-{tab}: {name} stands for {way}, but the library never imports {missing[0]}"
                )
                findings.fault(CONFIG, 0, "configuration", message, "the alias is left out")
                del names.ways[name][tab]
        names.ways = {name: ways for name, ways in names.ways.items() if ways}


def check_documented(
    project: Project,
    names: Names,
    first: Mapping[str, str],
    pages: Sequence[PageConverter],
    findings: Findings,
) -> None:
    """Report each object that a page documents and its library does not have."""
    modules = {".".join(library_place(project, tab)): tab for tab in project.tabs}
    there: dict[str, set[str]] = {}
    for page in pages:
        for module, name, line in blocks.documented(page.page, "") if page.has_autodoc else ():
            tab = modules.get(module)
            if tab is None:
                continue
            if tab not in there:
                ways = {name for name, way in names.ways.items() if tab in way}
                there[tab] = ways | library_names(first.get(tab, ""), pages, tab)
            if name not in there[tab] and "*" not in there[tab]:
                message = f"{name} is documented, but {module} does not have it"
                findings.fault(page.page.path, line + 1, "save", message, "the build warns of it")
