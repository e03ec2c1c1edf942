"""What cells import, and portable names on pages that do not import what they become.

The latter is no fault where the code is only there to be saved: the library has imports of its own.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from tabbook.code import bound_names, is_python, parse
from tabbook.importers.report import Findings
from tabbook.project.names import parse_idiom, roots
from tabbook_d2lbook.convert import PageConverter


def _nodes(source: str) -> Iterator[ast.AST]:
    """Return the nodes of code, in no order; none where it is not Python."""
    return ast.walk(parse(source).tree) if is_python(source) else iter(())


def imported_modules(source: str) -> set[str]:
    """Return the modules, by their first name, that a cell imports, wherever in it."""
    found: set[str] = set()
    for node in _nodes(source):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def check_imports(
    pages: Iterable[PageConverter],
    names: Mapping[str, Mapping[str, str]],
    package: str,
    findings: Findings,
) -> None:
    """Report each name such as ``np`` that a page's rewritten code needs and no cell of it has."""
    if not names:
        return
    uses = re.compile(rf"\b{re.escape(package)}\.({'|'.join(sorted(names))})\b")
    for page in pages:
        for tab in page.tabs:
            cells = [
                (cell, piece.source)
                for cell in page.cells
                for piece in cell.pieces
                if cell.state == "code" and (piece.tabs is None or tab in piece.tabs)
            ]
            if not any(uses.search(source) for _, source in cells):
                continue
            bound = {name for _, source in cells for name in bound_names(_nodes(source))}
            told: set[str] = set()
            for cell, source in cells:
                for found in uses.finditer(source):
                    way = names[found[1]].get(tab)
                    for root in sorted(roots(parse_idiom(way)) - {package} - bound - told) if way else ():
                        line = cell.line + source.count("\n", 0, found.start()) + 1
                        message = f"{found[0]} becomes {way} for {tab}, but no cell imports {root}"
                        findings.note(page.page.path, line, "import", message, "import it in a cell")
                        told.add(root)
