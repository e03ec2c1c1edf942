"""A library module in pieces that know where in the book they come from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tabbook.code import line_map
from tabbook.extract.saved import Origin, Saved


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of a module.

    ``saved`` are the statements that a piece of kind ``saved`` was made of: one, or for an import
    all that import something of its line. ``name`` is the portable name that a ``name`` defines.
    ``preamble`` is hand-written code, and a ``frame`` is none of the book's.
    """

    text: str
    kind: Literal["frame", "preamble", "name", "saved"] = "frame"
    saved: tuple[Saved, ...] = ()
    name: str = ""

    def origin(self, line: int, words: Iterable[str] = ()) -> tuple[Origin, int]:
        """Return where in the book a line of this piece, counted from 1, comes from: its cell and its line.

        Of several imports in one line, it is the one of a name that is among ``words``.
        """
        known = set(words)
        saved = next((one for one in self.saved if known.intersection(one.names)), self.saved[0])
        if len(self.saved) > 1 or not saved.lines:
            return saved.origin, saved.origin.line
        return saved.origin, saved.lines[line_map(saved.source, self.text, 0)[line - 1]]


def text_of(pieces: Iterable[Piece]) -> str:
    """Return the text of a module."""
    return "".join(piece.text for piece in pieces)


def find(pieces: Iterable[Piece], line: int) -> tuple[Piece, int]:
    """Return the piece that holds a line of the module, and the line's number in it, both from 1."""
    piece = Piece("")
    for piece in pieces:
        size = piece.text.count("\n")
        if line <= size:
            break
        line -= size
    return piece, line
