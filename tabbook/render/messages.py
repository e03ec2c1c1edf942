"""What Sphinx says of a book, as faults: one line each, with what to do about it."""

import re
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from docutils.parsers.rst import directives, roles
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError, SphinxError

from tabbook.config import CONFIG_FILE
from tabbook.contents import TOC_FILE
from tabbook.errors import Fault, nearest, suggestion
from tabbook.render.build_warnings import BuildWarning

_UNKNOWN = re.compile(r"unknown|undefined|not found|could not find|no target|no role|no such", re.IGNORECASE)
QUOTED = re.compile(r"""['"“‘]([^'"”’]+)['"”’]|: ([\w:.-]+)$""")
"""What a message quotes, or names at its end."""
_MAX_CANDIDATES = 50
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def faults_of(app: Sphinx, warnings: Sequence[BuildWarning]) -> list[Fault]:
    """Return warnings as faults in the order of their places, each once.

    Names that are like those that Sphinx does not know are proposed.
    """
    config = (Path(app.srcdir) / CONFIG_FILE).read_text(encoding="utf-8").splitlines()
    propose = cache(_Names(_known_names(app)).like) if warnings else str  # one may be wrong on many pages
    faults = set()
    for warning in warnings:
        quoted = QUOTED.search(warning.message)
        name = next(filter(None, quoted.groups()), "") if quoted else ""
        hint = propose(name) if name and _UNKNOWN.search(warning.message) and not warning.failed else ""
        path, line = warning.path, warning.line
        if not path:
            lines = (number for number, said in enumerate(config, 1) if name and f"{name}:" in said)
            path, line = CONFIG_FILE, next(lines, 0)
        faults.add(Fault(path, line, warning.message, hint))
    return sorted(faults)


class _Names:
    """Names, found by pairs of letters: comparing a name with all those of a large book takes too long."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_pair: dict[str, list[str]] = {}
        for name in names:
            for pair in _pairs(name):
                self._by_pair.setdefault(pair, []).append(name)

    def like(self, name: str) -> str:
        """Return a hint with the name that is most like ``name``; empty if none is."""
        shared = Counter(chain.from_iterable(self._by_pair.get(pair, ()) for pair in _pairs(name)))
        candidates = [one for one, _ in shared.most_common(_MAX_CANDIDATES)]
        close = nearest(name, candidates, cutoff=0.8)
        return suggestion(close) if close != name else ""


def _pairs(name: str) -> set[str]:
    return {name[start : start + 2] for start in range(max(1, len(name) - 1))}


def _known_names(app: Sphinx) -> list[str]:
    """Return everything that a page or the configuration may name."""
    domains = app.env.domains.values()
    names = {str(entry[0]) for domain in domains for entry in domain.get_objects()}
    names |= {name for domain in domains for name in (*domain.roles, *domain.directives)}
    # Docutils adds its own to those of extensions when a page uses them.
    names |= {*directives._directives, *directives._directive_registry}  # type: ignore[attr-defined]
    names |= {*roles._roles, *roles._role_registry}  # type: ignore[attr-defined]
    names |= set(_names_in_tables(app.env))
    bibliography: Any = app.env.domaindata.get("cite", {}).get("bibdata")
    names |= set(bibliography.data.entries) if bibliography else set()
    names |= set(app.env.found_docs)
    return sorted(names | {value.name for value in app.config})


def _names_in_tables(env: BuildEnvironment) -> Iterable[str]:
    """Yield the names that domains keep without saying so, such as those of equations."""
    for tables in env.domaindata.values():
        for entries in tables.values():
            yield from map(str, entries) if isinstance(entries, dict) else ()


def describe(error: BaseException) -> str:
    """Return on one line what an exception says, the same in every build."""
    cause = getattr(error, "orig_exc", None) or error
    text = _ADDRESS.sub("", " ".join(str(cause).split()))
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


def fault_of(error: Exception, root: Path) -> Fault:
    """Return what ended Sphinx, where that is not the fault of one page."""
    cause = getattr(error, "orig_exc", None) or error
    file = Path(str(getattr(cause, "filename", None) or ""))
    if file.is_relative_to(root):  # such as an extension of the book's own
        line = getattr(cause, "lineno", None)
        return Fault(file.relative_to(root).as_posix(), int(line or 0), " ".join(str(cause).split()))
    if isinstance(error, SphinxError | ValueError) and not _is_from_handler(error):
        place = TOC_FILE if re.search(r"toc\b|_toc", str(error), re.IGNORECASE) else CONFIG_FILE
        return Fault(place, 0, " ".join(str(error).split()), "correct it")
    return Fault("", 0, f"Sphinx failed: {describe(error)}", f"the traceback is in {_save_traceback(error)}")


def _save_traceback(error: Exception) -> Path:
    """Write the traceback of an exception to a temporary file that is kept; return the file."""
    with tempfile.NamedTemporaryFile("w", prefix="tabbook-", suffix=".log", delete=False) as file:
        file.writelines(traceback.format_exception(error))
    return Path(file.name)


def _is_from_handler(error: Exception) -> bool:
    return isinstance(error, ExtensionError) and bool(error.modname)
