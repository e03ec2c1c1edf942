"""What Sphinx warns of, and which pages it had nothing to say about.

Sphinx reads and writes only what changed, and says nothing of a page that it passes over. So pages
that were clean are remembered, and every other page is read again: what it warned of, it warns of
again, and a warning whose cause is gone goes with it, even where the cause was on another page.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.build_phase import BuildPhase
from sphinx.util.logging import NAMESPACE, WarningLogRecordTranslator, WarningSuppressor

from tabbook.checks.pages import made_by
from tabbook.files import read_json, write_atomic


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning. ``path`` is a file, relative to the book if it is in it; ``line`` is 0 if not known.

    ``page`` is the page that Sphinx was at, by name, if it was at one.
    """

    path: str
    line: int
    message: str
    page: str
    phase: BuildPhase


class Warnings(logging.Handler):
    """Collects the warnings of a build, those that ``suppress_warnings`` names left out."""

    def __init__(self, app: Sphinx) -> None:
        super().__init__(logging.WARNING)
        self.app = app
        self.page = ""
        self.records: list[tuple[logging.LogRecord, str, BuildPhase]] = []
        self.addFilter(WarningSuppressor(app))
        logging.getLogger(NAMESPACE).addHandler(self)
        app.connect("source-read", self._begin, priority=0)
        app.connect("doctree-read", self._end, priority=10_000)

    def _begin(self, _app: Sphinx, docname: str, _source: list[str]) -> None:
        self.page = docname

    def _end(self, _app: Sphinx, _doctree: object) -> None:
        self.page = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Note a warning; Sphinx hands out again what it kept while it read."""
        if not getattr(record, "tabbook_noted", False):
            record.tabbook_noted = True
            self.records.append((record, self.page, self.app.phase))

    @property
    def found(self) -> list[Warned]:
        """The warnings so far. Ask when all pages are read: only then the lines of all nodes are known."""
        return [self._warned(*noted) for noted in self.records]

    def _warned(self, record: Any, page: str, phase: BuildPhase) -> Warned:
        WarningLogRecordTranslator(self.app).filter(record)
        path, line = self._place(record.location or "")
        page = page or self.app.project.path2doc(path) or ""
        if page and not (Path(self.app.srcdir) / path).is_file():  # docutils makes up names for parts
            path = self.app.project.doc2path(page, False)
        message = logging.LogRecord.getMessage(record).replace(f"{self.app.srcdir}/", "")
        return Warned(path, line, " ".join(message.split()), page, phase)

    def _place(self, location: str) -> tuple[str, int]:
        """Return the path, relative to the book if it is in it, and the line of a location."""
        name, _, line = location.rpartition(":")
        if not name or not (line.isdigit() or not line):
            name, line = location, ""
        path, root = Path(name), Path(self.app.srcdir)
        inside = path.relative_to(root).as_posix() if path.is_relative_to(root) else name
        return ("" if inside == "<unknown>" else inside), int(line or 0)


def warnings_of_build() -> Warnings:
    """Return what collects the warnings of the build that this process is at.

    Raises:
        StopIteration: Nothing does.
    """
    return next(one for one in logging.getLogger(NAMESPACE).handlers if isinstance(one, Warnings))


@dataclass(frozen=True)
class Clean:
    """What a build had no warning about.

    ``pages`` has the clean pages, by name, with the time when Sphinx read each. ``names`` is a hash of
    all that pages could refer to then, ``code`` for the code that was found to be in its language.
    """

    pages: Mapping[str, int] = field(default_factory=dict)
    names: str = ""
    code: frozenset[str] = frozenset()

    @classmethod
    def load(cls, path: Path) -> "Clean":
        """Return what the last build left in the file; nothing, if there is none or of other packages."""
        data = read_json(path)
        try:
            if data["made_by"] == made_by():
                return cls(dict(data["pages"]), str(data["names"]), frozenset(data["code"]))
        except (KeyError, TypeError, ValueError):
            pass
        return cls()

    def save(self, path: Path) -> None:
        """Write it for the next build.

        Raises:
            OSError: The file cannot be written.
        """
        data = {"made_by": made_by(), "names": self.names, "code": sorted(self.code), "pages": self.pages}
        write_atomic(path, json.dumps(data, sort_keys=True))

    def others(self, env: BuildEnvironment) -> set[str]:
        """Return the pages of ``env`` that are not known to be clean."""
        read: Mapping[str, Any] = env.all_docs
        return {page for page in env.found_docs if self.pages.get(page) != read.get(page, 0)}

    def after(self, env: BuildEnvironment, warnings: list[Warned]) -> "Clean":
        """Return the same with the pages that are clean after a build that gave ``warnings``."""
        late = [one for one in warnings if one.phase is not BuildPhase.INITIALIZATION]
        if any(not one.page and not one.path for one in late):
            return Clean()  # it may be any page's
        pages = {one.page for one in late}
        # A label that is on two pages is a fault of both: Sphinx has forgotten one of them.
        words = {word for one in late for word in re.split(r"[\s,;\"']+", one.message)}
        pages |= {page for page in env.found_docs if {page, env.doc2path(page, False)} & words}
        for one in late:
            # A file that pages include: the fault is in each of them.
            pages |= {page for page, files in env.dependencies.items() if not one.page and one.path in files}
        return replace(self, pages={page: time for page, time in env.all_docs.items() if page not in pages})
