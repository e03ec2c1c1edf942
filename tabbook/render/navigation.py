"""The tree of pages beside each page, made once for all pages of a build.

The theme resolves the whole table of contents again for each page, renders it, parses the HTML and
adds classes: in a large book, that is 40 % of the time for writing. But the trees of two pages differ
in three ways only: addresses are relative, the branch with the page is marked as current, and it is
unfolded. So the theme makes two trees, one in which no branch is current and one in which all are.
Both have the same tags, apart from attributes, and a page takes each tag from one of them.

Where we cannot be sure that the result is what the theme would make, the theme makes it. See decision
18 in ``docs/decisions``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment.adapters.toctree import global_toctree_for_doc

_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"<(/?)([\w-]+)")
_ADDRESS = re.compile(r'(?<= href=")tabbook-page-(\d+)(?=")')
_TEMPLATE = "sbt-sidebar-nav.html"
"""The template of the theme that draws the tree."""
_PLAIN = re.compile(r"[\w./%~-]*", re.ASCII)
_BRANCH = {nodes.bullet_list, nodes.list_item, nodes.reference, addnodes.compact_paragraph}
_KNOWN: set[type[nodes.Node]] = {
    *(nodes.title, nodes.Text, nodes.emphasis, nodes.strong, nodes.literal, nodes.inline, nodes.math),
    *(nodes.subscript, nodes.superscript, nodes.title_reference, nodes.abbreviation, nodes.raw),
    *(addnodes.literal_emphasis, addnodes.literal_strong),
    *_BRANCH,
}
"""What a tree may consist of. Other nodes in titles, of extensions say, may look different on each page."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree on every page. ``parts`` are its text and its tags in turns, with no branch current.

    ``current`` are the same with all branches current. ``links`` has the places of tags with an
    address, and the page that each leads to. ``branches`` has, for each page, the places of the tags
    that are as in ``current``.
    """

    parts: list[str]
    current: list[str]
    links: list[tuple[int, str]]
    branches: Mapping[str, set[int]]

    def on(self, page: str, address: Callable[[str], str]) -> str | None:
        """Return the tree on ``page``; None if an address has characters that would need escaping."""
        parts = self.parts[:]
        for place in self.branches.get(page, ()):
            parts[place] = self.current[place]
        for place, target in self.links:
            uri = address(target)
            if not _PLAIN.fullmatch(uri):
                return None
            parts[place] = _ADDRESS.sub(uri or "#", parts[place])
        return "".join(parts)


def make_tree(none_current: str, all_current: str, pages: list[str]) -> Tree | None:
    """Return the tree that two texts of HTML describe; None if their tags do not match.

    Their addresses are numbers of pages in ``pages``, as `_Addresses` gives them.
    """
    parts, current = _TAG.split(none_current), _TAG.split(all_current)
    if [_kind(part) for part in parts] != [_kind(part) for part in current]:
        return None
    open_tags: list[int] = []
    details: dict[int, int] = {}
    links: list[tuple[int, str]] = []
    branches: dict[str, set[int]] = {}
    for place, part in enumerate(parts):
        before, name = _kind(part)
        if before == "/":
            if not open_tags or _kind(parts[open_tags.pop()])[1] != name:
                return None
        elif before == "":
            if name == "details" and open_tags:
                details[open_tags[-1]] = place
            open_tags.append(place)
            if address := _ADDRESS.search(part):
                page = pages[int(address[1])]
                links.append((place, page))
                branches.setdefault(page, set()).update(open_tags)
    for branch in branches.values():  # what a link unfolds is beside it
        branch |= {details[place] for place in branch if place in details}
    return None if open_tags else Tree(parts, current, links, branches)


def _kind(part: str) -> tuple[str, str]:
    """Return ``""`` or ``"/"``, and its name, of a tag that opens or closes; ``"text"`` and all else."""
    tag = _NAME.match(part)
    return (tag[1], tag[2]) if tag and not part.endswith("/>") else ("text", part)


@dataclass
class _Addresses:
    """A builder, as far as tables of contents need one. It numbers addresses instead of giving them."""

    tags: object
    pages: list[str]

    def get_relative_uri(self, _page: str, target: str) -> str:
        """Return a number in place of the address of ``target``."""
        self.pages.append(target)
        return f"tabbook-page-{len(self.pages) - 1}"


@dataclass(frozen=True)
class _NavigationPage:
    """A page, with the theme's function for its tree and the trees that pages share."""

    name: str
    builder: StandaloneHTMLBuilder
    context: dict[str, Any]
    theirs: Any
    trees: dict[tuple[object, ...], Tree | None]

    def generate(self, kind: str, startdepth: int = 1, show_nav_level: int = 1, **options: Any) -> object:
        """Return the tree of the page; the parameters are those of the theme's function."""
        made = None
        if kind == "sidebar" and startdepth == 0 and not options.get("collapse", True):
            key = (show_nav_level, *sorted(options.items()))
            if key not in self.trees:
                self.trees[key] = self._shared(show_nav_level, options)
            tree = self.trees[key]
            made = tree.on(self.name, self._address) if tree else None
        return self.theirs(kind, startdepth, show_nav_level, **options) if made is None else made

    def _address(self, target: str) -> str:
        return self.builder.get_relative_uri(self.name, target)

    def _shared(self, show_nav_level: int, options: dict[str, Any]) -> Tree | None:
        """Return the tree to share; None if pages may differ in other ways than `Tree` knows."""
        env = self.builder.env
        has_conditions = any(any(toc.findall(addnodes.only)) for toc in env.tocs.values())
        if has_conditions or self.builder.math_renderer_name != "mathjax":
            return None
        pages: list[str] = []
        addresses = cast(Builder, _Addresses(self.builder.tags, pages))
        found = global_toctree_for_doc(env, "", addresses, **{"includehidden": False, **options})
        if found is None or not {type(node) for node in found.findall()} <= _KNOWN:
            return None
        none_current = self._rendered(found, show_nav_level, options)
        for node in found.findall(nodes.Element):
            if type(node) in _BRANCH:
                node["classes"].append("current")
        return make_tree(none_current, self._rendered(found, show_nav_level, options), pages)

    def _rendered(self, contents: nodes.Element, show_nav_level: int, options: dict[str, Any]) -> str:
        """Return what the theme makes of contents, which it takes from the context."""
        html, own = self.builder.render_partial(contents)["fragment"], self.context["toctree"]
        self.context["toctree"] = lambda **_: html
        try:  # not the function itself, which remembers what it returned
            return str(self.theirs.__wrapped__("sidebar", 0, show_nav_level, **options))
        finally:
            self.context["toctree"] = own


def _is_known(context: Mapping[str, Any]) -> bool:
    """Say whether trees come from the theme and from Sphinx, and not from an author's extension."""
    modules = {"generate_toctree_html": "pydata_sphinx_theme.toctree", "toctree": "sphinx.builders.html"}
    modules_of = {name: getattr(context.get(name), "__module__", "") for name in modules}
    return modules_of == modules and hasattr(context["generate_toctree_html"], "__wrapped__")


def _is_shared(app: Sphinx) -> bool:
    return bool(app.config.tabbook_sharing) and app.builder.name == "html"


def _take_out(app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Keep the theme from drawing the tree to see whether it is empty, before we can replace it."""
    names = context.get("sidebars")
    if _is_shared(app) and isinstance(names, list) and all(isinstance(name, str) for name in names):
        names = [name if Path(name).suffix else f"{name}.html" for name in names]
        if _TEMPLATE in names and len({*names}) == len(names):
            context["tabbook_sidebars"] = names
            context["sidebars"] = [name for name in names if name != _TEMPLATE]


def _put_back(builder: StandaloneHTMLBuilder, context: dict[str, Any], names: list[str]) -> None:
    """Put what draws the tree back between those of its neighbours that are not empty."""
    if builder.templates.render(_TEMPLATE, {**context, "sidebars": names}).strip():
        before = names[: names.index(_TEMPLATE)]
        context["sidebars"].insert(sum(name in before for name in context["sidebars"]), _TEMPLATE)


def setup_navigation(app: Sphinx) -> None:
    """Let pages share their trees, if ``tabbook_sharing`` is set."""
    trees: dict[tuple[object, ...], Tree | None] = {}

    def share(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
        builder = app.builder
        if _is_shared(app) and _is_known(context):
            assert isinstance(builder, StandaloneHTMLBuilder)
            theirs = context["generate_toctree_html"]
            context["generate_toctree_html"] = cache(
                _NavigationPage(page, builder, context, theirs, trees).generate
            )
        if names := context.pop("tabbook_sidebars", None):
            assert isinstance(builder, StandaloneHTMLBuilder)
            _put_back(builder, context, names)

    app.connect("html-page-context", _take_out, priority=100)
    app.connect("html-page-context", share, priority=900)
    app.connect("build-finished", lambda *_: trees.clear())
