"""The marks around text of slides: ``[**…**]``, ``(**…**)`` and the same with ``~~``."""

import re

from tabbook_d2lbook.source import Page

Place = tuple[int, int]


def slide_marks(page: Page, mark: str) -> list[tuple[Place, Place]]:
    """Return the places of what opens and what closes text of slides with ``mark`` in brackets.

    As with the original tool, each is closed by the next of its kind, whatever is between.
    """
    pattern = re.compile(rf"(?P<open>[\[(]){re.escape(mark)}|{re.escape(mark)}(?P<close>[\])])")
    pairs = []
    for opens, closes in ("[]", "()"):
        opening: Place | None = None
        for found in pattern.finditer(page.text):
            if page.scan.span_at(found.start()) or page.is_fenced(page.line_of(found.start())):
                continue
            if found["open"] == opens:
                before = page.text[found.start() - 1 : found.start()]
                # f(**kw) is a call in prose.
                opening = None if before.isascii() and before.isalnum() else found.span()
            elif found["close"] == closes and opening and found.start() >= opening[1]:
                if page.text[found.end() : found.end() + 1] != "(" or closes == ")":
                    pairs.append((opening, found.span()))
                opening = None
    return pairs
