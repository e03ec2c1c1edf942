"""What the tests of the core share: the small book, its settings, and its cells as text."""

from pathlib import Path

from tabbook.book import Book
from tabbook.config import BookSettings
from tabbook.model import Projection

HERE = Path(__file__).parent
SMALL = HERE / "books" / "small"
SETTINGS: BookSettings = Book.load(SMALL).settings


def shown(projection: Projection) -> str:
    """Return a projection as text: every cell under a line that says what it is."""
    parts = []
    for cell in projection.cells:
        about = [cell.kind, f"line {cell.line}", *([", ".join(cell.tags)] if cell.tags else [])]
        parts.append(f"======== {', '.join(about)}\n{cell.source}\n")
    return "\n".join(parts)


def section(*cells: str, front: str = "") -> str:
    """Return the text of a section with these code cells."""
    fences = "\n\n".join(f"```{{code-cell}} python\n{cell}\n```" for cell in cells)
    return f"{front}# Title\n\n{fences}\n"
