"""What the tests of the core share: the small book, its settings, and its cells as text."""

from pathlib import Path

from pytest_regressions.common import check_text_files

from tabbook.book import Book
from tabbook.config import BookSettings
from tabbook.errors import TabbookError
from tabbook.extract.assemble import assemble
from tabbook.extract.saved import extract_book
from tabbook.model import Projection
from tabbook.read.section import read_section
from tabbook.section_faults import check_section

HERE = Path(__file__).parent
SMALL = HERE / "books" / "small"
DECLARED = "---\ntabbook: {}\n---\n"
"""Front matter of three lines for a section with code cells."""
SETTINGS: BookSettings = Book.load(SMALL).settings


def shown(projection: Projection) -> str:
    """Return a projection as text: every cell under a line that says what it is."""
    parts = []
    for cell in projection.cells:
        about = [cell.kind, f"line {cell.line}", *([", ".join(cell.tags)] if cell.tags else [])]
        parts.append(f"======== {', '.join(about)}\n{cell.source}\n")
    return "\n".join(parts)


def section(*cells: str, front: str = DECLARED) -> str:
    """Return the text of a section with these code cells, the first on line 7."""
    fences = "\n\n".join(f"```{{code-cell}} python\n{cell}\n```" for cell in cells)
    return f"{front}# Title\n\n{fences}\n"


def faults_of(text: str, path: str = "a.md", book: BookSettings = SETTINGS) -> list[str]:
    """Return all that is wrong with a section, from reading it to making a library of it alone."""
    try:
        page = read_section(text, path, book)
        faults = check_section(page, book)
        if faults:
            raise TabbookError(faults)
        saved = extract_book([page], book)
        for tab, about in book.tabs.items():
            assemble(saved[tab], about, {}, book.library)
    except TabbookError as error:
        return [str(fault) for fault in error.faults]
    return []


def same_bytes(obtained: Path, expected: Path) -> None:
    """Blanks at the end of a line break it, so they count as well."""
    check_text_files(obtained, expected, encoding="utf-8")  # shows what differs, but no ends of lines
    assert obtained.read_bytes() == expected.read_bytes(), f"{expected.name} differs at the end of a line"
