"""The table of contents, ``_toc.yml``: which pages the book has, and in which order they are read.

Jupyter Book hands the file to sphinx-external-toc, which stops at its first fault, gives no lines
and passes over some keys that it does not know. This reader takes nothing that the other would
refuse, and a test compares their orders.
"""

import posixpath
import re
from dataclasses import dataclass

import yaml

from tabbook.errors import ConfigError, Fault, nearest, suggestion
from tabbook.yaml_text import compose, load_yaml, not_yaml, repeated_keys

TOC_FILE = "_toc.yml"
_ADDRESS = re.compile(r".+://")
_KNOWN_ENDINGS = (".md", ".rst", ".ipynb")
_SITE_PAGES = frozenset({"genindex", "py-modindex", "search"})
_SITE_FOLDERS = frozenset({"_downloads", "_exports", "_images", "_outputs", "_sources", "_static"})
"""What the site has of its own at its root: it would overwrite pages with these names."""
_STYLES = frozenset({"numerical", "romanlower", "romanupper", "alphalower", "alphaupper"})
_TYPES = {
    "caption": ("str", "null"), "hidden": ("bool",), "maxdepth": ("int",), "numbered": ("bool", "int"),
    "reversed": ("bool",), "titlesonly": ("bool",), "style": ("str", "seq"),
    "restart_numbering": ("bool", "null"), "title": ("str", "null"), "file": ("str",), "root": ("str",),
    "url": ("str",), "format": ("str",), "defaults": ("map",), "options": ("map",), "meta": ("map", "null"),
}  # fmt: skip
"""What the value of each key may be, as YAML calls it."""
_WORDS = {
    "str": "text",
    "bool": "true or false",
    "int": "a whole number",
    "map": "a mapping of keys to values",
}
_TREE = ("caption", "hidden", "maxdepth", "numbered", "reversed", "titlesonly", "style", "restart_numbering")
_FORMATS = {
    "": ("subtrees", "entries"),
    "jb-book": ("parts", "chapters"),
    "jb-article": ("subtrees", "sections"),
}
"""The keys of a page that hold its groups of entries, or its entries: for each format, at the top."""
_BELOW = _FORMATS | {"jb-book": ("subtrees", "sections")}
"""The same, for pages below the top."""


@dataclass(frozen=True, slots=True)
class TocEntry:
    """A page that the contents name: its file, relative to the book, and the line that names it."""

    file: str
    line: int


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _type(node: yaml.Node) -> str:
    return str(node.tag).removeprefix("tag:yaml.org,2002:")


class _Reader:
    """Walks through the file, collecting pages and faults."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.format = ""
        self.is_reversed = False
        self.faults: list[Fault] = []
        self.lines: dict[str, int] = {}
        self.addresses: dict[str, str] = {}

    def fault(self, node: yaml.Node, message: str, hint: str = "") -> None:
        self.faults.append(Fault(self.path, _line(node), message, hint))

    def top(self, node: yaml.Node) -> list[TocEntry]:
        values = self._values(node)
        wanted = values.get("format")
        if isinstance(wanted, yaml.ScalarNode) and wanted.value in _FORMATS:
            self.format = wanted.value
        elif wanted is not None:
            text = f" {wanted.value!r}" if isinstance(wanted, yaml.ScalarNode) else ""
            hint = "write 'format: jb-book' or 'format: jb-article'"
            self.fault(wanted, f"unknown format{text}", hint)
            return []
        if "defaults" in values:
            self.is_reversed = self._options(values["defaults"])
        return self._page(node, "root", ("format", "defaults", "meta"), _FORMATS[self.format])

    def _values(self, node: yaml.Node) -> dict[str, yaml.Node]:
        return (
            {str(key.value): value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        )

    def _known(self, node: yaml.Node, allowed: tuple[str, ...]) -> dict[str, yaml.Node]:
        """Return the values of a mapping by their keys, all of which must be ``allowed``."""
        if not isinstance(node, yaml.MappingNode):
            text = f": {node.value!r}" if isinstance(node, yaml.ScalarNode) else ""
            self.fault(node, f"this is not an entry{text}", "write 'file: ' and the page's path")
            return {}
        for key, value in node.value:
            if key.value not in allowed:
                self.fault(key, f"unknown key {key.value!r}", self._hint(str(key.value), allowed))
            elif key.value in _TYPES and _type(value) not in _TYPES[key.value]:
                words = " or ".join(_WORDS[kind] for kind in _TYPES[key.value] if kind in _WORDS)
                self.fault(value, f"{key.value} must be {words}", "correct it, or put text in quotes")
        return {name: value for name, value in self._values(node).items() if name in allowed}

    def _hint(self, key: str, allowed: tuple[str, ...]) -> str:
        if not self.format and key in ("parts", "chapters", "sections"):
            return f"add 'format: {'jb-article' if key == 'sections' else 'jb-book'}' at the top"
        return suggestion(nearest(key, allowed), f"the keys known here are {', '.join(allowed)}")

    def _options(self, node: yaml.Node, also: tuple[str, ...] = ()) -> bool:
        """Check the options of a group of entries, and say whether it is shown in reverse."""
        values = self._known(node, (*_TREE, *also)) if isinstance(node, yaml.MappingNode) else {}
        style = values.get("style")
        for one in style.value if isinstance(style, yaml.SequenceNode) else [style] if style else []:
            if str(one.value) not in _STYLES:
                self.fault(
                    one, f"unknown style {one.value!r}", f"the styles are {', '.join(sorted(_STYLES))}"
                )
        given = values.get("reversed")
        return self.is_reversed if given is None else str(given.value).lower() in ("true", "yes", "on")

    def _page(
        self, node: yaml.Node, name: str, more: tuple[str, ...], keys: tuple[str, str]
    ) -> list[TocEntry]:
        """Return a page and those below it, in the order in which they are read."""
        groups_key, entries_key = keys
        values = self._known(node, (name, "title", "options", *more, *keys))
        here = self._file(node, values.get(name), name)
        if here is None:
            return []
        options = values.get("options")
        in_reverse = self._options(options) if options is not None else self.is_reversed
        groups, entries = values.get(groups_key), values.get(entries_key)
        if groups is not None and entries is not None:
            self.fault(groups, f"a page has both {groups_key!r} and {entries_key!r}", "keep one")
        if entries is not None:
            return [*here, *self._entries(entries, entries_key, in_reverse)]
        below = self._items(groups, groups_key) if groups is not None else []
        return [*here, *(entry for group in below for entry in self._group(group, entries_key))]

    def _group(self, node: yaml.Node, key: str) -> list[TocEntry]:
        in_reverse = self._options(node, (key,))
        entries = self._values(node).get(key)
        if entries is None:
            self.fault(node, f"this group has no {key!r}", f"write '{key}:' and its entries below")
            return []
        return self._entries(entries, key, in_reverse)

    def _items(self, node: yaml.Node, key: str) -> list[yaml.Node]:
        if isinstance(node, yaml.SequenceNode) and node.value:
            return list(node.value)
        self.fault(node, f"{key!r} is not a list of entries", "begin each entry with '- '")
        return []

    def _entries(self, node: yaml.Node, key: str, in_reverse: bool) -> list[TocEntry]:
        pages = [self._entry(item) for item in self._items(node, key)]
        return [page for below in (reversed(pages) if in_reverse else pages) for page in below]

    def _entry(self, node: yaml.Node) -> list[TocEntry]:
        values = self._values(node)
        if "glob" in values:
            hint = "name each page in an entry of its own: 'file: ' and its path"
            self.fault(node, "tabbook does not support patterns ('glob')", hint)
            return []
        if "url" in values and "file" not in values:
            url = self._known(node, ("url", "title")).get("url")
            if url is not None and not _ADDRESS.match(str(url.value)):
                self.fault(
                    url, f"{url.value!r} is not an address", "write it in full, such as https://example.org"
                )
            return []
        return self._page(node, "file", (), _BELOW[self.format])

    def _file(self, node: yaml.Node, value: yaml.Node | None, key: str) -> list[TocEntry] | None:
        """Return a page that is read, if it is one, or None for one that is listed twice."""
        if value is None and isinstance(node, yaml.MappingNode):
            self.fault(node, f"this entry has no {key!r}", f"write '{key}: ' and the page's path")
        if value is None or _type(value) != "str":
            return []
        given = str(value.value)
        ending = next((ending for ending in _KNOWN_ENDINGS if given.endswith(ending)), "")
        stem = given.removesuffix(ending)
        plain = posixpath.normpath(stem.replace("\\", "/")).lstrip("/")
        if plain in self.lines:
            hint = f"line {self.lines[plain]} names it already; remove one of the two"
            self.fault(value, f"{plain} is listed twice", hint)
            return None
        self.lines[plain] = _line(value)
        if plain.startswith(".."):
            self.fault(value, f"{given!r} is outside the book", "move the file into it")
        elif plain != stem:
            self.fault(value, f"Jupyter Book does not find {given!r}", f"write {key}: {plain}")
        if ending == ".ipynb":
            self.fault(value, *unexecuted(given))
        self._check_address(value, plain)
        return [TocEntry(f"{plain}.md", _line(value))] if ending in ("", ".md") else []

    def _check_address(self, node: yaml.Node, page: str) -> None:
        """Report a page whose address is taken; on some systems, ``A`` and ``a`` are the same file."""
        first, _, rest = page.casefold().partition("/")
        other = self.addresses.setdefault(page.casefold(), page)
        if first in (_SITE_FOLDERS if rest else _SITE_PAGES):
            owned = f"a folder {first}" if rest else f"a page {first}"
            self.fault(node, f"{page}: the site has {owned} of its own", "rename the file")
        elif other != page:
            message = f"{page}: the address differs from that of {other} only in upper and lower case"
            self.fault(node, message, "rename the file")


def unexecuted(file: str) -> tuple[str, str]:
    """Return message and hint for a notebook among the pages."""
    return (
        f"tabbook does not execute {file}, and Jupyter Book would publish it as it is",
        "save it as a section in Markdown",
    )


def read_contents(text: str, path: str = TOC_FILE) -> tuple[TocEntry, ...]:
    """Return the pages that are sections or plain Markdown, in the order in which they are read.

    Raises:
        ConfigError: Something in the file is not understood; every fault is in it.
    """
    try:
        node = compose(text)
        load_yaml(text)  # refuses tags and keys that Jupyter Book cannot read either
    except yaml.YAMLError as error:
        raise ConfigError([not_yaml(path, error)]) from None
    if not isinstance(node, yaml.MappingNode) or "root" not in {key.value for key, _ in node.value}:
        raise ConfigError(
            [Fault(path, 0, "there is no key 'root'", "name the landing page: 'root: chapters/index'")]
        )
    reader = _Reader(path)
    entries = reader.top(node)
    faults = [*reader.faults, *(Fault(path, *what) for what in repeated_keys(text))]
    if faults:
        raise ConfigError(faults)
    return tuple(entries)
