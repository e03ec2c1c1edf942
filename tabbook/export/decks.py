"""Decks of slides that need no network: nbconvert's, with reveal.js and MathJax beside them.

nbconvert links to both on servers of others. Here they are files, taken from two packages of the
index that carry them, once for all decks.
"""

import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from nbformat import NotebookNode

from tabbook.errors import usage
from tabbook.export.slide_cells import LAYOUT

ASSETS = "_assets"
"""The folder, beside the frameworks' folders, of what all decks share."""
TEMPLATES = Path(__file__).parent / "templates"
_REVEAL = (
    "LICENSE",
    "dist/reset.css",
    "dist/reveal.css",
    "dist/reveal.js",
    "dist/theme/white.css",
    "plugin/notes/notes.js",
    "plugin/notes/speaker-view.html",
)
_REVEAL_FONTS = "dist/theme/fonts/source-sans-pro"
_MATHJAX = "tex-svg-full.js"


@cache
def assets() -> dict[str, bytes]:
    """Return the files of reveal.js and MathJax that decks load, by their paths beside the decks.

    Raises:
        UsageError: The packages that carry them are not installed.
    """
    spec = importlib.util.find_spec("sphinx_revealjs")
    if spec is None or spec.origin is None:
        raise usage("slides need reveal.js", "install sphinx-revealjs")
    reveal = Path(spec.origin).parent / "_static" / "revealjs"
    fonts = [f"{_REVEAL_FONTS}/{file.name}" for file in sorted((reveal / _REVEAL_FONTS).iterdir())]
    files = {f"{ASSETS}/reveal/{name}": (reveal / name).read_bytes() for name in (*_REVEAL, *fonts)}
    script = mathjax()
    if script is None:
        raise usage("slides need MathJax", "install sphinx-mathjax-offline")
    files[f"{ASSETS}/mathjax/{script.name}"] = script.read_bytes()
    return files


def mathjax() -> Path | None:
    """Return MathJax as one file that asks for no other; None if its package is not installed.

    The package is for its files alone: its own extension puts all 24 MB of MathJax into a site.
    """
    try:
        files = importlib.metadata.files("sphinx-mathjax-offline") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    script = next((file for file in files if file.name == _MATHJAX), None)
    return Path(str(script.locate())) if script else None


@cache
def _exporter() -> Any:
    """Return nbconvert's exporter of slides with our template.

    Raises:
        UsageError: nbconvert is not installed.
    """
    try:
        from nbconvert.exporters import SlidesExporter
        from traitlets.config import Config
    except ImportError:
        raise usage("slides need nbconvert", "install nbconvert") from None

    config = Config()
    config.HTMLExporter.exclude_anchor_links = True  # the signs behind headings
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_input_tags = {"remove-input", "remove_input"}
    make: Any = SlidesExporter
    return make(
        config=config, template_name="tabbook_slides", extra_template_basedirs=[str(TEMPLATES)], theme="light"
    )


def deck(made: NotebookNode, path: str) -> bytes:
    """Return the deck of a notebook of slides; ``path`` is where it goes, beside the assets' folder."""
    up = "../" * (len(PurePosixPath(path).parts) - 1)
    exporter = _exporter()
    exporter.reveal_theme = "white"
    exporter.reveal_url_prefix = f"{up}{ASSETS}/reveal"
    exporter.mathjax_url = f"{up}{ASSETS}/mathjax/{_MATHJAX}"
    for cell in made.cells:
        # Our template shows these step by step: nbconvert's way would cross the boxes around them.
        if cell.metadata.get(LAYOUT) and cell.metadata.slideshow.slide_type == "fragment":
            cell.metadata.slideshow.slide_type = "-"
    resources = {"metadata": {"name": str(made.metadata.get("title", ""))}}
    text, _ = exporter.from_notebook_node(made, resources=resources)
    return str(text).encode()
