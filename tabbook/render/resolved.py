"""Sphinx's trees of pages, resolved for exports: references, numbers and citations are in them.

Exports are not HTML: no tab lists, no search, nothing for browsers. So they have a builder of their
own, which writes no page, and takes from a site's trees what Sphinx has read for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment

from tabbook.render.compact import EXPORT_FORMAT

INTERNAL = "tabbook:"
"""What addresses of pages of the book begin with, until an export says where they are."""
OUTPUT_TYPES = (
    *("image/svg+xml", "image/png", "image/jpeg", "image/gif"),
    *("text/markdown", "text/latex", "text/html", "text/plain"),
)
"""The types of a glued value that exports take, the best first."""


class ExportBuilder(Builder):
    """Resolves pages for exports."""

    name = format = EXPORT_FORMAT
    allow_parallel = True
    shows_contents = False
    """That no page has the titles of others; see `tabbook.render.contained`."""
    supported_image_types: ClassVar[list[str]] = [  # type: ignore[misc]
        "image/svg+xml",
        "image/png",
        "image/gif",
        "image/jpeg",
        "image/webp",
    ]
    supported_remote_images = True
    supported_data_uri_images = True

    def __init__(self, app: Sphinx, env: BuildEnvironment) -> None:
        super().__init__(app, env)
        self.tags.add("html")  # an export has what the page has

    def get_outdated_docs(self) -> Iterable[str]:
        """Return no page: all are made when they are asked for."""
        return []

    def get_target_uri(self, docname: str, _typ: str | None = None) -> str:
        """Return the name of a page; where it is depends on the export."""
        return INTERNAL + docname

    def get_relative_uri(self, _from: str, to: str, typ: str | None = None) -> str:
        """Return the same, wherever it is asked."""
        return self.get_target_uri(to, typ)

    def write(self, _build_docnames: Iterable[str] | None, _updated: Sequence[str], *_: Any) -> None:
        """Do nothing: pages are resolved one by one, where an export needs them."""

    def finish(self) -> None:
        """Do nothing."""


@contextmanager
def building_exports(app: Sphinx) -> Iterator[Builder]:
    """Resolve pages for exports, in a build for something else."""
    before = app.builder
    if isinstance(before, ExportBuilder):
        yield before
        return
    builder = ExportBuilder(app, app.env)
    builder.init()
    with building_with(app, builder):
        yield builder


@contextmanager
def building_with(app: Sphinx, builder: Builder) -> Iterator[None]:
    """Let ``builder`` be the one that transforms and writers ask for."""
    before = app.builder
    _build_with(app, builder)
    try:
        yield
    finally:
        _build_with(app, before)


def _build_with(app: Sphinx, builder: Builder) -> None:
    """Let transforms find ``builder``: they ask the application, since Sphinx 9 the environment as well."""
    app.builder = builder
    if hasattr(app.env, "_builder_cls"):
        app.env._builder_cls = type(builder)


def resolved_tree(app: Sphinx, page: str) -> nodes.document:
    """Return the tree of a page, in a build for exports."""
    return app.env.get_and_resolve_doctree(page, app.builder)
