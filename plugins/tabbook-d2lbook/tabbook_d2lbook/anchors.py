"""Links to headings: addresses such as ``#a-heading`` or ``b.html#a-heading``.

MyST makes anchors of the words of headings by GitHub's rule, the original tool by another one. So what a
link leads to is found by letters and digits alone; where MyST's anchor differs, the heading gets a label.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from posixpath import dirname, join, normpath, relpath
from urllib.parse import unquote

from tabbook_d2lbook.source import LabelTarget, Page, safe_label

_DEFINITION = re.compile(r"^ {0,3}\[(?!\^)[^\[\]\n]+\]:[ \t]*<?(?P<url>[^\s<>]+)", re.MULTILINE)
_OTHER = re.compile(r"[a-zA-Z][a-zA-Z+.-]*:|[/<]")
_MARKUP = re.compile(r":[\w-]+:`[^`]*`|\]\([^()]*\)|!?\[")
_REPEATED = re.compile(r"(?P<name>.+?)[-_](?P<number>\d+)")
_NO_SLUG = re.compile(r"[^\w\- ]")
_PLAIN = re.compile(r"[a-z][a-z0-9_:-]*")


def links(page: Page) -> Iterator[tuple[int, int]]:
    """Yield where the addresses of links begin and end that lead into the book."""
    images = {image.link_end for image in page.scan.images}
    for span in page.scan.spans:
        if span.kind == "url" and page.text[span.start] == "(" and span.end not in images:
            yield span.start + 1, span.end - 1
    for found in _DEFINITION.finditer(page.text):
        if not page.is_fenced(page.line_of(found.start())):
            yield found.span("url")


def is_inside(address: str) -> bool:
    """Say whether an address leads to a page of the book, or to a place on one."""
    return bool(address) and not _OTHER.match(address)


def is_from_root(address: str) -> bool:
    """Say whether an address leads to a place on the site, from its root."""
    return address.startswith("/") and not address.startswith("//")


def address_of(path: str, name: str) -> str:
    """Return the path, from the source's root, that an address on the page ``path`` names."""
    name = unquote(name)
    return normpath(name.lstrip("/")) if name.startswith("/") else normpath(join(dirname(path), name))


def named_page(path: str, name: str, files: Collection[str]) -> str:
    """Return how the page ``path`` has to name the file that it names; empty if the source has none."""
    plain = re.sub(r"\.(?:html|ipynb)$", "", name)
    names = [name, *(f"{plain}{ending}" for ending in (".md", ".rst") if plain != name)]
    found = next((one for one in names if address_of(path, one) in files), "")
    return relpath(address_of(path, found), dirname(path) or ".") if found.startswith("/") else found


def settle_anchors(pages: Mapping[str, Page]) -> None:
    """Find what links to places on these pages lead to; a heading without a label gets one."""
    places: dict[str, _Places] = {}
    for page in pages.values():
        for start, end in links(page):
            name, mark, anchor = page.text[start:end].partition("#")
            if not mark or not anchor or not (is_inside(name or mark) or is_from_root(name)):
                continue
            named = named_page(page.path, name, pages.keys())
            path = address_of(page.path, named) if named else page.path
            if name and not named:
                continue
            if path not in places:
                places[path] = _Places(pages[path])
            if label := places[path].label(unquote(anchor)):
                page.anchors[start] = f"{named if label == anchor else ''}#{label}"


class _Places:
    """The places on a page that links may lead to, by the letters and digits of their names."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.headings: dict[str, list[LabelTarget]] = {}
        for target in page.targets:
            if target.kind in ("section", "rubric"):
                self.headings.setdefault(key(target.words), []).append(target)
        self.labels = {key(label): label for label in reversed(page.labels)}

    def label(self, anchor: str) -> str:
        """Return the label of what ``anchor`` names, or ``anchor`` where MyST knows it.

        Nothing is returned if nothing has that name.
        """
        found = self.headings.get(key(anchor), [])
        if not found and (repeated := _REPEATED.fullmatch(anchor)):
            found = self.headings.get(key(repeated["name"]), [])[int(repeated["number"]) :]
        if not found:
            return self.labels.get(key(anchor), "")
        if found[0].kind == "section" and _is_known(found[0], anchor):
            return anchor
        return _label_of(self.page, found[0], anchor)


def _is_known(target: LabelTarget, anchor: str) -> bool:
    """Say whether MyST gives a heading this anchor: it does so for the first one of these words."""
    slug = _NO_SLUG.sub("", target.words.lower().replace(" ", "-"))
    return anchor == slug and not _MARKUP.search(target.words) and not set("`$*\\&{}") & set(target.words)


def _label_of(page: Page, target: LabelTarget, anchor: str) -> str:
    label = next((label for label in target.labels if _PLAIN.fullmatch(label)), "")
    if not label:
        stem = page.path.rsplit(".", 1)[0].replace("/", "-")
        label = re.sub(r"[^a-zA-Z0-9:]+", "-", safe_label(f"{stem}:{anchor}")).lower()
        label = label if _PLAIN.fullmatch(label) else f"page-{label}"
        target.labels.append(label)
    return label


def key(words: str) -> str:
    """Return letters and digits of a heading or of an anchor, without case and accents."""
    plain = unicodedata.normalize("NFKD", _MARKUP.sub("", words)).casefold()
    return "".join(character for character in plain if character.isalnum())
