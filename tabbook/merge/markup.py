"""What the HTML of an output can do to the page around it, found by reading it as a parser does.

``plain`` HTML can stay in the page. ``static`` HTML has names or style sheets, which would meet
those of other outputs. ``live`` HTML runs code, or needs a document of its own for another reason:
tags that are not closed, for instance, would take in what follows them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Literal

from markdown_it import MarkdownIt

JAVASCRIPT = "application/javascript"
Kind = Literal["plain", "static", "live"]

_VOID = frozenset(("area", "br", "col", "hr", "img", "input", "source", "track", "wbr"))
_LEFT_OPEN = frozenset(
    (
        *("colgroup", "dd", "dt", "li", "optgroup", "option", "p", "rb", "rp", "rt"),
        *("tbody", "td", "tfoot", "th", "thead", "tr"),
    )
)
"""Elements whose end tags authors may leave out."""
_LIVE = frozenset(
    (
        *("applet", "base", "body", "embed", "form", "frame", "frameset", "head", "html", "link", "meta"),
        *("object", "plaintext", "script"),
    )
)
_NAMING = frozenset(("id", "name", "for"))
_URLS = frozenset(("href", "xlink:href", "src", "action", "formaction", "data"))
_TAG = re.compile(r"[a-z][a-z0-9:]*")
_NOT_CUSTOM = frozenset(("annotation-xml", "color-profile", "font-face", "missing-glyph"))
_BROKEN_TEXT = re.compile(r"<[A-Za-z/!?]")
_BROKEN_COMMENT = re.compile(r"[<>]|--")
_SPACE = re.compile(r"[\x00-\x20]+")


@dataclass(frozen=True, slots=True)
class Markup:
    """An output as HTML, or as JavaScript if ``is_code``.

    ``names`` are what labels and links in it may refer to, ``classes`` those of its elements, and
    ``styles`` its style sheets, apart from those for its own names.
    """

    html: str
    kind: Kind
    names: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    styles: tuple[str, ...] = ()
    is_code: bool = False

    def is_named_in(self, other: "Markup") -> bool:
        """Say whether the code of ``other`` names an element of this output that it does not have itself."""
        names = [re.escape(name) for name in sorted(self.names - other.names)]
        classes = [re.escape(name) for name in sorted(self.classes - other.classes)]
        ways = [rf"(?<![\w-])(?:{'|'.join(names)})(?![\w-])"] * bool(names)
        ways += [rf"(?:\.|[\"'])(?:{'|'.join(classes)})(?![\w-])"] * bool(classes)
        return bool(ways) and re.search("|".join(ways), other.html) is not None


def markup_of(data: Mapping[str, Any]) -> Markup | None:
    """Return the HTML or JavaScript that a browser shows of ``data``, by type; None if it shows neither."""
    return next((read_markup(mime, data[mime]) for mime in (JAVASCRIPT, "text/html") if mime in data), None)


def with_html(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``data`` with Markdown as HTML, if it has HTML inside that must be kept apart as a whole."""
    text = data.get("text/markdown")
    if text is None or any(mime == JAVASCRIPT or mime.startswith(("text/html", "image/")) for mime in data):
        return data
    html = MarkdownIt("commonmark").render(text)
    return data if read_markup("text/html", html).kind == "plain" else {**data, "text/html": html}


def read_markup(mime: str, text: str) -> Markup:
    """Return HTML or JavaScript, and what it can do."""
    if mime == JAVASCRIPT:
        return Markup(text, "live", is_code=True)
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.markup(text)


class _Reader(HTMLParser):
    """Reads HTML from start to end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)  # or "&lt;b" in the text would look like a tag
        self.open: list[str] = []
        self.names: set[str] = set()
        self.classes: set[str] = set()
        self.styles: list[str] = []
        self.text: list[str] = []
        self.is_live = self.is_static = self.is_scoped = False

    def markup(self, html: str) -> Markup:
        """Return what has been found."""
        self._close_implied()
        is_live = self.is_live or bool(self.open) or bool(_BROKEN_TEXT.search("".join(self.text)))
        is_static = self.is_static or bool(self.names)
        styles = tuple(css for css in self.styles if css.strip() and not _is_for_names(css))
        kind: Kind = "live" if is_live else "static" if is_static else "plain"
        return Markup(html, kind, frozenset(self.names), frozenset(self.classes), styles)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look_at(tag, dict(attrs))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if {"svg", "math"} & {*self.open, tag}:
            self._look_at(tag, dict(attrs))
        else:
            self.handle_starttag(tag, attrs)  # browsers ignore the slash

    def handle_endtag(self, tag: str) -> None:
        if tag not in _LEFT_OPEN:
            self._close_implied()
        while self.open and self.open[-1] != tag and self.open[-1] in _LEFT_OPEN:
            self.open.pop()
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.is_live = True  # it might close an element of the page

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.is_static = True
            if not self.is_scoped:
                self.styles.append(data)
        else:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.is_live |= bool(_BROKEN_COMMENT.search(data))  # parsers differ in where it ends

    # A document as a whole, or XML, which parsers do not agree on.

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002 - the name is the base class's
        self.is_live = True

    def handle_pi(self, data: str) -> None:  # noqa: ARG002
        self.is_live = True

    unknown_decl = handle_pi

    def _close_implied(self) -> None:
        while self.open and self.open[-1] in _LEFT_OPEN:
            self.open.pop()

    def _look_at(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        """Note what an element can do."""
        values = {name: value or "" for name, value in attributes.items()}
        self.names |= {values[name] for name in _NAMING & values.keys() if values[name]}
        self.classes |= {*values.get("class", "").split()}
        self.is_scoped = "scoped" in values
        self.is_live |= (
            tag in _LIVE
            or (not _TAG.fullmatch(tag) and tag not in _NOT_CUSTOM)
            or "is" in values
            or any(name.startswith("on") for name in values)
            or any(
                _SPACE.sub("", values[name]).lower().startswith("javascript:")
                for name in _URLS & values.keys()
            )
            or (tag == "iframe" and not _is_elsewhere(values))
        )


def _is_elsewhere(iframe: Mapping[str, str]) -> bool:
    """Say whether what an element ``iframe`` shows is another site's, and so is kept apart already."""
    return "srcdoc" not in iframe and iframe.get("src", "").startswith(("https://", "http://"))


def _is_for_names(css: str) -> bool:
    """Say whether each rule of a style sheet is for elements with a certain id."""
    selectors = re.findall(r"(?:^|[{};])\s*([^{};]+)\{", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    parts = [part.strip() for selector in selectors for part in selector.split(",")]
    return bool(parts) and all(part.startswith(("#", "@")) for part in parts)
