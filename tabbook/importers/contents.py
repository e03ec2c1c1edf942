"""The order of a new book: a tree of pages, and the ``_toc.yml`` that it becomes."""

from dataclasses import dataclass, field
from typing import Any

import yaml


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


def toc_text(tree: Node) -> str:
    """Return the text of the ``_toc.yml`` that lists the pages of ``tree``."""
    return yaml.safe_dump(toc_data(tree), sort_keys=False, allow_unicode=True, width=100)


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
