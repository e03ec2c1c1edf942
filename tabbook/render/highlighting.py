"""Formatters of code that all pages share: Sphinx makes one for each piece of code, with its style sheet."""

from typing import Any

from pygments.formatter import Formatter
from pygments.formatters.html import HtmlFormatter
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.highlighting import PygmentsBridge


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
