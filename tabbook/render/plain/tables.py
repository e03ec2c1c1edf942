"""Tables as GitHub, Jupyter and Colab read them."""

from collections.abc import Iterator, Sequence
from typing import Any

from docutils import nodes


def rows_of(table: nodes.Node) -> Iterator[list[nodes.Node | None]]:
    """Yield the cells of each row of a table; ``None`` where one above or on the left is larger than one."""
    for group in _own(table, nodes.tgroup):
        covered: dict[int, int] = {}  # how many rows below are covered, by column
        for row in own_rows(group):
            cells: list[nodes.Node | None] = []
            entries = iter(row.children)
            while len(cells) < int(group["cols"]):
                column = len(cells)
                if covered.get(column, 0):
                    covered[column] -= 1
                    cells.append(None)
                    continue
                entry = next(entries, None)
                if not isinstance(entry, nodes.Element):
                    cells.append(None)
                    continue
                width = int(entry.get("morecols", 0)) + 1
                cells += [entry, *([None] * (width - 1))]
                covered.update(dict.fromkeys(range(column, column + width), int(entry.get("morerows", 0))))
            yield cells


def own_rows(group: nodes.Element) -> Iterator[nodes.row]:
    """Yield the rows of a table or its group, without those of tables in its cells."""
    for part in (group, *_own(group, nodes.tgroup)):
        for body in _own(part, (nodes.thead, nodes.tbody)):
            yield from _own(body, nodes.row)


def _own(node: nodes.Node, kind: Any) -> Iterator[Any]:
    return (child for child in node.children if isinstance(child, kind))


def table_html(rows: Sequence[Sequence[str]], heads: int) -> str:
    """Return a table in one line of HTML: a cell of a table can hold no other."""
    lines = []
    for number, row in enumerate(rows):
        name = "th" if number < heads else "td"
        lines.append("".join(f"<{name}>{cell}</{name}>" for cell in row))
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def table_lines(rows: Sequence[Sequence[str]], heads: int) -> list[str]:
    """Return the lines of a table; of several rows of heads the first is one, the others are bold."""
    if not rows:
        return []
    head = list(rows[0]) if heads else [""] * len(rows[0])
    bold = [[f"**{cell}**" if cell else "" for cell in row] for row in rows[1:heads]]
    lines = [head, ["---"] * len(head), *bold, *rows[max(1, heads) if heads else 0 :]]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
