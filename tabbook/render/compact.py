"""Code and its printed outputs as one small node each, until a page is written.

Sphinx loads the trees of all pages in every build, to number figures, and keeps those that it has
just read in memory. Most of a tree would be code, four times: containers and literal blocks that
nothing looks into before the page is written. So a part of the tree in which there is nothing to
number, to refer to or to resolve is kept as one node with the description of that part, and is
put back before any other post-transform runs.
"""

import pickle
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

EXPORT_FORMAT = "tabbook"
"""The name of the builder of exports, and its format."""
_SIMPLE: dict[str, type[nodes.Element]] = {
    kind.__name__: kind
    for kind in (nodes.container, nodes.literal_block, nodes.paragraph, nodes.raw, nodes.strong)
}
_REFERRED = ("ids", "names", "dupnames", "backrefs")
CELLS_ATTRIBUTE = "tabbook_cells"
"""The attribute of a node with the indices in the section of the code cells that it shows."""
Description = tuple[str, str, str | None, int | None, dict[str, Any], list[Any]]
"""The kind of a node, its text in the source, where that is, its attributes, its children."""


class compact_node(nodes.Invisible, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A part of the tree, described in the attribute ``content``."""


def describe(node: nodes.Node) -> Description | str | None:
    """Return what is needed to make ``node`` again; None if something may need to see it before."""
    if type(node) is nodes.Text:
        return str(node)
    if type(node) not in _SIMPLE.values():
        return None
    assert isinstance(node, nodes.Element)
    if any(node.get(name) for name in _REFERRED):
        return None
    children = []
    for child in node.children:
        described = describe(child)
        if described is None:
            return None
        children.append(described)
    basic = node.basic_attributes
    attributes = {name: value for name, value in node.attributes.items() if value or name not in basic}
    return type(node).__name__, node.rawsource, node.source, node.line, attributes, children


def _expanded(described: Description | str) -> nodes.Node:
    if isinstance(described, str):
        return nodes.Text(described)
    kind, rawsource, source, line, attributes, children = described
    make: Any = _SIMPLE[kind]  # those with text take it before their children
    head = (rawsource, "") if issubclass(make, nodes.TextElement) else (rawsource,)
    node: nodes.Element = make(*head, *map(_expanded, children), **attributes)
    node.source, node.line = source, line
    return node


def compacted(node: nodes.Node) -> nodes.Node:
    """Return ``node`` packed; where that is impossible, itself with those of its parts packed that can be."""
    if isinstance(node, nodes.Text | compact_node):
        return node
    described = describe(node)
    if described is not None:
        made = compact_node(content=pickle.dumps(described, pickle.HIGHEST_PROTOCOL))
        cells: list[list[int]] = [
            one[CELLS_ATTRIBUTE] for one in node.findall(nodes.Element) if CELLS_ATTRIBUTE in one
        ]
        made[CELLS_ATTRIBUTE] = [index for indices in cells for index in indices]
        return made
    if type(node) is nodes.container:
        node.children = [compacted(child) for child in node.children]
        for child in node.children:
            child.parent = node
    return node


class ExpandCompactNodes(SphinxPostTransform):
    """Put back what is packed."""

    default_priority = 1  # before MyST-NB chooses outputs, and everybody else

    def run(self, **_kwargs: Any) -> None:
        """Replace every packed node by what it describes."""
        for node in list(self.document.findall(compact_node)):
            if node[CELLS_ATTRIBUTE] and self.app.builder.format == EXPORT_FORMAT:
                continue  # an export takes the code from the projection
            # Packed by this code in this user's own environment of Sphinx, which is a pickle as well.
            node.replace_self(_expanded(pickle.loads(node["content"])))
