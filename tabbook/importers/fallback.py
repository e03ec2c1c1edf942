"""Text that our own reader would refuse becomes a listing: what is written can always be read.

A source may have blocks that are never closed, or quotations that end in the middle of code. Each
stretch of text between two code cells is read on its own before it is written; one that is refused is
shown as a listing, and reported.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from tabbook.config import BookSettings, Tab
from tabbook.errors import TabbookError
from tabbook.importers.project import EXTENSIONS
from tabbook.language import translator
from tabbook.read.markdown import fence_for
from tabbook.read.section import read_section

_CELL = "```{code-cell} python\nx\n```"
_TOP = "---\ntabbook: {}\n---\n# T\n\n"
_PLACE = re.compile("\0(\\d+)\0")


def code_cell(source: str, mark: str | None, tags: Sequence[str] = (), label: str = "") -> str:
    """Return a code cell in our format, with the mark of its tabs if it has one."""
    marks = fence_for(source)
    lines = [f"{marks}{{code-cell}} python"]
    if label:
        lines.append(f":label: {label}")
    if tags:
        lines.append(f":tags: {json.dumps(list(tags))}")
    return "\n".join([*lines, *([mark] if mark else []), source, marks])


def place_of(number: int) -> str:
    """Return the placeholder of the block ``number`` while the text around it is checked."""
    return f"\0{number}\0"


def fill(text: str, blocks: Sequence[str]) -> str:
    """Return ``text`` with the blocks in their places."""
    return _PLACE.sub(lambda found: blocks[int(found[1])], text)


@cache
def _settings(tabs: tuple[str, ...]) -> BookSettings:
    about = {tab: Tab(name=tab, module=f"m{n}", requirements="r.txt") for n, tab in enumerate(tabs)}
    return BookSettings.model_construct(tabs=about, myst_extensions=tuple(EXTENSIONS))


def refusal(text: str, tabs: tuple[str, ...]) -> str:
    """Return why our reader refuses a page's ``text`` below its title; empty if it does not."""
    filled, places = _PLACE.subn(lambda _: _CELL, text)
    try:
        section = read_section(f"{_TOP}{filled}", "", _settings(tabs))
    except TabbookError as error:
        return error.faults[0].message
    cells = [cell.source for cell in section.cells if cell.kind == "code"]
    return "" if cells == ["x"] * places else "it goes on in the code below"


def refusal_of_slides(
    texts: Sequence[str], tabs: tuple[str, ...], cells: Mapping[str, Collection[str]]
) -> str:
    """Return why our reader refuses slides of a page with these code cells; empty if it does not."""
    known = "".join(
        f"```{{code-cell}} python\n:label: {label}\n%%tab {', '.join(sorted(having))}\nx\n```\n\n"
        for label, having in cells.items()
    )
    try:
        section = read_section("\n\n".join([f"{_TOP}{known}", *texts, ""]), "", _settings(tabs))
    except TabbookError as error:
        return error.faults[0].message
    return "" if len(section.slides) == len(texts) else "it does not end where its colons do"


def listing(text: str) -> str:
    """Return ``text`` as a listing."""
    marks = fence_for(text)
    return f"{marks}text\n{text}\n{marks}"


def does_not_run(language: str, error: str = "") -> str:
    """Return the warning above a listing of code that is no cell of the new book.

    Args:
        language: The language of the book, as Sphinx calls it.
        error: Why it is not valid Python; empty if it is of a tab that the book does not have.
    """
    _ = translator(language)
    if error:
        note = _("The code below does not run. Not valid Python: {reason}.").format(reason=error)
    else:
        note = _("The code below does not run. It is of a tab that the book does not have.")
    return f"```{{warning}}\n{note}\n```"


def keep(body: str, tabs: tuple[str, ...]) -> tuple[str, list[tuple[int, str]]]:
    """Return a page's text in a form that our reader takes, with blocks in their places.

    Also return what became a listing: the number of the block above it (-1: none), and the reason.
    """
    parts = _PLACE.split(body)
    kept: list[tuple[int, str]] = []
    for number in range(0, len(parts), 2):
        why = refusal(f"{parts[number]}\n\n{place_of(0)}", tabs)
        if why:
            kept.append((int(parts[number - 1]) if number else -1, why))
            parts[number] = listing(parts[number].strip("\n"))
    texts = (part if n % 2 == 0 else place_of(int(part)) for n, part in enumerate(parts))
    return "\n\n".join(text.strip("\n") for text in texts if text.strip()), kept
