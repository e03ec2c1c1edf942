"""The language of the book where Sphinx and the theme need help with it: the search."""

import logging

from sphinx.application import Sphinx
from sphinx.config import Config

from tabbook.language import marked, translator

_SEARCH = marked("Search this book...")
"""What Jupyter Book has in the search field, in English whatever the language of the book."""


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
