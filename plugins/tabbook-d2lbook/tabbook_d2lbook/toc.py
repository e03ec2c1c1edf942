"""The order of the book: from ``toc`` fences to the tree of its pages."""

from collections.abc import Mapping, Sequence

from tabbook.importers.contents import Node, Part
from tabbook.importers.report import Findings
from tabbook_d2lbook.blocks import Contents


def build_tree(
    root: str, contents: Mapping[str, Sequence[Contents]], pages: Sequence[str], findings: Findings
) -> Node:
    """Return the tree of pages below ``root``; faults are entries that lead nowhere, or twice.

    ``contents`` are the fences of each page; ``pages`` are those that there are. Paths are
    without their ending.
    """
    known, seen = set(pages), {root}

    def node(path: str, title: str) -> Node:
        made = Node(path, title)
        for fence in contents.get(path, ()):
            nodes = []
            for entry, entry_title, line in fence.entries:
                where = f"{path}.md"
                if entry not in known:
                    message = f"the contents list {entry!r}, which is not a page"
                    findings.fault(where, line + 1, "contents", message, "the entry is left out")
                elif entry in seen:
                    message = f"the contents list {entry!r} a second time"
                    findings.fault(where, line + 1, "contents", message, "the entry is left out")
                else:
                    seen.add(entry)
                    nodes.append(node(entry, entry_title))
            if nodes:
                made.parts.append(Part(nodes, fence.numbered, fence.caption))
        return made

    return node(root, "")
