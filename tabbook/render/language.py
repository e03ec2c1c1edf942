"""The language of the book, as its pages and its search have it."""

import logging


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def quiet_search() -> None:
    """Keep what jieba says while it loads its words off the terminal: it looks like an error of the book."""
    logging.getLogger("jieba").addFilter(_is_warning)
