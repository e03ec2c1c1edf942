"""Names inside tab blocks: each framework's readers have their own, and see no others.

Sphinx, docutils and MyST keep one table of names for a page: labels, equations, footnotes, links.
While a tab block is parsed, the names of other frameworks' blocks are taken out of these tables, so
the same name may be given once for each framework. The first keeps the name and its anchor; what
others give the same name to is its *twin*, with an anchor of its own that is made of both.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from docutils import nodes
from sphinx.environment import BuildEnvironment

_TABS, _STATE = "tabbook_tabs", "tabbook_names"
_SERIAL = "eqnoserialno"
"""Where Sphinx counts the equations of a page."""


def twin_id(anchor: str, tab: str) -> str:
    """Return the anchor of the twin that the block of ``tab`` has; the script of the pages knows it."""
    return f"{anchor}-in-{tab}"


@dataclass
class _Names:
    """What the tab blocks of a page have named so far.

    ``known`` has for each table the value of each name in each tab, ``first`` the value that stays
    in the table. ``twins`` are the anchors of twins, each with that of the first.
    """

    known: list[dict[Any, dict[str, Any]]] = field(default_factory=lambda: [{} for _ in range(7)])
    first: list[dict[Any, Any]] = field(default_factory=lambda: [{} for _ in range(7)])
    twins: dict[str, str] = field(default_factory=dict)


def current_tabs(env: BuildEnvironment) -> tuple[str, ...]:
    """Return the tabs whose readers see what is parsed now; empty for all."""
    found: tuple[str, ...] = env.temp_data.get(_TABS, ())
    return found


def twins_of(env: BuildEnvironment) -> dict[str, str]:
    """Return the anchors of twins on the page that is read now, each with that of the first."""
    return _names(env).twins


def labels_of(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return the labels that tab blocks of this page have given, each with its anchor in each tab."""
    return _names(env).known[1]


def _names(env: BuildEnvironment) -> _Names:
    names: _Names = env.temp_data.setdefault(_STATE, _Names())
    return names


def _tables(document: nodes.document, env: BuildEnvironment) -> list[MutableMapping[Any, Any]]:
    math: Any = env.get_domain("math")
    std: Any = env.get_domain("std")
    markdown = document["nb_renderer"].renderer.md_env if "nb_renderer" in document else {}
    # The anchors come first, and the footnotes last: see `_rename`.
    return [
        document.ids,
        document.nameids,
        document.nametypes,
        math.equations,
        std.objects,
        markdown.setdefault("references", {}),
        markdown.setdefault("foot_refs", {}),
    ]


@contextmanager
def names_of(document: nodes.document, tabs: Iterable[str], parent: nodes.Element) -> Iterator[None]:
    """Let what is parsed into ``parent`` meanwhile be for the readers of ``tabs`` alone."""
    env: BuildEnvironment = document.settings.env
    tabs, names, tables = tuple(tabs), _names(env), _tables(document, env)
    before, count = current_tabs(env), env.temp_data.get(_SERIAL, 0)
    env.temp_data[_TABS] = tabs
    _show(tables, names, tabs)
    there = [set(table) for table in tables]
    try:
        yield
    finally:
        env.temp_data[_TABS] = before
        new = [
            {name: table[name] for name in table if name not in old and name not in _of(known, tabs)}
            for table, known, old in zip(tables, names.known, there, strict=True)
        ]
        _rename(document, names, new, tabs, parent)
        for known, first, found in zip(names.known, names.first, new, strict=True):
            for name, value in found.items():
                known.setdefault(name, {}).update(dict.fromkeys(tabs, value))
                first.setdefault(name, value)
        _show(tables, names, before)
        _number(env, parent, count, names.first[3])


def _of(known: dict[Any, dict[str, Any]], tabs: tuple[str, ...]) -> dict[Any, Any]:
    """Return the names that the blocks of any of ``tabs`` have given, with their values."""
    return {
        name: next(values[tab] for tab in tabs if tab in values)
        for name, values in known.items()
        if not values.keys().isdisjoint(tabs)
    }


def _show(tables: list[MutableMapping[Any, Any]], names: _Names, tabs: tuple[str, ...]) -> None:
    """Let the tables have the names that blocks of ``tabs`` see; outside of all, the first of each."""
    for table, known, first in zip(tables, names.known, names.first, strict=True):
        for name in known:
            table.pop(name, None)
        table.update(_of(known, tabs) if tabs else first)


def _rename(
    document: nodes.document,
    names: _Names,
    new: list[dict[Any, Any]],
    tabs: tuple[str, ...],
    parent: nodes.Element,
) -> None:
    """Give what has the name of something in another block an anchor of its own, and no name."""
    ids, nameids, notes = new[0], new[1], new[6]
    for anchor in [anchor for anchor in ids if anchor in names.first[0]]:
        node, own = ids.pop(anchor), twin_id(anchor, tabs[0])
        node["ids"] = [own if one == anchor else one for one in node["ids"]]
        document.ids[own] = ids[own] = node
        names.twins[own] = anchor
        nameids.update({name: own for name, one in nameids.items() if one == anchor})
    taken = {name for name in nameids if name in names.first[1]}
    for node in parent.findall(nodes.Element):
        node["names"] = [name for name in node["names"] if name not in taken]
    for label in [label for label in notes if label in names.first[6]]:
        own = twin_id(label, tabs[0])
        for definition in notes[label]:
            definition.meta["label"] = own
        names.first[6][own] = notes[label]
        names.known[6].setdefault(label, {}).update(dict.fromkeys(tabs, notes.pop(label)))
    _rename_notes(document, names, tabs, parent)


def _rename_notes(
    document: nodes.document, names: _Names, tabs: tuple[str, ...], parent: nodes.Element
) -> None:
    """Let references to footnotes lead to those of their own tab."""
    for reference in parent.findall(nodes.footnote_reference):
        label = reference["refname"]
        own = next((values[tab] for tab in tabs if tab in (values := names.known[6].get(label, {}))), None)
        if not own or (name := own[0].meta["label"]) == label:
            continue
        document.footnote_refs[label].remove(reference)
        reference["refname"] = name
        document.note_footnote_ref(reference)
        if not reference.get("auto"):  # a number of the author's: there cannot be two of it
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
    env.temp_data[_SERIAL] = count
