"""Edits of a text by position: replacements that may hold other, smaller replacements."""

from bisect import bisect_left
from collections.abc import Callable

Replacement = str | Callable[[], str]


class Edits:
    """Replaces stretches of ``text``, outermost first.

    A replacement that is a function may call :meth:`render` for the parts that it keeps.
    Everything outside the stretches stays byte for byte.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._sites: list[tuple[int, int, int, Replacement]] = []
        self._sorted = True

    def replace(self, start: int, end: int, replacement: Replacement) -> None:
        """Let ``replacement`` stand for the text from ``start`` to ``end``."""
        self._sites.append((start, -end, len(self._sites), replacement))
        self._sorted = False

    def render(self, start: int = 0, end: int | None = None) -> str:
        """Return the text from ``start`` to ``end`` with the edits inside it made."""
        end = len(self.text) if end is None else end
        if not self._sorted:
            self._sites.sort(key=lambda site: site[:3])
            self._sorted = True
        parts: list[str] = []
        position = start
        for first, minus_last, _, replacement in self._sites[bisect_left(self._sites, (start,)) :]:
            if first > end:
                break
            if first < position or -minus_last > end:
                continue  # inside one that was made, or reaching out of this stretch
            parts.append(self.text[position:first])
            parts.append(replacement if isinstance(replacement, str) else replacement())
            position = -minus_last
        return "".join([*parts, self.text[position:end]])
