"""Misspelt options of code cells and keys of front matter, which MyST-NB ignores silently."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tabbook.errors import Fault, nearest, suggestion
from tabbook.model import Cell, Section
from tabbook.read.front_matter import FRONT_MATTER
from tabbook.yaml_text import find_line

TAGS = frozenset(
    [
        "raises-exception", "skip-execution",
        "hide-input", "hide-output", "hide-cell",
        "remove-input", "remove-output", "remove-cell", "remove-stdout", "remove-stderr",
        "remove_input", "remove_output", "remove_cell",
        "scroll-output", "output_scroll", "full-width", "full_width", "margin", "sidebar", "popout",
        "thebe-init", "thebe-remove-input-init",
    ]
)  # fmt: skip
"""The tags that change what is run or shown. An author may have others."""
CELL_KEYS = frozenset({"tags", "label", "mystnb", "tabbook", "slideshow"})
"""The options of a cell that have an effect. Tools write others, such as ``scrolled``."""
RENDER_KEYS = frozenset(
    [
        "merge_streams", "remove_code_source", "remove_code_outputs", "scroll_outputs",
        "code_prompt_show", "code_prompt_hide", "number_source_lines", "output_stderr",
        "text_lexer", "error_lexer", "image", "figure", "markdown_format",
    ]
)  # fmt: skip
"""What MyST-NB takes under ``mystnb`` in a cell."""
PICTURE_KEYS = {
    "figure": frozenset({"name", "caption", "caption_before", "align", "classes"}),
    "image": frozenset({"width", "height", "scale", "alt", "align", "classes"}),
}
"""What it takes under these two keys."""
PAGE_KEYS = frozenset({"tabbook", "file_format", "kernelspec", "jupytext", "myst", "mystnb", "orphan"})
"""Keys of front matter that change what a page is. A page may have any others."""

_FENCE = re.compile(r"^\s*[`~:]{3,}\{code-cell\}")
_MIN_SIMILARITY = 0.75


def check_options(section: Section, text: str) -> Iterator[Fault]:
    """Yield the options and keys of ``section``, whose source is ``text``, that are misspelt."""
    yield from _front_matter(section, text)
    lines = text.splitlines()
    for cell in section.code_cells:
        for words, message, hint in _cell(cell):
            yield Fault(section.path, _line(lines, cell, words), message, hint)


def _line(lines: list[str], cell: Cell, words: str) -> int:
    """Return the line of ``words`` among the options of a cell; its fence's, if they are not found."""
    fence = min(cell.line, len(lines))
    while fence > 1 and not _FENCE.match(lines[fence - 1]):
        fence -= 1
    word = re.compile(rf"(?<![\w-]){re.escape(words)}(?![\w-])")
    line_numbers = (number for number in range(fence, cell.line) if word.search(lines[number - 1]))
    return next(line_numbers, fence)


def _cell(cell: Cell) -> Iterator[tuple[str, str, str]]:
    """Yield what is misspelt in a cell's options: the word, and message and hint."""
    for key in cell.metadata:
        if key not in CELL_KEYS and (meant := alike(key, CELL_KEYS)):
            yield key, f"unknown option {key!r}", suggestion(meant)
    for tag in cell.tags:
        if tag not in TAGS and (meant := alike(tag, TAGS)):
            yield tag, f"unknown tag {tag!r}", suggestion(meant)
    options = cell.metadata.get("mystnb")
    if isinstance(options, Mapping):
        yield from _unknown(options, RENDER_KEYS, "mystnb")
        for name, known in PICTURE_KEYS.items():
            if isinstance(options.get(name), Mapping):
                yield from _unknown(options[name], known, f"mystnb.{name}")


def _unknown(options: Mapping[Any, Any], known: Iterable[str], where: str) -> Iterator[tuple[str, str, str]]:
    for key in map(str, options):
        if key not in known:
            hint = suggestion(nearest(key, known), f"MyST-NB knows {', '.join(sorted(known))}")
            yield key, f"unknown option {where}.{key}", hint


def alike(word: str, known: Iterable[str]) -> str:
    """Return the word of ``known`` that ``word`` must be a slip of; empty if it may be meant as it is."""
    plain = {name.replace("_", "-").lower(): name for name in sorted(known, reverse=True)}
    close = nearest(word.replace("_", "-").lower(), plain, cutoff=_MIN_SIMILARITY)
    return plain[close] if close else ""


def _front_matter(section: Section, text: str) -> Iterator[Fault]:
    for key in map(str, section.front):
        if key not in PAGE_KEYS and (meant := alike(key, PAGE_KEYS)):
            front = FRONT_MATTER.match(text)
            line = 1 + find_line(front[1] or "", (key,)) if front else 1
            yield Fault(section.path, line, f"unknown key {key!r} in the front matter", suggestion(meant))
