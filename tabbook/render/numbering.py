"""Numbers of sections that hold from one build to the next, and with pages that have no title.

sphinx-external-toc numbers sections as Sphinx does, then numbers them again, in the style of their
part. It compares the first numbers with the second ones of the last build. So wherever the two differ,
all pages were written in every build. It took a page below one without a title for one that needs
other numbers, and looked for them at the wrong page: often a ``KeyError`` that ended the build. And
what is no longer numbered kept its last number.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles


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


def number_sections(app: Sphinx) -> None:
    """Let sections be numbered by a collector of ours in place of that of sphinx-external-toc."""
    for listener in [*app.events.listeners["env-get-updated"]]:
        collector = getattr(listener.handler, "__self__", None)
        if type(collector) is TocTreeCollectorWithStyles:
            collector.disable(app)
            app.add_env_collector(_Numbers)
