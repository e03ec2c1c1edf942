"""Slides that are written apart from the page, for one framework, with their text as plain Markdown.

How text becomes plain is given from outside, as one function, so nothing here depends on it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tabbook.model import Embedded, Item, Slide

_SPAN = re.compile(
    r"(?P<kept>`+[^`]+`+|\$[^$\n]+\$)"
    r"|(?<!!)\[(?P<text>[^\[\]]*)\]\{(?P<classes>[ \t]*\.[\w-]+(?:[ \t]+\.[\w-]+)*)[ \t]*\}"
)

Plain = Callable[[str], tuple[str, tuple[str, ...]]]
"""Returns a piece of a section's text as plain Markdown, and the names of the pictures that it shows."""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item of a slide with its text as plain Markdown, and the names of the pictures in that."""

    item: Item
    text: str = ""
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownSlide:
    """A slide in one framework."""

    items: tuple[ShownItem, ...]
    is_below: bool = False
    has_title: bool = True


def plain_slides(slides: Sequence[Slide], tab: str, plain: Plain) -> tuple[ShownSlide, ...]:
    """Return the slides that the deck of ``tab`` has, with their text as plain Markdown."""
    found = []
    for slide in slides:
        if slide.belongs_to(tab):
            items = [item for item in slide.items if item.tabs is None or tab in item.tabs]
            shown = tuple(_plain_item(item, plain) for item in items)
            found.append(ShownSlide(shown, slide.is_below, bool(slide.title)))
    return tuple(found)


def _plain_item(item: Item, plain: Plain) -> ShownItem:
    if isinstance(item.content, Embedded):
        return ShownItem(item)
    return ShownItem(item, *plain(_SPAN.sub(_span, item.content)))


def _span(found: re.Match[str]) -> str:
    """Return ``[text]{.class}`` as HTML, which Markdown leaves as it is; code and formulas stay."""
    if found["kept"]:
        return found[0]
    classes = " ".join(name.lstrip(".") for name in found["classes"].split())
    return f'<span class="{classes}">{found["text"]}</span>'


def tabs_shown(slides: Sequence[ShownSlide]) -> tuple[str, ...]:
    """Return the frameworks, sorted, whose cells are asked for by name."""
    shown = (one.item.content for slide in slides for one in slide.items)
    return tuple(sorted({content.tab for content in shown if isinstance(content, Embedded) and content.tab}))
