"""What can be wrong with a book, as values that a run collects and reports together."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "ConfigError",
    "EnvironmentFailedError",
    "ExecuteError",
    "ExtractError",
    "Fault",
    "ProjectError",
    "ReadError",
    "StoreError",
    "TabbookError",
    "UsageError",
    "nearest",
    "suggestion",
    "usage",
]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong, where it is, and what to do about it.

    ``line`` counts from 1; 0 means the file as a whole. ``path`` is relative to the book.
    """

    path: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}; {self.hint}" if self.hint else text


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the one of ``known`` that is most like ``word``, for a hint; empty if none is alike."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=cutoff)
    return close[0] if close else ""


def suggestion(name: str, otherwise: str = "") -> str:
    """Return the hint that ``name`` was meant; ``otherwise`` if there is no such name."""
    return f"perhaps you meant {name!r}" if name else otherwise


class TabbookError(Exception):
    """A run that cannot go on, with every fault that it found, in the order of the places."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class ConfigError(TabbookError):
    """``_config.yml`` or ``_toc.yml`` is not usable."""


class ReadError(TabbookError):
    """A section does not follow the source format."""


class ProjectError(TabbookError):
    """A cell cannot be reduced to a tab that it claims."""


class ExtractError(TabbookError):
    """Marked code cannot go into the library."""


class EnvironmentFailedError(TabbookError):
    """A framework's environment is missing or cannot be made."""


class ExecuteError(TabbookError):
    """A job cannot be started at all (a cell that fails is a result, not this)."""


class StoreError(TabbookError):
    """A store of outputs cannot be used as requested."""


class UsageError(TabbookError):
    """The command line names something that is not there."""


def usage(message: str, hint: str = "") -> UsageError:
    """Return the error for a bad command line: it has no place in a file."""
    return UsageError([Fault("", 0, message, hint)])
