"""The pages that a Quarto project lists: those that no ``toc`` fence has are part of the book, too."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml

from tabbook.importers.contents import Node, Part
from tabbook.yaml_text import load_yaml


def listed_pages(text: str) -> list[str]:
    """Return the pages of ``_quarto.yml`` in order, without their endings; none if it cannot be read."""
    try:
        data = load_yaml(text)
    except yaml.YAMLError:
        return []
    book = data.get("book") if isinstance(data, dict) else None
    if not isinstance(book, dict):
        return []
    found = [*_files(book.get("chapters")), *_files(book.get("appendices"))]
    return list(dict.fromkeys(name.rsplit(".", 1)[0].removeprefix("./") for name in found))


def _files(entries: Any) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield from (entry[key] for key in ("file", "href", "part") if _is_page(entry.get(key)))
            yield from _files(entry.get("chapters") or entry.get("contents"))
        elif _is_page(entry):
            yield entry


def _is_page(entry: Any) -> bool:
    return isinstance(entry, str) and entry.endswith((".qmd", ".md", ".ipynb"))


def add_listed(tree: Node, listed: Sequence[str]) -> list[str]:
    """Add the pages to the tree that it does not have yet; return them.

    A page goes below the index page of its folder. Others become chapters, behind the one that has
    the page listed before.
    """
    nodes = {node.path: node for node in _walk(tree)}
    added = []
    before = tree.path
    for path in listed:
        if path not in nodes:
            nodes[path] = Node(path)
            index = f"{PurePosixPath(path).parent.as_posix()}/index"
            if path != index and index in nodes:
                _last_part(nodes[index]).nodes.append(nodes[path])
            else:
                _add_chapter(tree, nodes[path], before)
            added.append(path)
        before = path
    return added


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        for child in part.nodes:
            yield from _walk(child)


def _last_part(node: Node) -> Part:
    if not node.parts:
        node.parts.append(Part([]))
    return node.parts[-1]


def _add_chapter(tree: Node, chapter: Node, before: str) -> None:
    """Add a chapter behind the one that has the page ``before``, or at the end."""
    for part in tree.parts:
        for number, node in enumerate(part.nodes):
            if before in node.walk():
                part.nodes.insert(number + 1, chapter)
                return
    _last_part(tree).nodes.append(chapter)
