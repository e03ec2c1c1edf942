"""Stage 6: the Sphinx extension that shows a section once, with each framework behind tabs.

Books name two things of this module in ``_config.yml``: the extension itself, and `read_page`
under ``nb_custom_formats``. Both load the rest only when Sphinx calls them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from sphinx.application import Sphinx

__all__ = ["read_page", "setup"]


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register the extension; return what Sphinx wants to know of it."""
    from tabbook.render.extension import setup as set_up

    return set_up(app)


def read_page(text: str) -> "NotebookNode":
    """Return the page that ``text`` is the source of, as a notebook for MyST-NB."""
    from tabbook.render.pages import read_page as read

    return read(text)
