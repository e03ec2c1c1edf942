"""Twins: what several tab blocks have under one name, or each as its n-th, has one number.

Sphinx numbers everything that has an anchor, page by page. So twins lose their anchors while it counts, and
get them back, with the number of the first, before a page is written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import clean_astext

from tabbook.render.pages import page_data
from tabbook.render.scopes import labels_of, twins_of
from tabbook.render.tabs import PART_ATTRIBUTE, names_in
from tabbook.render.variants import readers_of, variants

_IDS, _FIRST = "tabbook_ids", "tabbook_first"
"""A twin's attributes while it is not counted: its anchors, and the one of the first."""


class HideTwins(SphinxTransform):
    """Let Sphinx count the first alone of what several tab blocks have."""

    default_priority = 320  # after targets have passed on their anchors, and equations have theirs

    def apply(self, **_arguments: object) -> None:
        """Take the anchors of numbered twins away."""
        named = twins_of(self.env)
        places = {one: node for node in self.document.findall(nodes.Element) for one in node["ids"]}
        for own, first in named.items():
            if own in places and first in places and self._kind(places[own]):
                _hide(places[own], places[first])
        self._note_titles(places)
        for group in self.document.findall(nodes.container):
            if group.get(PART_ATTRIBUTE) == "group":
                self._hide_unnamed(group)

    def _note_titles(self, places: Mapping[str, nodes.Element]) -> None:
        """Keep the titles of labels whose blocks do not have the same."""
        for label, anchors in labels_of(self.env).items():
            titles = {tab: self._title(places[one]) for tab, one in anchors.items() if one in places}
            if len({*titles.values()}) > 1:
                page_data(self.env, "titles").setdefault(self.env.docname, {})[label] = titles

    def _title(self, node: nodes.Element) -> str:
        """Return what a reference to ``node`` shows."""
        if isinstance(node, nodes.rubric):
            return clean_astext(node)
        return self.env.get_domain("std").get_numfig_title(node) or ""  # type: ignore[attr-defined]

    def _hide_unnamed(self, group: nodes.container) -> None:
        """Hide of each panel what has no name, and has a twin of its kind in the first panel."""
        first, *others = (list(self._unnamed(panel)) for panel in group.children)
        for panel in others:
            for kind in {kind for kind, _ in panel}:
                pairs = zip(_of(first, kind), _of(panel, kind), strict=False)
                for one, twin in list(pairs):
                    _hide(twin, one)

    def _unnamed(self, panel: nodes.Node) -> Iterator[tuple[str, nodes.Element]]:
        for node in panel.findall(nodes.Element):
            kind = self._kind(node)
            label = node.get("label") or ""
            is_named = node["names"] or (label and not label.startswith(f"{self.env.docname}:"))
            if kind and node["ids"] and not is_named and _FIRST not in node:
                yield kind, node

    def _kind(self, node: nodes.Element) -> str | None:
        """Return what a node is counted as, if Sphinx counts it."""
        kinds = (domain.get_enumerable_node_type(node) for domain in self.env.domains.values())
        return next(filter(None, kinds), None)


def _of(items: list[tuple[str, nodes.Element]], kind: str) -> list[nodes.Element]:
    return [node for one, node in items if one == kind]


def _hide(twin: nodes.Element, first: nodes.Element) -> None:
    twin[_IDS], twin[_FIRST], twin["ids"] = twin["ids"], first["ids"][0], []


class ShowTwins(SphinxPostTransform):
    """Give twins their anchors again, and the number of the first."""

    default_priority = 0  # before code is unpacked, which has none

    def run(self, **_arguments: Any) -> None:
        """Bring back what `HideTwins` has taken."""
        numbers = self.env.toc_fignumbers.get(self.env.docname, {})
        for node in self.document.findall(nodes.Element):
            if _FIRST not in node:
                continue
            node["ids"] = node[_IDS]
            for counted in numbers.values():
                if node[_FIRST] in counted:
                    counted[node["ids"][0]] = counted[node[_FIRST]]


class TitleReferences(SphinxPostTransform):
    """Show in a reference without words of its own the title that the reader's framework has there."""

    default_priority = 8  # before MyST and Sphinx resolve references

    def run(self, **_arguments: Any) -> None:
        """Give the words to references to labels whose titles differ."""
        labels = self.env.get_domain("std").data["labels"]
        here = page_data(self.env, "titles").get(self.env.docname, {})
        anchors = {labels[label][1]: titles for label, titles in here.items() if label in labels}
        for node in filter(_is_reference, list(self.document.findall(nodes.Element))):
            if isinstance(node, nodes.reference):  # MyST's, to this page: it has the words of the first
                titles = anchors.get(node.get("refid", ""), {})
            else:
                page = labels.get(node["reftarget"], ("",))[0]
                titles = page_data(self.env, "titles").get(page, {}).get(node["reftarget"], {})
            if titles:
                node.replace_self(self._titled(node, titles))

    def _titled(self, node: nodes.Element, titles: Mapping[str, str]) -> list[nodes.Node]:
        seen = next(readers_of(node), tuple(titles))
        tabs: dict[str, list[str]] = {}
        for tab in filter(titles.__contains__, seen):
            tabs.setdefault(titles[tab], []).append(tab)
        titled = [(names, [_worded(node, title)]) for title, names in tabs.items()]
        return variants(titled, names_in(self.config)) if titled else [node]


def _is_reference(node: nodes.Node) -> bool:
    """Say whether ``node`` is a reference that shows the title of what it leads to."""
    if isinstance(node, pending_xref):
        return node.get("reftype") in ("ref", "myst") and not node.get("refexplicit")
    return isinstance(node, nodes.reference) and bool(node.get("id_link")) and _shows_title(node)


def _shows_title(node: nodes.reference) -> bool:
    return any(isinstance(child, nodes.inline) and "std-ref" in child["classes"] for child in node.children)


def _worded(node: nodes.Element, title: str) -> nodes.Element:
    worded: nodes.Element = node.copy()
    worded["refexplicit"] = True
    worded += nodes.inline(title, title, classes=["std", "std-ref"])
    return worded
