"""MyST's tables as tables between bars, which all viewers draw."""

import csv
import re
from collections.abc import Sequence

from tabbook.export.blocks import Block, caption, one_line
from tabbook.export.context import Context
from tabbook.export.inline import plain_inline

_ITEM = re.compile(r"^[*-]\s+[*-](?:\s+(.*))?$")
_CELL = re.compile(r"^\s+[*-](?:\s+(.*))?$")


def table(block: Block, context: Context) -> list[str]:
    """Return a table that is written between bars, below its caption."""
    return [*_title(block, context), *block.convert(block.body, context)]


def list_table(block: Block, context: Context) -> list[str]:
    """Return a table that is written as a list of lists."""
    rows: list[list[str]] = []
    for line in block.body:
        if found := _ITEM.match(line):
            rows.append([found[1] or ""])
        elif (found := _CELL.match(line)) and rows:
            rows[-1].append(found[1] or "")
        elif rows and line.strip():
            rows[-1][-1] += f"\n{line.lstrip()}"
    return [*_title(block, context), *_bars(rows, _headers(block), context)]


def csv_table(block: Block, context: Context) -> list[str]:
    """Return a table that is written as values between commas, here or in a file of the book."""
    text, headers = "\n".join(block.body), _headers(block)
    if "file" in block.options:
        found, _ = context.included(block.options["file"])
        if found is None:
            return [*_title(block, context), f"`{block.options['file']}`"]
        text = found
    between = {"tab": "\t", "space": " "}.get(block.options.get("delim", ""), block.options.get("delim", ","))

    def rows_of(values: str) -> list[list[str]]:
        delimiter = between if len(between) == 1 else ","
        return [
            row for row in csv.reader(values.split("\n"), delimiter=delimiter, skipinitialspace=True) if row
        ]

    rows = rows_of(text)
    if "header" in block.options:
        rows, headers = [*rows_of(block.options["header"]), *rows], True
    return [*_title(block, context), *_bars(rows, headers, context)]


def _headers(block: Block) -> bool:
    return bool(block.options.get("header-rows", "").strip("0"))


def _title(block: Block, context: Context) -> list[str]:
    words = caption(block.argument, "table", block.options.get("name", ""), context)
    return [words, ""] if words else []


def _bars(rows: Sequence[Sequence[str]], headers: bool, context: Context) -> list[str]:
    columns = max(map(len, rows), default=0)
    cells = [
        [one_line(plain_inline(cell, context)).replace("|", "\\|") for cell in row]
        + [""] * (columns - len(row))
        for row in rows
    ]
    if not headers and cells:
        cells.insert(0, [""] * columns)
    lines = [f"| {' | '.join(row)} |" for row in cells]
    if lines:
        lines.insert(1, f"|{' --- |' * columns}")
    return lines
