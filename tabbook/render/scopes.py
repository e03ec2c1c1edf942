"""Names inside tab blocks: each framework's readers have their own, and see no others.

Sphinx, docutils and MyST keep one table of names for a page: labels, equations, footnotes, links.
While a tab block is parsed, the names of other frameworks' blocks are taken out of these tables, so
the same name may be given once for each framework. The first keeps the name and its anchor; what
others give the same name to is its *twin*, with an anchor of its own that is made of both.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from docutils import nodes
from sphinx.addnodes import index
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from tabbook.render.equations import COUNT

_TABS, _STATE = "tabbook_tabs", "tabbook_names"
OWN_IDS = "tabbook_own_ids"
"""The attribute with the anchors of what repeats something on the page: those of the first."""


def twin_id(anchor: str, tab: str) -> str:
    """Return the anchor of the twin that the block of ``tab`` has; the script of the pages knows it."""
    return f"{anchor}-in-{tab}"


_Table = MutableMapping[Any, Any]


@dataclass
class _Named:
    """What the tab blocks of a page have put into one of the tables.

    ``known`` has the value of each name in each tab, ``first`` the value that stays in the table.
    """

    known: dict[Any, dict[str, Any]] = field(default_factory=dict)
    first: dict[Any, Any] = field(default_factory=dict)

    def of(self, tabs: tuple[str, ...]) -> dict[Any, Any]:
        """Return the names that the blocks of any of ``tabs`` have given, with their values."""
        return {
            name: next(values[tab] for tab in tabs if tab in values)
            for name, values in self.known.items()
            if not values.keys().isdisjoint(tabs)
        }

    def show(self, table: _Table, tabs: tuple[str, ...]) -> None:
        """Let ``table`` have what blocks of ``tabs`` see; outside of all, the first of each name."""
        for name in self.known:
            table.pop(name, None)
        table.update(self.of(tabs) if tabs else self.first)

    def note(self, values: Mapping[Any, Any], tabs: tuple[str, ...]) -> None:
        """Take note of what a block of ``tabs`` has put into the table."""
        for name, value in values.items():
            self.known.setdefault(name, {}).update(dict.fromkeys(tabs, value))
            self.first.setdefault(name, value)


@dataclass
class _Names:
    """What the tab blocks of a page have named; ``twins`` are anchors, each with that of the first.

    ``notes`` has the labels of footnotes that were given before, with the label instead of it in each tab.
    """

    named: defaultdict[str, _Named] = field(default_factory=lambda: defaultdict(_Named))
    twins: dict[str, str] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)


def current_tabs(env: BuildEnvironment) -> tuple[str, ...]:
    """Return the tabs whose readers see what is parsed now; empty for all."""
    tabs: tuple[str, ...] = env.temp_data.get(_TABS, ())
    return tabs


def twins_of(env: BuildEnvironment) -> dict[str, str]:
    """Return the anchors of twins on the page that is read now, each with that of the first."""
    return _names(env).twins


def labels_of(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return the labels that tab blocks of this page have given, each with its anchor in each tab."""
    return _names(env).named["nameids"].known


def _names(env: BuildEnvironment) -> _Names:
    names: _Names = env.temp_data.setdefault(_STATE, _Names())
    return names


def _tables(document: nodes.document, env: BuildEnvironment) -> dict[str, _Table]:
    """Return the tables of names that hold for all of a page."""
    markdown = document["nb_renderer"].renderer.md_env if "nb_renderer" in document else {}
    return {
        "ids": document.ids,
        "nameids": document.nameids,
        "nametypes": document.nametypes,
        "names": getattr(document, "names", {}),  # which docutils has since version 0.23
        "links": markdown.setdefault("references", {}),
        "notes": markdown.setdefault("foot_refs", {}),
        # Equations, terms of glossaries, descriptions of functions: all names that Sphinx wants to be unique.
        **{
            name: domain.data["objects"]
            for name, domain in sorted(env.domains.items())
            if isinstance(domain.data.get("objects"), dict)
        },
    }


@contextmanager
def names_of(document: nodes.document, tabs: Iterable[str], parent: nodes.Element) -> Iterator[None]:
    """Parse text, in this block, for the readers of ``tabs`` alone; ``parent`` is what it is parsed into."""
    env: BuildEnvironment = document.settings.env
    tabs, names, tables = tuple(tabs), _names(env), _tables(document, env)
    before, count = current_tabs(env), env.temp_data.get(COUNT, 0)
    env.temp_data[_TABS] = tabs
    for kind, table in tables.items():
        names.named[kind].show(table, tabs)
    there = {kind: set(table) for kind, table in tables.items()}
    try:
        yield
    finally:
        env.temp_data[_TABS] = before
        new = {}
        for kind, table in tables.items():
            known = names.named[kind].of(tabs)  # what a block inside this one has given, too
            new[kind] = {name: table[name] for name in table if name not in there[kind] and name not in known}
        _rename(document, names, new, tabs, parent)
        for kind, table in tables.items():
            names.named[kind].note(new[kind], tabs)
            names.named[kind].show(table, before)
        _number(env, parent, count, names.named["math"].first)


def _rename(
    document: nodes.document,
    names: _Names,
    new: dict[str, dict[Any, Any]],
    tabs: tuple[str, ...],
    parent: nodes.Element,
) -> None:
    """Give what has the name of something in another block an anchor of its own, and no name."""
    ids, nameids = new["ids"], new["nameids"]
    for anchor in [anchor for anchor in ids if anchor in names.named["ids"].first]:
        node, own = ids.pop(anchor), twin_id(anchor, tabs[0])
        node["ids"] = [own if one == anchor else one for one in node["ids"]]
        document.ids[own] = ids[own] = node
        names.twins[own] = anchor
        nameids.update({name: own for name, one in nameids.items() if one == anchor})
    taken = {name for name in nameids if name in names.named["nameids"].first}
    notes = [note for note in parent.findall(nodes.footnote) if not taken.isdisjoint(note["names"])]
    labels = [note["names"][0] for note in notes]
    for node in parent.findall(nodes.Element):
        node["names"] = [name for name in node["names"] if name not in taken]
    for note, label in zip(notes, labels, strict=True):
        note["names"] = [twin_id(label, tabs[0])]
        _number_itself(document, note)
    labels += _rename_notes(names.named["notes"], new["notes"], tabs)
    for label in labels:
        names.notes.setdefault(label, {}).update(dict.fromkeys(tabs, twin_id(label, tabs[0])))
    for reference in parent.findall(nodes.footnote_reference):
        own_labels = names.notes.get(reference["refname"], {})
        if own := next((own_labels[tab] for tab in tabs if tab in own_labels), ""):
            _lead_to(document, reference, own)


def _rename_notes(named: _Named, new: dict[str, Any], tabs: tuple[str, ...]) -> list[str]:
    """Give footnotes that others have, too, labels of their own; return those that they had.

    That is where MyST makes nodes of footnotes when it has read all of a page, as before its version 4.
    """
    labels = [label for label in new if label in named.first]
    for label in labels:
        own = twin_id(label, tabs[0])
        for definition in new[label]:
            definition.meta["label"] = own
        named.first[own] = new[label]
        named.known.setdefault(label, {}).update(dict.fromkeys(tabs, new.pop(label)))
    return labels


def _number_itself(document: nodes.document, note: nodes.footnote) -> None:
    """Let a footnote have the next number, where the author gave it one: there cannot be two of it."""
    if not note.get("auto"):
        document.footnotes.remove(note)
        note["auto"] = 1
        note.remove(note.children[0])
        document.note_autofootnote(note)


def _lead_to(document: nodes.document, reference: nodes.footnote_reference, name: str) -> None:
    document.footnote_refs[reference["refname"]].remove(reference)
    reference["refname"] = name
    document.note_footnote_ref(reference)
    if not reference.get("auto"):  # as in `_number_itself`
        reference["auto"] = 1
        reference.children.clear()
        document.note_autofootnote_ref(reference)


def _number(env: BuildEnvironment, parent: nodes.Element, count: int, first: dict[Any, Any]) -> None:
    """Count the equations of a block again, without those that others have, too."""
    math: Any = env.get_domain("math")
    seen = {label for label in first if first[label][1] <= count}  # counted above this block
    for equation in parent.findall(nodes.math_block):
        label = equation.get("label")
        if label not in math.equations:
            continue
        if label not in seen:
            count += 1
            seen.add(label)
            math.equations[label] = first[label] = (env.docname, count)
        equation["number"] = math.equations[label][1]
    env.temp_data[COUNT] = count


@contextmanager
def without_names(document: nodes.document, parent: nodes.Element) -> Iterator[None]:
    """Parse into ``parent`` text that the page has already: it names nothing, and is not counted.

    What it adds to Sphinx's tables, and its warnings, are those of the page, once more: both are
    dropped. An equation in it has the number of the one that it repeats.
    """
    env: BuildEnvironment = document.settings.env
    tables = _tables(document, env)
    kept = [*tables.values(), *_collections(env.__dict__)]
    kept += [found for tables_of in env.domaindata.values() for found in _collections(tables_of)]
    before = [(one, one.copy()) for one in kept]
    about_page = {key: env.temp_data[key] for key in env.temp_data}
    for kind in ("ids", "nameids", "nametypes", "names"):
        tables[kind].clear()
    try:
        with logging.suppress_logging():
            yield
    finally:
        for one, copied in before:
            one.clear()
            one.extend(copied) if isinstance(one, list) else one.update(copied)
        for key in env.temp_data.keys() - about_page.keys():
            del env.temp_data[key]
        env.temp_data.update(about_page)
        for node in list(parent.findall(nodes.Element)):
            own = node["ids"] if node["names"] or node.get("label") else []
            node[OWN_IDS], node["ids"], node["names"] = own, [], []
            if isinstance(node, nodes.math_block) and (known := tables["math"].get(node.get("label"))):
                node["number"] = known[1]
            if isinstance(node, nodes.footnote_reference):
                _forget(document, node)
            elif isinstance(node, nodes.footnote):
                (document.autofootnotes if node.get("auto") else document.footnotes).remove(node)
                node.parent.remove(node)
            elif isinstance(node, nodes.target | index):
                node.parent.remove(node)


def _collections(values: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what can change of ``values``."""
    return (value for value in values.values() if isinstance(value, dict | list | set))


def _forget(document: nodes.document, reference: nodes.footnote_reference) -> None:
    """Take a reference to a footnote away: it would be counted, and the footnote would lead back to it."""
    document.footnote_refs[reference["refname"]].remove(reference)
    if reference in document.autofootnote_refs:
        document.autofootnote_refs.remove(reference)
    reference.parent.remove(reference)
