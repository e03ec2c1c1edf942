"""Pictures that are drawn for light and dark pages: the theme's white box stays away from them."""

from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

MARK = b"prefers-color-scheme"
"""What an SVG contains that says itself how it looks on a dark page."""


class MarkThemedPictures(SphinxPostTransform):
    """Name these pictures for our styles, and for the theme's, which would dim them."""

    default_priority = 250  # where MyST-NB has chosen what is shown of each output
    formats = ("html",)

    def run(self, **_arguments: object) -> None:
        """Look at the SVG files that the page shows."""
        for node in self.document.findall(nodes.image):
            file = Path(self.app.srcdir) / node["uri"]
            if file.suffix == ".svg" and file.is_file() and MARK in file.read_bytes():
                node["classes"] += ["dark-light", "tabbook-themed"]
