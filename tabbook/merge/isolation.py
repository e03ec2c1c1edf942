"""How the outputs of one tab are kept apart from those of others, and which of them belong together.

Each tab is a notebook of its own: an output may use what earlier outputs of the same tab have
defined, such as a library that a cell has loaded, and its elements may be filled by later ones.
So a document of its own, for an output that runs code, first runs the earlier outputs that do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tabbook.keys.key import canonical, sha256
from tabbook.merge.markup import Kind, Markup, markup_of
from tabbook.model import Output


@dataclass(frozen=True, slots=True)
class Isolation:
    """How one output of a tab is shown.

    ``styles`` are the style sheets of earlier outputs that hold for it, ``last`` is the place of the
    last output that its document runs, if it has one.
    """

    kind: Kind
    styles: tuple[str, ...]
    last: int


def isolate(items: Sequence[Markup]) -> list[Isolation]:
    """Return how each of ``items``, the outputs of a tab in their order, is shown."""
    isolations = []
    styles: dict[str, None] = {}
    for place, item in enumerate(items):
        named = [
            later
            for later in range(place + 1, len(items))
            if items[later].kind == "live" and item.is_named_in(items[later])
        ]
        kind: Kind = "live" if named else item.kind
        if kind == "plain" and styles:
            kind = "static"
        isolations.append(Isolation(kind, tuple(styles), max([place, *named])))
        styles |= dict.fromkeys(item.styles)
    return isolations


def contexts(cells: Mapping[int, Iterable[Output]]) -> dict[int, str]:
    """Return for each cell of a tab a hash of what its outputs depend on besides themselves.

    It is empty where they depend on nothing. ``cells`` are the tab's, in their order.
    """
    places, items = list[int](), list[Markup]()
    for place, outputs in cells.items():
        for output in outputs:
            if item := markup_of(output.get("data", {})):
                places.append(place)
                items.append(item)
    isolations = isolate(items)
    live = [at for at, isolation in enumerate(isolations) if isolation.kind == "live"]
    depends: dict[int, list[object]] = {}
    for at, isolation in enumerate(isolations):
        ran = [
            items[other].html
            for other in live
            if isolation.kind == "live" and other <= isolation.last and places[other] != places[at]
        ]
        if ran or isolation.styles:
            depends.setdefault(places[at], []).append([isolation.kind, isolation.styles, ran])
    return {place: sha256(canonical(depends[place])) if place in depends else "" for place in cells}
