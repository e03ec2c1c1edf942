"""The blocks of HTML that an author wrote, which may leave open what ends by itself."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

_CELLS = ("td", "th")
_ITEMS = ("dt", "dd")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LISTS = ("ul", "ol", "dl", "table", "figure", "details")
_END_PARAGRAPHS = ("p", "div", "pre", "blockquote", "hr", "section", *_HEADINGS, *_LISTS)
_ENDS = {
    **dict.fromkeys(_ITEMS, _ITEMS),
    **dict.fromkeys(_CELLS, _CELLS),
    **dict.fromkeys(_END_PARAGRAPHS, ("p",)),
    "li": ("li",),
    "tr": ("tr", *_CELLS),
}
"""Elements, and those that they end where these are still open."""
BLOCKS = (*_END_PARAGRAPHS, *_ITEMS, "li", "tr", "caption", "figcaption", "summary", "center")


def close_items(tree: "BeautifulSoup") -> None:
    """Let what HTML need not close, such as ``<li>``, end where the next of its kind begins."""
    for element in tree.find_all([*_ENDS]):
        while element.parent is not None and element.parent.name in _ENDS[element.name]:
            element.parent.insert_after(element.extract())
