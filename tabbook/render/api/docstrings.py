"""What a description has below its signature: the docstring, and the section that defines the object."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docutils import nodes
from docutils.nodes import Element, Node, TextElement, fully_normalize_name
from docutils.parsers.rst.states import RSTState
from docutils.utils import Reporter
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from tabbook.language import translator

DEFINED = "tabbook-defined"
_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)


class Docstring(SphinxDirective):
    """The text of a docstring: reStructuredText, or shown as it is written if it is none.

    A book in Markdown has docstrings in Markdown, too: that is no fault. A fence would pass for
    reStructuredText, as a literal that runs over lines.
    """

    has_content = True

    def run(self) -> list[Node]:
        """Return the nodes of the docstring."""
        text = "\n".join(self.content)
        element = Element()
        element.document = self.state.document
        with _collected(self.state) as problems:
            self.state.nested_parse(self.content, self.content_offset, element)
        if not problems and not _FENCE.search(text):
            return element.children
        return [nodes.literal_block(text, text, language="none", classes=["tabbook-docstring"])]


@contextmanager
def _collected(state: RSTState) -> Iterator[list[nodes.system_message]]:
    """Give the warnings of docutils in a list, in place of reporting them."""
    problems: list[nodes.system_message] = []
    reporter, state.memo.reporter = state.memo.reporter, Reporter("", 5, 5, stream=False)
    state.memo.reporter.attach_observer(problems.append)
    try:
        yield problems
    finally:
        problems[:] = [one for one in problems if one["level"] >= Reporter.WARNING_LEVEL]
        state.memo.reporter = reporter


class DefinedIn(SphinxDirective):
    """A sentence with a link to the section that defines an object."""

    required_arguments = 1

    def run(self) -> list[Node]:
        """Return the sentence; the link is made when all pages are known."""
        target = self.arguments[0]
        link = addnodes.pending_xref(
            "", nodes.inline("", target), refdomain="", reftype=DEFINED, reftarget=target, refwarn=False
        )
        _ = translator(self.config.language)
        before, after = _("Defined in {section}.").split("{section}")
        sentence = nodes.paragraph("", before, link, nodes.Text(after), classes=["tabbook-defined"])
        self.set_source_info(sentence)
        return [sentence]


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, _content: TextElement
) -> Element | None:
    """Return the link of `DefinedIn`, with the number of the section, or its title if it has none."""
    if node["reftype"] != DEFINED:
        return None
    section = _section(env, node["reftarget"])
    if section is None:
        return None
    page, anchor, title = section
    numbers = env.toc_secnumbers.get(page, {})
    number = numbers.get(f"#{anchor}") or (numbers.get("") if title == env.titles[page].astext() else None)
    shown = title
    if number and app.config.numfig:
        number_text = ".".join(map(str, number))
        form = app.config.numfig_format["section"]
        shown = form % number_text if "%s" in form else form.format(number=number_text, name=title)
    return make_refnode(app.builder, env.docname, page, anchor, nodes.inline("", shown))


def _section(env: BuildEnvironment, target: str) -> tuple[str, str, str] | None:
    """Return page, anchor and title of a section, given by its label or by its file."""
    std: Any = env.domaindata["std"]
    if not target.startswith("/"):
        known = std["labels"].get(fully_normalize_name(target))
        return (known[0], known[1], str(known[2])) if known else None
    page = env.path2doc(target.removeprefix("/"))
    return (page, "", env.titles[page].astext()) if page in env.titles else None
