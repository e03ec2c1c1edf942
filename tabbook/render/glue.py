"""Glued values: each reader sees that of their own framework.

These are MyST-NB's own roles and directives, run once for each value that a key has (see
``tabbook.merge.glue``). Equal values are shown once; where the code was not executed, the page says so.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from docutils import nodes
from myst_nb.ext.glue.crossref import read_glue_cache
from myst_nb.ext.glue.directives import (
    PasteAnyDirective,
    PasteFigureDirective,
    PasteMarkdownDirective,
    PasteMathDirective,
)
from myst_nb.ext.glue.roles import PasteMarkdownRole, PasteRoleAny, PasteTextRole
from myst_nb.ext.glue.utils import PendingGlueReference
from myst_nb.ext.utils import DirectiveBase, RoleBase
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

from tabbook.language import translator
from tabbook.merge.glue import key_for_tab
from tabbook.render.pages import page_data
from tabbook.render.scopes import current_tabs, names_of
from tabbook.render.tabs import Panel, group_of, names_in, tab_block
from tabbook.render.variants import readers_of, variants

_ROLES: dict[str, type[RoleBase]] = {
    **dict.fromkeys(("", "any"), PasteRoleAny),
    "text": PasteTextRole,
    "md": PasteMarkdownRole,
}
_DIRECTIVES: dict[str, type[DirectiveBase]] = {
    **dict.fromkeys(("", "any"), PasteAnyDirective),
    "figure": PasteFigureDirective,
    "math": PasteMathDirective,
    "md": PasteMarkdownDirective,
}
"""MyST-NB's roles and directives, by their names in the domain ``glue``; without one, ``{glue}`` itself."""
Data = Mapping[str, Any]
Found = list[tuple[tuple[str, ...], str]]
"""The keys under which tabs have different values; empty, where the code was not executed."""


def _found(key: str, data: Data, tabs: Sequence[str], executed: Sequence[str]) -> Found:
    """Return the keys under which ``tabs`` have the values of ``key``, those with equal values once."""
    keys: dict[str, tuple[list[str], str]] = {}
    for tab in tabs:
        own = key_for_tab(key, tab)
        name = own if own in data else key
        if name not in data and tab not in executed:
            name = ""
        value = str(name)
        if name in data:
            value = json.dumps(data[name]["data"], sort_keys=True, default=str)
        keys.setdefault(value, ([], name))[0].append(tab)
    return [(tuple(found), name) for found, name in keys.values()]


def _not_executed(document: nodes.document) -> str:
    _ = translator(document.settings.env.config.language)
    return _("not executed")


def _missing(document: nodes.document) -> nodes.inline:
    text = f"[{_not_executed(document)}]"
    return nodes.inline(text, text, classes=["tabbook-missing"])


def _here(document: nodes.document, key: str) -> Found:
    """Return the keys of ``key``'s values for the tabs whose text is parsed now, on the page ``document``."""
    env: BuildEnvironment = document.settings.env
    about = _tabs_of(env, env.docname)
    tabs = current_tabs(env) or tuple(about)
    return _found(key, _data(document), tabs, [tab for tab, done in about.items() if done])


def _data(document: nodes.document) -> dict[str, Any]:
    data: dict[str, Any] = (
        document["nb_renderer"].renderer.nb_client.glue_data if "nb_renderer" in document else {}
    )
    return data


class _Role(RoleBase):
    """A role of MyST-NB, for each value of its key; ``has_format`` says that a colon may end the key."""

    has_format = False

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return what the role returns for the value of each tab."""
        text = self.text
        if "::" in text:  # of another page: `FindGlued` looks when all have been read
            return super().run()
        key, colon, rest = text.rpartition(":") if self.has_format and ":" in text else (text, "", "")
        results: list[tuple[tuple[str, ...], list[nodes.Node]]] = []
        messages: list[nodes.system_message] = []
        for tabs, name in _here(self.document, key):
            self.text = f"{name}{colon}{rest}"
            content, warned = ([_missing(self.document)], []) if not name else super().run()
            results.append((tabs, content))
            messages += warned
        return variants(results, names_in(self.document.settings.env.config)), messages


class _Directive(DirectiveBase):
    """A directive of MyST-NB, for each value of its key."""

    def run(self) -> list[nodes.Node]:
        """Return a block for each value, or what the directive returns where all have the same."""
        if "doc" in self.options:
            return list(super().run())
        key, options, found = self.arguments[0], self.options, _here(self.document, self.arguments[0])
        made: list[nodes.container] = []
        for tabs, name in found:
            self.options, self.arguments = dict(options), [name or key]
            made.append(tab_block(tabs))
            alone = names_of(self.document, tabs, made[-1]) if len(found) > 1 else nullcontext()
            with alone, nullcontext() if name else self._placeholder(key):
                made[-1] += super().run()
            if not name:
                _mark_missing(made[-1])
        return [*made] if len(made) > 1 else list(made[0].children)

    @contextmanager
    def _placeholder(self, key: str) -> Iterator[None]:
        """Give ``key``, for a while, a value that says that the code was not executed."""
        words, data = _not_executed(self.document), _data(self.document)
        forms = {"text/plain": words, "text/markdown": f"*{words}*", "text/latex": rf"\text{{{words}}}"}
        data[key] = {"data": forms}
        try:
            yield
        finally:
            del data[key]


def _mark_missing(made: nodes.container) -> None:
    for node in made.children:
        if isinstance(node, nodes.Element):
            node["classes"].append("tabbook-missing")


class FindGlued(SphinxPostTransform):
    """Let what is glued from another page be the value of the reader's framework."""

    default_priority = 4  # before MyST-NB looks for the values

    def run(self, **_arguments: Any) -> None:
        """Replace each reference by one for each value."""
        folder: str = self.env.mystnb_config.output_folder  # type: ignore[attr-defined]  # MyST-NB's
        for node in list(self.document.findall(PendingGlueReference)):
            data = read_glue_cache(folder, node.refdoc)
            tabs = next(readers_of(node), None) or tuple(_tabs_of(self.env, self.env.docname))
            executed = [tab for tab, done in _tabs_of(self.env, node.refdoc).items() if done]
            copies = [
                (tabs, self._copied(node, name)) for tabs, name in _found(node.key, data, tabs, executed)
            ]
            names = names_in(self.config)
            if node.inline or len(copies) == 1:
                node.replace_self(variants(copies, names))
            else:
                group = group_of([Panel(tabs, list(content)) for tabs, content in copies], names)
                group["classes"].append("tabbook-text")
                node.replace_self(group)

    def _copied(self, node: PendingGlueReference, name: str) -> list[nodes.Node]:
        if not name:
            missing = _missing(self.document)
            return [missing if node.inline else nodes.paragraph("", "", missing)]
        copied = node.copy()
        copied["key"] = name
        return [copied]


def _tabs_of(env: BuildEnvironment, docname: str) -> dict[str, bool]:
    """Return the tabs of a page, each with whether it has outputs."""
    return page_data(env, "executed").get(docname) or dict.fromkeys(names_in(env.config), True)


class _Reads:
    """Notes which pages a build reads: those that take values from them are written again."""

    def __init__(self, app: Sphinx) -> None:
        self.names: set[str] = set()
        app.connect("env-before-read-docs", self.begin)
        app.connect("doctree-read", self.note)
        app.connect("env-updated", self.others)

    def begin(self, _app: Sphinx, _env: BuildEnvironment, names: Sequence[str]) -> None:
        self.names = set(names)
        read_glue_cache.cache_clear()

    def note(self, app: Sphinx, doctree: nodes.document) -> None:
        pages = sorted({node.refdoc for node in doctree.findall(PendingGlueReference)})
        if pages:
            page_data(app.env, "glued")[app.env.docname] = pages

    def others(self, _app: Sphinx, env: BuildEnvironment) -> list[str]:
        glued = page_data(env, "glued").items()
        return [name for name, pages in glued if not self.names.isdisjoint(pages)]


def setup_glue(app: Sphinx) -> None:
    """Let MyST-NB's roles and directives for glued values know of tabs."""
    app.setup_extension("myst_nb")
    for name, kind in _ROLES.items():
        role = type(f"Glue{kind.__name__}", (_Role, kind), {"has_format": name in ("text", "md")})
        app.add_role_to_domain("glue", name, role(), override=True)
        if not name:
            app.add_role("glue", role(), override=True)
    for name, base in _DIRECTIVES.items():
        directive = type(f"Glue{base.__name__}", (_Directive, base), {})
        app.add_directive_to_domain("glue", name, directive, override=True)
        if not name:
            app.add_directive("glue", directive, override=True)
    app.add_post_transform(FindGlued)
    _Reads(app)
