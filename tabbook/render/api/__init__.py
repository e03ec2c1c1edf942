"""Pages that document the generated library (``autoclass`` and the like), without any framework."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register the extension; return what Sphinx wants to know of it."""
    from tabbook.render.api.directives import setup as set_up

    return set_up(app)
