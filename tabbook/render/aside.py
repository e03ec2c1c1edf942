"""What a page's tree holds for exports alone: text for slides, and the place of code that no page shows.

The merge writes both as directives. Their nodes are invisible, and gone before a page is written.
"""

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from tabbook.render.compact import CELLS_ATTRIBUTE, EXPORT_FORMAT
from tabbook.render.scopes import OWN_IDS, names_of, without_names


class aside(nodes.Invisible, nodes.Element):  # noqa: N801 - docutils names nodes so
    """Something for exports: ``tabs`` are those whose exports have it."""


class slide_text(aside):  # noqa: N801
    """Text for slides: ``how`` says that it starts or continues one, or which item of one it is."""


class hidden_cells(aside):  # noqa: N801
    """The place of code cells that the page does not show."""


class SlideDirective(SphinxDirective):
    """Text for slides. What it names is named by the text of the page already, and keeps its numbers."""

    has_content = True
    required_arguments = 1
    option_spec = {"tabs": directives.unchanged}  # noqa: RUF012 - as docutils declares it

    def run(self) -> list[nodes.Node]:
        """Return one node without any anchors."""
        tabs = self.options["tabs"].split()
        node = slide_text("", tabs=tabs, how=self.arguments[0])
        self.set_source_info(node)
        with names_of(self.state.document, tabs, node), without_names(self.state.document, node):
            self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class CellsDirective(SphinxDirective):
    """The place of code cells that the page does not show."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one node."""
        return [hidden_cells("", **{CELLS_ATTRIBUTE: [int(self.arguments[0])]})]


class PutAsideSlides(SphinxTransform):
    """Take the text of slides out of the tree before Sphinx counts and collects what is on the page."""

    default_priority = 999  # when it is as complete as the rest of the page

    def apply(self, **_arguments: Any) -> None:
        """Move it to an attribute."""
        for node in self.document.findall(slide_text):
            node["content"], node.children = node.children, []


class DropAsides(SphinxPostTransform):
    """Take what is for exports out of the pages, and put the text of slides back where exports are made."""

    default_priority = -1  # before anything is resolved

    def run(self, **_arguments: Any) -> None:
        """Remove it, unless this is an export."""
        for node in list(self.document.findall(aside)):
            if self.app.builder.format != EXPORT_FORMAT:
                node.parent.remove(node)
            elif isinstance(node, slide_text):
                node.extend(node["content"])
                self._complete(node)

    def _complete(self, node: slide_text) -> None:
        """Give back the anchors of what is on slides, and pictures their paths in the book."""
        for one in node.findall(nodes.Element):
            one["ids"] = one.get(OWN_IDS, [])
        for picture in node.findall(nodes.image):
            if "://" not in picture["uri"] and not picture["uri"].startswith("data:"):
                picture["uri"] = self.env.relfn2path(picture["uri"], self.env.docname)[0]
