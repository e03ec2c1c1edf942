"""What pandoc's Markdown has besides d2lbook's marks: written as the other modules read it.

d2lbook reads text with pandoc, so pages may have all of it: front matter, blocks of colons, tables
that are aligned with blanks or drawn with lines. No line moves, so that findings name the lines of
the source.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

import yaml

from tabbook.yaml_text import load_yaml
from tabbook_d2lbook.fences import fenced_lines, find_fences
from tabbook_d2lbook.slides import Block, blocks
from tabbook_d2lbook.tables import CAPTION

_FRONT = re.compile(r"\A---[ \t]*\n(?![ \t]*\n)(?P<yaml>.*?\n)??---[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^#[ \t]+\S")
_NAMED = re.compile(r"\{(?:[^}]*[ \t])?#([\w:./-]+)")
_WRAPPER = re.compile(r"^[ \t]*<(?P<name>center|div|figure|p)\b(?![^>]*\bid=)[^>]*>[ \t]*$", re.IGNORECASE)
_DASHES = re.compile(r"^[ \t]*-{2,}(?:[ \t]+-{2,})+[ \t]*$")
_BORDER = re.compile(r"^[ \t]*\+(?:[-=:]+\+)+[ \t]*$")


def as_d2lbook(text: str) -> str:
    """Return the text of a page without what only pandoc knows."""
    lines = without_front_matter(text.replace("\r\n", "\n")).split("\n")
    fenced = fenced_lines(find_fences(lines))
    for block in blocks(lines, fenced):
        _open_up(lines, block)
    _unwrap(lines, fenced)
    write_tables(lines, fenced)
    return "\n".join(lines)


def without_front_matter(text: str) -> str:
    """Return a page with empty lines for its front matter, whose title is its heading if it has none."""
    found = _FRONT.match(text)
    if not found:
        return text
    try:
        data = load_yaml(found["yaml"] or "")
    except yaml.YAMLError:
        return text
    if data is not None and not isinstance(data, dict):
        return text
    title = " ".join(str((data or {}).get("title", "")).split())
    rest = text[found.end() :]
    lines = rest.split("\n")
    fenced = fenced_lines(find_fences(lines))
    has_title = any(_TITLE.match(line) for n, line in enumerate(lines) if n not in fenced)
    return (f"# {title}" if title and not has_title else "") + "\n" * found[0].count("\n") + rest


def _open_up(lines: list[str], block: Block) -> None:
    """Leave of a block of colons what it holds; its name is the label of a figure or table in it."""
    named = _NAMED.search(lines[block.first])
    lines[block.first] = ""
    if block.is_closed:
        lines[block.last] = f":label:`{named[1]}`" if named else ""
    for inside in block.inside:
        _open_up(lines, inside)


def _unwrap(lines: list[str], fenced: Collection[int]) -> None:
    """Remove the HTML around pictures that centers them: what is inside is Markdown to pandoc only."""
    for number, line in enumerate(lines):
        found = _WRAPPER.match(line)
        if not found or number in fenced:
            continue
        close = f"</{found['name'].lower()}>"
        inside = range(number + 1, min(number + 20, len(lines)))
        last = next((n for n in inside if lines[n].strip().lower() == close), 0)
        held = "\n".join(lines[number + 1 : last])
        if last and re.search(r"!\[|<img\b", held) and close not in held.lower():
            lines[number] = lines[last] = ""


def write_tables(lines: list[str], fenced: Collection[int]) -> None:
    """Write the tables that are aligned with blanks, or drawn with lines, with ``|`` between columns."""
    number = 0
    while number < len(lines):
        found = None
        if number not in fenced and not (number and lines[number - 1].strip()):
            found = _aligned(lines, number) or _drawn(lines, number)
        if found:
            number = _place(lines, number, *found)
        number += 1


def _place(lines: list[str], first: int, rows: list[str], end: int) -> int:
    """Put ``rows`` in place of the table up to ``end``, and its caption right below; return the last line."""
    top = end
    while top < len(lines) and not lines[top].strip():
        top += 1
    below = top
    if top - end < 3 and top < len(lines) and CAPTION.match(lines[top].strip()):
        while below < len(lines) and lines[below].strip() and not lines[below].startswith(":label:"):
            below += 1
        rows = [*rows, "", *(line.strip() for line in lines[top:below])]
        end = below
    lines[first:end] = [*rows, *[""] * (end - first - len(rows))]
    return end - 1


def _aligned(lines: Sequence[str], number: int) -> tuple[list[str], int] | None:
    """Return the rows of a table whose columns are aligned under dashes, and the line behind it."""
    has_head = not _DASHES.match(lines[number])
    dashes = number + 1 if has_head else number
    if not lines[number].strip() or dashes >= len(lines) or not _DASHES.match(lines[dashes]):
        return None
    end = dashes + 1
    while end < len(lines) and lines[end].strip() and not _DASHES.match(lines[end]):
        end += 1
    is_closed = end < len(lines) and bool(_DASHES.match(lines[end]))
    if end == dashes + 1 or (not has_head and not is_closed):
        return None
    columns = [found.start() for found in re.finditer(r"-+", lines[dashes])]
    rows = [_cells(line, columns) for line in lines[dashes + 1 : end]]
    head = _cells(lines[number], columns) if has_head else [""] * len(columns)
    return _piped(head, rows), end + is_closed


def _drawn(lines: Sequence[str], number: int) -> tuple[list[str], int] | None:
    """Return the rows of a table that is drawn with lines, and the line behind it; none with joined cells."""
    end = number
    while end < len(lines) and lines[end].strip().startswith(("+", "|")):
        end += 1
    drawn = lines[number:end]
    if len(drawn) < 3 or not _BORDER.match(drawn[0]) or not _BORDER.match(drawn[-1]):
        return None
    columns = [found.start() for found in re.finditer(r"\+", drawn[0])]
    rows: list[list[str]] = [[]]
    head: list[list[str]] = []
    for line in drawn[1:]:
        if _BORDER.match(line):
            head, rows = (rows, [[]]) if "=" in line and not head else (head, [*rows, []])
            continue
        marks = [_at(line, column) for column in columns]
        if marks != ["|"] * len(columns):
            return None
        cells = [cell.strip("| \t") for cell in _cells(line, columns)][:-1]
        above = rows[-1] or [""] * len(cells)
        rows[-1] = [" ".join(filter(None, pair)) for pair in zip(above, cells, strict=True)]
    top = [*filter(None, head)] or [[""] * (len(columns) - 1)]
    return _piped(top[0], [*top[1:], *filter(None, rows)]), end


def _widths(line: str) -> Iterator[int]:
    """Yield how many columns each character takes: those of Chinese take two."""
    for character in line:
        yield 2 if unicodedata.east_asian_width(character) in "WF" else not unicodedata.combining(character)


def _at(line: str, column: int) -> str:
    """Return the character of a line that begins at a column."""
    place = 0
    for character, width in zip(line, _widths(line), strict=True):
        if place == column:
            return character
        place += width
    return ""


def _cells(line: str, columns: Sequence[int]) -> list[str]:
    """Return what a line has between columns; a character belongs to the column that it begins in."""
    cells, place = [""] * len(columns), 0
    for character, width in zip(line, _widths(line), strict=True):
        own = [n for n, column in enumerate(columns) if column <= place]
        cells[own[-1] if own else 0] += character
        place += width
    return [cell.strip() for cell in cells]


def _piped(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table with ``|`` between its columns; those in code and formulas are seen to later."""
    table = [
        [cell if re.search(r"[`$]", cell) else cell.replace("|", r"\|") for cell in row]
        for row in (head, *rows)
    ]
    lines = [f"| {' | '.join(row)} |" for row in table]
    return [lines[0], "|" + "---|" * len(head), *lines[1:]]
