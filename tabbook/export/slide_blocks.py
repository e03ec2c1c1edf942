"""Slides that are written apart from the page, for one framework, with their text as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tabbook.model import Embedded, Item, Slide


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item of a slide with its text as Markdown."""

    item: Item
    text: str = ""


@dataclass(frozen=True, slots=True)
class ShownSlide:
    """A slide in one framework."""

    items: tuple[ShownItem, ...]
    is_below: bool = False
    has_title: bool = True


def plain_slides(slides: Sequence[Slide], tab: str, texts: Mapping[int, str]) -> tuple[ShownSlide, ...]:
    """Return the slides that the deck of ``tab`` has.

    ``texts`` are those of the items, by their places among all texts (see ``tabbook.merge.slides``).
    """
    shown, number = [], 0
    for slide in slides:
        items = []
        for item in slide.items:
            text = ""
            if isinstance(item.content, str):
                text, number = texts.get(number, ""), number + 1
            if item.tabs is None or tab in item.tabs:
                items.append(ShownItem(item, text))
        if slide.belongs_to(tab):
            shown.append(ShownSlide(tuple(items), slide.is_below, bool(slide.title)))
    return tuple(shown)


def tabs_shown(slides: Sequence[ShownSlide]) -> tuple[str, ...]:
    """Return the frameworks, sorted, whose cells are asked for by name."""
    shown = (one.item.content for slide in slides for one in slide.items)
    return tuple(sorted({content.tab for content in shown if isinstance(content, Embedded) and content.tab}))
