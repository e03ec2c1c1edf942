"""Edits of a text by position: replacements that may hold other, smaller replacements."""

from bisect import bisect_left
from collections.abc import Callable
from math import inf

Replacement = str | Callable[[], str]


class Edits:
    """Replaces stretches of ``text``, outermost first.

    A replacement that is a function may call :meth:`render` for the parts that it keeps.
    Everything outside the stretches stays byte for byte.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._sites: list[tuple[int, float, int, int, Replacement]] = []
        self._sorted = True

    def replace(self, start: int, end: int, replacement: Replacement) -> None:
        """Let ``replacement`` stand for the text from ``start`` to ``end``."""
        self._sites.append((start, -end, len(self._sites), end, replacement))
        self._sorted = False

    def insert(self, place: int, text: str, *, ends_outer: bool = False) -> None:
        """Put ``text`` at ``place``, above what replaces the text from there on.

        What ends a block inside another comes above what ends the outer one.
        """
        order = -float(len(self.text)) - 1 if ends_outer else -inf
        self._sites.append((place, order, len(self._sites), place, text))
        self._sorted = False

    def render(self, start: int = 0, end: int | None = None) -> str:
        """Return the text from ``start`` to ``end`` with the edits inside it made."""
        end = len(self.text) if end is None else end
        if not self._sorted:
            self._sites.sort(key=lambda site: site[:3])
            self._sorted = True
        parts: list[str] = []
        position = start
        for first, _, _, last, replacement in self._sites[bisect_left(self._sites, (start,)) :]:
            if first > end:
                break
            if first < position or last > end:
                continue  # inside one that was made, or reaching out of this stretch
            parts.append(self.text[position:first])
            parts.append(replacement if isinstance(replacement, str) else replacement())
            position = last
        return "".join([*parts, self.text[position:end]])
