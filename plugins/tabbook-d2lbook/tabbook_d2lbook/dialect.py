"""Two tools read d2lbook's Markdown, and read some of it differently: which one a book is for.

The sources of a book that Quarto renders have d2lbook's marks. Its scripts give a code cell without
a mark to every framework, where d2lbook gives it to the default one. They also name cells
(``{.python .input #name}``), keep slides behind a comment ``<!-- slides -->``, and save by rules of
their own.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Literal

Dialect = Literal["d2lbook", "quarto"]

PROJECT_FILES = ("_quarto.yml", "_quarto.yaml")
"""What the configuration of a Quarto project is called."""
_NAMED_CELL = re.compile(r"^`{3,}[ \t]*\{(?=[^}\n]*\.input\b)[^}\n]*(?<![^\s{])#[\w-]", re.MULTILINE)
_SLIDE = re.compile(r"^:{3,}[ \t]*\{[ \t]*\.slide\b", re.MULTILINE)


def quarto_file(files: Collection[str], pages: Iterable[str], read: Callable[[str], str]) -> str:
    """Return the file that shows that a book is for Quarto; empty if none does.

    It is its Quarto project, or a page with named cells or with slides.

    Args:
        files: All files of the source, by their paths.
        pages: Those that are pages.
        read: Returns the text of a page.
    """
    project = next((name for name in PROJECT_FILES if name in files), "")
    return project or next((path for path in pages if _is_quarto(read(path))), "")


def _is_quarto(text: str) -> bool:
    return bool(_NAMED_CELL.search(text) or _SLIDE.search(text))
