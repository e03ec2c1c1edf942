"""The language of the book where others write English in any case: the search field, folded cells."""

import logging
from typing import Any

from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform

from tabbook.language import marked, translator

_SEARCH = marked("Search this book...")
"""What Jupyter Book has in the search field, in English whatever the language of the book."""

PROMPTS = (
    marked("Show code cell content"),
    marked("Show code cell source"),
    marked("Show code cell output"),
    marked("Show code cell outputs"),
    marked("Hide code cell content"),
    marked("Hide code cell source"),
    marked("Hide code cell output"),
    marked("Hide code cell outputs"),
)
"""What MyST-NB writes at code and outputs that can be unfolded."""


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def quiet_search() -> None:
    """Keep what jieba says while it loads its words off the terminal: it looks like an error of the book."""
    logging.getLogger("jieba").addFilter(_is_warning)


def translate_search(_app: Sphinx, config: Config) -> None:
    """Translate the text of the search field, unless the author has given another."""
    options = config["html_theme_options"]
    if (
        options.get("search_bar_text", _SEARCH) == _SEARCH
        and translator(config["language"])(_SEARCH) != _SEARCH
    ):
        config["html_theme_options"] = {**options, "search_bar_text": translator(config["language"])(_SEARCH)}


class TranslatePrompts(SphinxPostTransform):
    """Translate what MyST-NB writes at folded cells, where it is not an author's own text."""

    default_priority = 210  # after MyST-NB has made them
    formats = ("html",)

    def run(self, **_kwargs: Any) -> None:
        """Translate it."""
        translate = translator(self.config.language)
        for node in self.document.findall(HideCodeCellNode):
            for name in ("prompt_show", "prompt_hide"):
                if node[name] in PROMPTS:
                    node[name] = translate(node[name])
