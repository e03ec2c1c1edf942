"""Numbers of sections that hold from one build to the next, and with pages that have no title.

sphinx-external-toc numbers sections as Sphinx does, then numbers them again, in the style of their
part. It compares the first numbers with the second ones of the last build. So wherever the two differ,
all pages were written in every build. It took a page below one without a title for one that needs
other numbers, and looked for them at the wrong page: often a ``KeyError`` that ended the build. And
what is no longer numbered kept its last number.

Sphinx numbers figures, tables and equations anew in every build, and loads the trees of all pages for
that. We do it where something has changed that it counts.
"""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

from tabbook.keys.key import canonical, sha256
from tabbook.render.pages import page_data

_FIGURES = "tabbook_figure_numbers"
"""Where Sphinx's data has the numbers of figures, and a hash of what they depend on."""


def note_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Note what the numbers of figures depend on in a page that has been read."""
    env = app.env
    page_data(env, "figures")[env.docname] = sha256(canonical([*_counted(env, doctree)]))


def _counted(env: BuildEnvironment, node: nodes.Element) -> Iterator[list[Any]]:
    """Yield all that Sphinx looks at when it numbers figures, in the order of the page."""
    for child in node.children:
        if isinstance(child, nodes.section):
            yield ["section", child["ids"][:1], [*_counted(env, child)]]
        elif isinstance(child, addnodes.toctree):
            yield ["contents", *child["entries"]]
        elif isinstance(child, nodes.Element):
            if child["ids"]:
                yield [child["ids"][0], *_kinds(env, child)]
            yield from _counted(env, child)


def _kinds(env: BuildEnvironment, node: nodes.Element) -> list[Any]:
    """Return as what each domain counts a node, and whether it has a title."""
    standard: Any = env.domains["std"]
    kinds = [domain.get_enumerable_node_type(node) for domain in env.domains.values()]
    return [*kinds, bool(standard.get_numfig_title(node))]


class _FirstNumbers(TocTreeCollector):
    """Gives the numbers that `TocTreeCollectorWithStyles` starts from."""

    def assign_section_numbers(self, env: BuildEnvironment) -> list[str]:
        """Return the pages whose numbers changed, after numbering all sections."""
        links = (link for contents in env.tocs.values() for link in contents.findall(nodes.reference))
        for node in (*env.titles.values(), *links):
            node.attributes.pop("secnumber", None)
        changed = super().assign_section_numbers(env)
        for numbers in env.toc_secnumbers.values():  # it compares them with lists
            lists: Any = {anchor: [*number] for anchor, number in numbers.items() if number}
            numbers.update(lists)
        return changed


class _Numbers(TocTreeCollectorWithStyles, _FirstNumbers):
    """Says which pages have other numbers than in the last build."""

    def assign_section_numbers(self, env: BuildEnvironment) -> list[str]:
        """Return the pages whose numbers changed, after numbering all sections."""
        before = env.toc_secnumbers
        super().assign_section_numbers(env)  # type: ignore[no-untyped-call]
        now = env.toc_secnumbers
        return [page for page in sorted(env.found_docs) if (now.get(page) or {}) != (before.get(page) or {})]

    def assign_figure_numbers(self, env: BuildEnvironment) -> list[str]:
        """Return the pages whose figures have other numbers; they are numbered where these may differ."""
        config = [env.config.root_doc, env.config.numfig, env.config.numfig_secnum_depth]
        now = sha256(canonical([config, env.toc_secnumbers, page_data(env, "figures")]))
        before, numbers = vars(env).get(_FIGURES, ("", {}))
        if now == before:
            env.toc_fignumbers = {**numbers}  # Sphinx has forgotten those of pages that it has read
            return []
        changed = super().assign_figure_numbers(env)
        vars(env)[_FIGURES] = now, {**env.toc_fignumbers}
        return changed


def number_sections(app: Sphinx) -> None:
    """Let sections be numbered by a collector of ours in place of that of sphinx-external-toc."""
    for listener in [*app.events.listeners["env-get-updated"]]:
        collector = getattr(listener.handler, "__self__", None)
        if type(collector) is TocTreeCollectorWithStyles:
            collector.disable(app)
            app.add_env_collector(_Numbers)
