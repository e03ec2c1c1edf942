"""Tables as GitHub, Jupyter and Colab read them."""

from collections.abc import Iterator, Sequence

from docutils import nodes


def rows_of(table: nodes.Node) -> Iterator[list[nodes.Node | None]]:
    """Yield the cells of each row of a table; ``None`` where one above or on the left is larger than one."""
    for group in table.findall(nodes.tgroup):
        covered: dict[int, int] = {}  # how many rows below are covered, by column
        for row in group.findall(nodes.row):
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


def table_lines(rows: Sequence[Sequence[str]], heads: int) -> list[str]:
    """Return the lines of a table; of several rows of heads the first is one, the others are bold."""
    if not rows:
        return []
    head = list(rows[0]) if heads else [""] * len(rows[0])
    bold = [[f"**{cell}**" if cell else "" for cell in row] for row in rows[1:heads]]
    lines = [head, ["---"] * len(head), *bold, *rows[max(1, heads) if heads else 0 :]]
    return ["| " + " | ".join(line) + " |" for line in lines]
