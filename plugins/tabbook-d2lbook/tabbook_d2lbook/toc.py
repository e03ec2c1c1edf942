"""The order of the book: from ``toc`` fences to ``_toc.yml``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tabbook.importers.report import Findings
from tabbook_d2lbook.blocks import Contents


@dataclass(slots=True)
class Node:
    """A page in the contents, with the lists of pages below it."""

    path: str
    title: str = ""
    parts: list["Part"] = field(default_factory=list)

    def walk(self) -> list[str]:
        """Return this page and those below it, in reading order."""
        pages = [self.path]
        for part in self.parts:
            for node in part.nodes:
                pages += node.walk()
        return pages

    def with_pages_below(self) -> list[str]:
        """Return those of the pages, itself among them, that have pages below them."""
        below = [path for part in self.parts for node in part.nodes for path in node.with_pages_below()]
        return [self.path, *below] if self.parts else below

    def numbered(self, *, inherited: bool = False) -> list[str]:
        """Return those of the pages below it, and itself, that the contents give a number."""
        pages = [self.path] if inherited else []
        for part in self.parts:
            for node in part.nodes:
                pages += node.numbered(inherited=inherited or bool(part.numbered))
        return pages


@dataclass(slots=True)
class Part:
    """One list of pages: what one ``toc`` fence says."""

    nodes: list[Node]
    numbered: bool | int = False
    caption: str = ""


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
                    message = f"the contents list {entry!r}, which is no page"
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


def toc_data(tree: Node) -> dict[str, Any]:
    """Return the tree as the data of a ``_toc.yml`` of Jupyter Book."""
    data: dict[str, Any] = {"format": "jb-book", "root": tree.path}
    if len(tree.parts) == 1:
        part = tree.parts[0]
        if part.numbered:
            data["options"] = {"numbered": part.numbered}
        if not part.caption:
            data["chapters"] = [_item(node, is_numbered=bool(part.numbered)) for node in part.nodes]
            return data
    if tree.parts:
        data.pop("options", None)
        data["parts"] = [_part(part) for part in tree.parts]
    return data


def _part(part: Part) -> dict[str, Any]:
    data: dict[str, Any] = {"caption": part.caption} if part.caption else {}
    if part.numbered:
        data["numbered"] = part.numbered
    data["chapters"] = [_item(node, is_numbered=bool(part.numbered)) for node in part.nodes]
    return data


def _item(node: Node, *, is_numbered: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"file": node.path}
    if node.title:
        data["title"] = node.title
    below = [child for part in node.parts for child in part.nodes]
    if below:
        # Numbers run through once they have begun; a list below that asks for its own is not asked.
        own = (
            next((part.numbered for part in node.parts if part.numbered), False) if not is_numbered else False
        )
        if own:
            data["options"] = {"numbered": own}
        data["sections"] = [_item(child, is_numbered=is_numbered or bool(own)) for child in below]
    return data
