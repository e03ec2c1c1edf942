"""Footnotes that are cited for some frameworks alone: their readers see them, others do not."""

from collections.abc import Iterable, Mapping

from docutils import nodes
from sphinx.transforms import SphinxTransform

from tabbook.render.variants import parents_of, readers_of, tab_classes


class MarkFootnotes(SphinxTransform):
    """Mark each footnote with the tabs in whose text it is cited, unless the text for all cites it."""

    default_priority = 640  # after docutils has joined footnotes and references

    def apply(self, **_arguments: object) -> None:
        """Mark the footnotes, and the line above them where no framework has them all."""
        notes = list(self.document.findall(nodes.footnote))
        readers: dict[int, set[str] | None] = {id(note): set() for note in notes}
        cited = {one: node for node in self.document.findall(nodes.footnote_reference) for one in node["ids"]}
        for _ in notes:  # a footnote may be cited in another one
            for note in notes:
                readers[id(note)] = _union(_readers(cited[ref], readers) for ref in note["backrefs"])
        for note in notes:
            note["classes"] += tab_classes(readers[id(note)])
        everybody = _union(readers.values())
        for line in self.document.findall(nodes.transition):
            if "footnotes" in line["classes"]:
                line["classes"] += tab_classes(everybody)


def _readers(reference: nodes.Node, notes: Mapping[int, set[str] | None]) -> set[str] | None:
    """Return the tabs whose readers see a reference; ``None`` for all."""
    tabs = next(readers_of(reference), None)
    if tabs is not None:
        return set(tabs)
    return next((notes[id(node)] for node in parents_of(reference) if id(node) in notes), None)


def _union(sets: Iterable[set[str] | None]) -> set[str] | None:
    tabs: set[str] = set()
    for one in sets:
        if one is None:
            return None
        tabs |= one
    return tabs
