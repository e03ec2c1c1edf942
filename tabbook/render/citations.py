"""Malformed citations are warnings; sphinxcontrib-bibtex raises an error that ends the build."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from tabbook.render.warned import warn

_TEXT = "pybtex.backends", "plaintext"
_EXTENSION = "sphinxcontrib.bibtex"


def check_citations(app: Sphinx, _config: Config) -> None:
    """Replace the roles for citations, if the book has any, by those that check their keys."""
    if _EXTENSION not in app.extensions:
        return
    from pybtex import plugin
    from sphinxcontrib.bibtex.citation_target import parse_citation_targets
    from sphinxcontrib.bibtex.domain import BibtexDomain
    from sphinxcontrib.bibtex.roles import CiteRole

    class CheckedRole(CiteRole):
        """A citation, or its text as it is written, with a warning."""

        def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
            """Return the nodes of the citation."""
            try:
                list(parse_citation_targets(self.target))
            except ValueError:
                text = f"malformed citation '{self.target}'; write keys without blanks, separated by commas"
                warn(text, "citation", self.get_location())
                return [nodes.inline(self.rawtext, self.text, classes=["tabbook-missing"])], []
            found: tuple[list[nodes.Node], list[nodes.system_message]] = super().run()
            return found

    # Each citation asks for this plugin, and all installed packages are searched unless it is registered.
    plugins: Any = plugin  # which has no types
    plugins.register_plugin(*_TEXT, plugins.find_plugin(*_TEXT), force=True)
    app.add_role("cite", CheckedRole(), override=True)
    for name in BibtexDomain.roles:
        app.add_role_to_domain("cite", name, CheckedRole(), override=True)
