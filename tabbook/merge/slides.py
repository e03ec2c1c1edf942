"""The text of slides that are written apart from the page, as the page has it: resolved for exports alone."""

import re
from dataclasses import dataclass

from tabbook.model import Item, Section, Slide

_SPAN = re.compile(
    r"(?P<kept>`+[^`]+`+|\$[^$\n]+\$)"
    r"|(?<!!)\[(?P<text>[^\[\]]*)\]\{(?P<classes>[ \t]*\.[\w-]+(?:[ \t]+\.[\w-]+)*)[ \t]*\}"
)


@dataclass(frozen=True, slots=True)
class SlideText:
    """The text of an item, and the frameworks whose slides show it."""

    source: str
    tabs: tuple[str, ...]
    line: int


def slide_texts(section: Section) -> tuple[SlideText, ...]:
    """Return the texts of all slides of a section; slides know theirs by its place among them."""
    return tuple(
        SlideText(_SPAN.sub(_span, item.content), _tabs(section, slide, item), item.line)
        for slide in section.slides
        for item in slide.items
        if isinstance(item.content, str)
    )


def _tabs(section: Section, slide: Slide, item: Item) -> tuple[str, ...]:
    own = section.tabs if item.tabs is None else item.tabs
    return tuple(tab for tab in section.tabs if tab in own and slide.belongs_to(tab))


def _span(match: re.Match[str]) -> str:
    """Return ``[text]{.class}`` as HTML, which Markdown leaves as it is; code and formulas stay."""
    if match["kept"]:
        return match[0]
    classes = " ".join(name.lstrip(".") for name in match["classes"].split())
    return f'<span class="{classes}">{match["text"]}</span>'
