"""Malformed citations and bibliographies are warnings; sphinxcontrib-bibtex raises errors and ends builds."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from tabbook.render.build_warnings import warn
from tabbook.render.messages import QUOTED

_log = logging.getLogger(__name__)
_TEXT = "pybtex.backends", "plaintext"
_EXTENSION = "sphinxcontrib.bibtex"
_TYPE: Any = {"type": "bibtex", "subtype": "bibfile_error"}
"""The type of warnings about bibliographies, as the extension has it."""


@contextmanager
def reading_bibliographies(root: Path, config: Mapping[str, Any]) -> Iterator[None]:
    """Read bibliographies to their end: what is wrong in one is a warning, and costs at most one entry."""
    if _EXTENSION not in config["extensions"]:
        yield
        return
    from pybtex import errors

    with errors.capture() as found:
        yield
    files = [root / name for name in config.get("bibtex_bibfiles", ())]
    for error in found:
        message = " ".join(str(error).split())
        name, line = getattr(error, "filename", None), getattr(error, "lineno", None)
        place = f"{name}:{line or ''}" if name else _place(message, files)
        _log.warning(message, location=place, **_TYPE)


def _place(message: str, files: Iterable[Path]) -> str | None:
    """Return the file and the line that have, for the last time, the entry or text that a message names."""
    quoted = QUOTED.search(message)
    named = [f"{{{word}," for word in message.split()]
    named += filter(None, quoted.groups()) if quoted else ()
    for path, text in product(files, named):
        before, found, _ = path.read_text(encoding="utf-8", errors="replace").rpartition(text)
        if found:
            return f"{path}:{before.count(chr(10)) + 1}"
    return None


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
            result: tuple[list[nodes.Node], list[nodes.system_message]] = super().run()
            return result

    # Each citation asks for this plugin, and all installed packages are searched unless it is registered.
    plugins: Any = plugin  # which has no types
    plugins.register_plugin(*_TEXT, plugins.find_plugin(*_TEXT), force=True)
    app.add_role("cite", CheckedRole(), override=True)
    for name in BibtexDomain.roles:
        app.add_role_to_domain("cite", name, CheckedRole(), override=True)


def name_entries(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Let entries of a bibliography be items of its list: docutils gives them a role of e-books instead."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
