"""The book's language: what tabbook itself writes into pages and exports, translated.

The catalogs are gettext's, in ``tabbook/locale``. Where one lacks a text, or the book's language has
no catalog, the text is English.
"""

import gettext
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

CATALOGS = Path(__file__).parent / "locale"


@lru_cache
def translator(language: str) -> Callable[[str], str]:
    """Return the function that translates a text into a language, named as Sphinx names it (``zh_CN``)."""
    return gettext.translation("tabbook", CATALOGS, [language], fallback=True).gettext


def marked(text: str) -> str:
    """Return ``text``: it is translated where it is shown, and the catalogs must have it."""
    return text
