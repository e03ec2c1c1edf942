"""Portable names on pages that do not import what they become.

That is no fault where the code is only there to be saved: the library has imports of its own.
"""

import re
from collections.abc import Iterable, Mapping

from tabbook.importers.report import Findings
from tabbook.project.names import parse_way, roots
from tabbook_d2lbook.convert import PageConverter


def _binds(source: str, name: str) -> bool:
    """Say whether code imports or assigns ``name`` anywhere."""
    imported = rf"^[ \t]*(?:from[ \t]+\S+[ \t]+)?import\b[^\n]*\b{name}\b"
    return bool(re.search(rf"{imported}|^[^\n#]*\b{name}\b[^\n=]*(?<![=!<>])=(?!=)", source, re.MULTILINE))


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
            told: set[str] = set()
            for cell, source in cells:
                for found in uses.finditer(source):
                    way = names[found[1]].get(tab)
                    for root in sorted(roots(parse_way(way)) - {package} - told) if way else ():
                        if not any(_binds(other, root) for _, other in cells):
                            line = cell.line + source.count("\n", 0, found.start()) + 1
                            message = f"{found[0]} becomes {way} for {tab}, but no cell imports {root}"
                            findings.note(page.page.path, line, "import", message, "import it in a cell")
                        told.add(root)
