"""Tables: their caption and label around them, in one directive."""

import re
from dataclasses import dataclass

from tabbook_d2lbook.source import LabelTarget, Page, directive

_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
CAPTION = re.compile(r"^(?:Table)?:(?!:|[\w-]+:`|end_tab:)[ \t]*")
_DRAWN = re.compile(r"^[ \t]*(?:\+(?:[-=]+\+)+|-{3,}(?:[ \t]+-{3,})+)[ \t]*$")
"""A line of a table that is drawn, or aligned with blanks."""
_LABEL_LINE = re.compile(r"^[ \t]*:(?:eq)?label:`+[^`]*`+[ \t]*$")


@dataclass(slots=True)
class Table:
    """A table: its rows from ``first`` to ``last``, its caption's lines, all from 0."""

    first: int
    last: int
    caption: tuple[int, int] | None
    target: LabelTarget


def _is_row(page: Page, line: int) -> bool:
    if not 0 <= line < len(page.lines) or "|" not in page.lines[line] or page.is_fenced(line):
        return False
    return not CAPTION.match(page.lines[line])


def _is_label(page: Page, line: int) -> bool:
    return 0 <= line < len(page.lines) and bool(_LABEL_LINE.match(page.lines[line]))


def _ends_caption(page: Page, line: int) -> bool:
    """Say whether what stands on a line is no part of the caption above it."""
    return _is_label(page, line) or page.lines[line].startswith(("#", ":begin_tab", ":end_tab"))


def find_tables(page: Page) -> list[Table]:
    """Return the tables of a page."""
    tables: list[Table] = []
    drawn = False
    for number, line in enumerate(page.lines):
        if page.is_blank(number):
            drawn = False
        elif _DRAWN.match(line) and page.is_text(number) and not drawn:
            drawn = True
            hint = "write it with | between its columns"
            page.note(number, "table", "a table that is drawn with lines stays text", hint)
        if not _RULE.match(line) or "|" not in line or not page.is_text(number):
            continue
        if not _is_row(page, number - 1) or (tables and number - 1 <= tables[-1].last):
            continue
        first = last = number - 1
        while _is_row(page, last + 1):
            last += 1
        caption = _caption_above(page, first) or _caption_below(page, last)
        start = page.starts[caption[0] if caption and caption[0] < first else first]
        table = Table(first, last, caption, LabelTarget("table", start, has_number=caption is not None))
        if caption:
            text = page.text[page.starts[caption[0]] : page.end_of_line(caption[1])]
            page.define_named(table.target, text, caption[0])
        page.targets.append(table.target)
        tables.append(table)
    return tables


def _caption_above(page: Page, first: int) -> tuple[int, int] | None:
    """Return the lines of the caption above a table, with labels and one blank line between."""
    line = first - 1
    while line >= 0 and (page.is_blank(line) or _is_label(page, line)):
        if first - line > 4:
            return None
        line -= 1
    top = line
    while top >= 0 and not page.is_blank(top) and not page.is_fenced(top):
        if CAPTION.match(page.lines[top]):
            return top, line
        if _is_row(page, top):
            return None  # another table is between them
        top -= 1
    return None


def _caption_below(page: Page, last: int) -> tuple[int, int] | None:
    line = last + 1
    while line < len(page.lines) and (page.is_blank(line) or _is_label(page, line)):
        if line - last > 4:
            return None
        line += 1
    if line >= len(page.lines) or page.is_fenced(line) or not CAPTION.match(page.lines[line]):
        return None
    end = line
    while not (page.is_blank(end + 1) or page.is_fenced(end + 1) or _ends_caption(page, end + 1)):
        end += 1
    following = end + 1
    while following < len(page.lines) and (page.is_blank(following) or _is_label(page, following)):
        following += 1
    if _is_row(page, following):
        return None  # it is the next table's
    return line, end


def _row(page: Page, line: int) -> str:
    """Return a row whose ``|`` in code and mathematics divide no cells."""
    start, end = page.starts[line], page.end_of_line(line)
    pieces, position = [], start
    for span in page.scan.inside(start, end):
        if span.kind not in ("code", "math", "display"):
            continue
        inside = page.edits.render(span.start, span.end)
        if span.kind == "code":
            inside = re.sub(r"(?<!\\)\|", r"\\|", inside)
        else:
            inside = re.sub(r"\\\|", r"\\Vert ", inside)
            inside = inside.replace("|", r"\vert ")
        pieces += [page.edits.render(position, span.start), inside]
        position = span.end
    return "".join([*pieces, page.edits.render(position, end)]).strip()


def _columns(row: str) -> int:
    return len(re.split(r"(?<!\\)\|", row.strip().strip("|")))


def write_tables(page: Page, tables: list[Table]) -> None:
    """Add the edits that write the tables."""
    for table in tables:
        start, end = page.starts[table.first], page.end_of_line(table.last)
        if table.caption:
            first, last = table.caption
            page.edits.replace(page.starts[first], min(page.starts[last + 1], len(page.text)), "")

        def write(table: Table = table, start: int = start, end: int = end) -> str:
            rows = [_row(page, line) for line in range(table.first, table.last + 1)]
            head, rule = _columns(rows[0]), _columns(rows[1])
            if head != rule:
                rows[1] = "|" + "---|" * head
            indent = " " * page.container(table.first)
            caption = ""
            if table.caption:
                first, last = table.caption
                place = page.starts[first]
                match = CAPTION.match(page.lines[first])
                place += match.end() if match else 0
                caption = " ".join(page.edits.render(place, page.end_of_line(last)).split())
            labels = table.target.labels
            lines = rows
            if caption:
                name = [f":name: {labels[0]}"] if labels else []
                lines = directive("table", caption, [*name, "", *rows]).split("\n")
                lines = [*(f"({label})=" for label in labels[1:]), *lines]
            elif labels:
                lines = [*(f"({label})=" for label in labels), *rows]
            return page.block(start, end, "\n".join(indent + line if line else "" for line in lines))

        page.edits.replace(start, end, write)
        if table.target.labels and not table.caption:
            message = "a table with a label has no caption, so it has no number"
            page.fault(table.first, "label", message, "references show its label")
