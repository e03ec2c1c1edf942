"""What Sphinx warns of, each warning with the page that it was at, whatever process read or wrote that."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util import logging as sphinx_logging
from sphinx.util.build_phase import BuildPhase
from sphinx.util.logging import NAMESPACE, get_node_location, is_suppressed_warning

READ, WRITE, CONSISTENCY, BIBLIOGRAPHY, ALWAYS = "read", "write", "consistency", "bibliography", "always"
"""When a warning comes: as its page is read; as its page, or any, is written; in Sphinx's check of what
was read; as a bibliography is parsed; in every build."""
_LINES_PER_CELL = 10_000
"""What MyST-NB multiplies the number of a notebook's cell with, to have lines of all of them."""
FAILED = "page"
"""The subtype of the error of a page that cannot be made."""


_log = sphinx_logging.getLogger(__name__)


def warn(message: str, kind: str, location: Any = None) -> None:
    """Give Sphinx a warning of the type ``tabbook.KIND``, which ``suppress_warnings`` may name."""
    _log.warning("%s [tabbook.%s]", message, kind, location=location, type="tabbook", subtype=kind)


def begin_phase(builder: Builder, phase: BuildPhase) -> None:
    """Note what a build does now: with the builder, or as Sphinx before 9 did, with the application."""
    owner: Any = builder if hasattr(builder, "phase") else builder.app
    owner.phase = phase


@dataclass(frozen=True, slots=True)
class BuildWarning:
    """One warning. ``path`` is a file, relative to the book if it is in it; ``line`` is 0 if not known.

    ``page`` is the page that Sphinx was at, by name, if it was at one, and ``stage`` when that was.
    ``failed`` says that the page could not be made.
    """

    path: str
    line: int
    message: str
    page: str = ""
    stage: str = ALWAYS
    failed: bool = False


class WarningCollector(logging.Handler):
    """Collects the warnings of a build, those that ``suppress_warnings`` names left out.

    Sphinx reads and writes pages in processes of its own, and hands on what they log. So each record
    notes at once, in its process, which page it belongs to.
    """

    def __init__(self, app: Sphinx) -> None:
        super().__init__(logging.WARNING)
        self.app = app
        self.page = ""
        self._is_built = False
        self._records: dict[int, Any] = {}
        logging.getLogger(NAMESPACE).addHandler(self)
        app.connect("build-finished", self._end, priority=0)

    def _end(self, *_: object) -> None:
        self._is_built, self.page = True, ""

    @contextmanager
    def at(self, page: str) -> Iterator[None]:
        """Note for what is logged meanwhile that it belongs to ``page``."""
        logger = logging.getLogger(NAMESPACE)
        is_removed = self not in logger.handlers  # by Sphinx, in a process of its own
        logger.addHandler(self)
        before, self.page = self.page, page
        try:
            yield
        finally:
            self.page = before
            for record in self._records.values():
                if isinstance(record.location, Node):  # its line is known now that the page is complete
                    record.location = get_node_location(record.location)
            if is_removed:
                logger.removeHandler(self)

    def forget(self, page: str) -> None:
        """Drop what was said of reading ``page``: it is read again."""
        for record in self._records.values():
            if record.tabbook == (page, READ):
                record.tabbook = None  # Sphinx may hand it out once more

    def emit(self, record: Any) -> None:
        """Note a warning; Sphinx hands out again what it kept back for a while."""
        record.location = getattr(record, "location", None)
        about = getattr(record, "type", None) or "", getattr(record, "subtype", None) or ""
        if not is_suppressed_warning(*about, self.app.config.suppress_warnings):
            record.__dict__.setdefault("tabbook", (self.page, self._stage(about[0])))
            self._records.setdefault(id(record), record)

    def _stage(self, about: str) -> str:
        phase = self.app.phase
        if self.page:
            return READ if phase is BuildPhase.READING else WRITE
        if self._is_built or phase is BuildPhase.READING:
            return ALWAYS
        if phase is BuildPhase.INITIALIZATION:
            return BIBLIOGRAPHY if about == "bibtex" else ALWAYS
        return CONSISTENCY if phase is BuildPhase.CONSISTENCY_CHECK else WRITE

    @property
    def count(self) -> int:
        """How many warnings there were so far."""
        return len(self._records)

    @property
    def found(self) -> list[BuildWarning]:
        """The warnings so far."""
        return [self._warned(record) for record in self._records.values() if record.tabbook]

    def _warned(self, record: Any) -> BuildWarning:
        page, stage = record.tabbook
        path, line = self._place(record.location)
        at = page or self.app.project.path2doc(path) or ""
        if at and not (Path(self.app.srcdir) / path).is_file():  # docutils makes up names for parts
            path = str(self.app.project.doc2path(at, False))
        message = self._without_folder(logging.LogRecord.getMessage(record))
        about = getattr(record, "type", ""), getattr(record, "subtype", "")
        if self.app.config.show_warning_types and about[0] != "myst":  # which always names its types
            message = message.removesuffix(f" [{'.'.join(filter(None, about))}]")
        if about == ("tabbook", "read"):  # a fault, as other commands say it
            message = message.removesuffix(" [tabbook.read]")
        if path.endswith(".ipynb") and line > _LINES_PER_CELL:
            message, line = (
                f"line {line % _LINES_PER_CELL - 1} of cell {line // _LINES_PER_CELL}: {message}",
                0,
            )
        failed = about == ("tabbook", FAILED)
        return BuildWarning(path, line, " ".join(message.split()), page, stage, failed)

    def _without_folder(self, message: str) -> str:
        """Return a message with its paths relative to the book, wherever the command runs."""
        root = str(self.app.srcdir)
        message = message.replace(f"{root}/", "")
        # Docutils names files as they are from the working folder. From inside the book that is "..",
        # which may as well be an author's own path.
        here = os.path.relpath(root)
        return message.replace(f"{here}/", "") if here.strip("./") else message

    def _place(self, location: Any) -> tuple[str, int]:
        """Return the path, relative to the book if it is in it, and the line of a record's location."""
        if isinstance(location, Node):
            location = get_node_location(location)
        if isinstance(location, tuple):
            page, line = location
            return self._relative(self.app.env.doc2path(page)) if page else "", int(line or 0)
        name, _, line = (location or "").rpartition(":")
        if not name or not (line.isdigit() or not line):
            name, line = location or "", ""
        if name and ":" not in (location or "") and not Path(name).is_absolute():  # a page, by name
            name = self.app.env.doc2path(name)
        return self._relative(name), int(line or 0)

    def _relative(self, name: str) -> str:
        path, root = Path(name), Path(self.app.srcdir)
        inside = path.relative_to(root).as_posix() if path.is_relative_to(root) else name
        return "" if inside == "<unknown>" else inside
