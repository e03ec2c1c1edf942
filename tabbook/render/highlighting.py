"""Lexers and formatters that all code shares: Sphinx finds a lexer and makes a formatter for each piece."""

from functools import cache, partial
from typing import Any

from pygments.formatter import Formatter
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.highlighting import PygmentsBridge

LEXERS = "ipython3", "myst-ansi"
"""The lexers of code and of coloured output. Other packages bring them."""
_find_lexer = cache(find_lexer_class_by_name)


def add_lexers(app: Sphinx) -> None:
    """Let the lexers be found once, when code is highlighted: the search reads the files of all packages."""
    for name in LEXERS:
        make: Any = partial(_make_lexer, name)  # Sphinx has functions for its own lexers, too
        app.add_lexer(name, make)


def _make_lexer(name: str, **options: Any) -> Lexer:
    lexer: Lexer = _find_lexer(name)(**options)
    return lexer


class _Shared(PygmentsBridge):
    """Highlights like another bridge, and makes one formatter for all code with the same options."""

    def __init__(self, like: PygmentsBridge) -> None:
        vars(self).update(vars(like))
        self.formatters: dict[str, Formatter] = {}

    def get_formatter(self, **options: Any) -> Formatter:
        """Return the formatter for these options."""
        key = repr(sorted(options.items()))
        if key not in self.formatters:
            self.formatters[key] = super().get_formatter(**options)
        return self.formatters[key]


def share_formatters(app: Sphinx) -> None:
    """Let all code share its formatters, if ``tabbook_sharing`` is set and they are Pygments' own."""
    builder = app.builder
    if app.config.tabbook_sharing and isinstance(builder, StandaloneHTMLBuilder):
        bridge = builder.highlighter
        if type(bridge) is PygmentsBridge and bridge.formatter is HtmlFormatter:
            builder.highlighter = _Shared(bridge)
