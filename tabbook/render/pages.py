"""Pages as Sphinx reads them: from text to notebook, and when to read them again.

MyST-NB hands a reader the text alone. Which page it is and what the book is comes from
Sphinx's events, kept in one value per process: Sphinx reads in parallel by forking, so each
process has its own copy and reads its pages one after the other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml
from docutils import nodes
from myst_nb.core.read import is_myst_markdown_notebook
from myst_nb.core.render import load_mime_renders
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.errors import ConfigError as SphinxConfigError
from sphinx.util import logging

from tabbook.book import Book
from tabbook.errors import ConfigError, Fault, ProjectError, TabbookError
from tabbook.keys import canonical, sha256
from tabbook.language import translator
from tabbook.merge import cell_indices, merge, stored
from tabbook.merge.failures import Failed
from tabbook.merge.visible import PAGE_TYPES
from tabbook.model import Result, Section
from tabbook.plan import Job, device_class, job
from tabbook.plan.history import has_failures
from tabbook.plan.holdings import PUBLISHED, publish
from tabbook.plan.outputs import Holdings, lookup
from tabbook.plan.spec import Failure, steps_of
from tabbook.read.front_matter import FRONT_MATTER
from tabbook.read.markdown import fence_for
from tabbook.status.standing import failed_last
from tabbook.store import Store
from tabbook.yaml_text import load_yaml

_log = logging.getLogger(__name__)
_from_dict: Any = nbformat.from_dict  # nbformat has no types
_MAPPINGS = ("kernelspec", "language_info")
"""Metadata that MyST-NB takes for mappings; a page does not need them."""
_CELL = re.compile(r"^( {0,3}(?:`{3,}|~{3,}|:{3,}))[ \t]*\{code-cell\}.*$", re.MULTILINE)
HEAD = re.compile(r"^(?:\((?P<label>[^()\n]+)\)=\s*\n+)?#[ \t]+(?P<title>\S.*)$", re.MULTILINE)
"""The title of a page and its label, in text that may have faults and is not parsed for that reason."""

Results = dict[str, Result | None]
Shown = tuple[str, str] | None
"""A key of the store, and the hash that its entry states; None for no outputs."""
CELLS_READ = "tabbook_cells"
"""Where Sphinx's data of the page that is read has the index in the section of each code cell."""
_FAILED = "failed "
"""In front of a tab: what is shown of its job's failure."""


@dataclass
class _Reading:
    """The build that this process works on, and the page that it is at.

    Outputs are looked at when their page is read, and let go of: a book may have more of them
    than there is memory.
    """

    app: Sphinx
    book: Book
    device: str
    """The class of device whose outputs pages show; empty where they show none at all."""
    docname: str = ""

    def results_of(self, section: Section) -> Results:
        """Return what the store has for ``section``, or came with it.

        Raises:
            TabbookError: The section cannot be projected.
        """
        if not self.device:
            return dict.fromkeys(section.tabs)
        came = stored.load(self.book.root, section.path)
        return {
            tab: lookup(self.book, section, tab)
            or (stored.result(came, self.book.project(section, tab)) if came else None)
            for tab in section.tabs
        }

    def failures(self, section: Section, tabs: Iterable[str]) -> dict[str, Failed]:
        """Return how the jobs of ``section`` in ``tabs`` failed, of those that did.

        Raises:
            TabbookError: The section cannot be projected.
        """
        found = {}
        for tab in tabs if self.device and has_failures(self.book.work) else ():
            planned = job(self.book, section, tab)
            if planned and (failure := failed_last(self.book, planned, self.device)):
                found[tab] = _failed_job(failure, planned)
        return found

    def shown(self, section: Section) -> dict[str, Shown]:
        """Return, without reading any, which outputs a page of ``section`` would show.

        Raises:
            TabbookError: The section cannot be projected.
        """
        holdings, found = Holdings(Store(self.book.outputs)), dict[str, Shown]()
        if not self.device:
            return dict.fromkeys(section.tabs)
        for tab in section.tabs:
            planned = job(self.book, section, tab)
            found[tab] = holdings.stated(planned, self.device) if planned else None
        path = self.book.root / stored.outputs_path(section.path)
        with suppress(OSError):  # most sections came with none
            state = path.stat()
            found[""] = str(state.st_mtime_ns), str(state.st_size)
        for tab, failed in self.failures(section, [tab for tab in section.tabs if not found[tab]]).items():
            found[_FAILED + tab] = tab, sha256(repr(failed))
        return found


def _failed_job(failure: Failure, planned: Job) -> Failed:
    """Return what a page shows of the failure of a job."""
    starts = [step.place(1) for step in steps_of(planned.projection)]
    cell = starts.index(failure.cell_line) if failure.cell_line in starts else None
    # Of other failures it is the kernel's log, which says nothing to readers.
    traceback = failure.traceback if failure.kind == "raised" else ""
    return Failed(failure.message, cell, traceback, failure.output)


_reading: _Reading | None = None
_known: Book | None = None


def _warn(faults: Iterable[Fault], app: Sphinx) -> None:
    """Give Sphinx a warning of the type ``tabbook.read`` for each fault, with its place."""
    for fault in faults:
        text = f"{fault.message}; {fault.hint}" if fault.hint else fault.message
        place = f"{Path(app.srcdir) / fault.path}:{fault.line or 1}"
        _log.warning(f"{text} [tabbook.read]", location=place, type="tabbook", subtype="read")


def load_book(app: Sphinx) -> None:
    """Load the book at the beginning of a build.

    Raises:
        sphinx.errors.ConfigError: Its configuration is not usable.
    """
    global _reading  # noqa: PLW0603 - a reader of MyST-NB gets nothing but the text
    device = device_class() if app.config.tabbook_outputs else ""
    if _known is not None and not device:
        loaded = _known  # a check of it began a moment ago
    else:
        try:
            loaded = Book.load(Path(app.srcdir))
        except ConfigError as error:
            raise SphinxConfigError(str(error)) from None
        if _known is not None and _known.is_same(loaded):
            loaded = _known
    _warn(loaded.page_faults, app)
    _reading = _Reading(app, loaded, device)


@contextmanager
def known(book: Book) -> Iterator[None]:
    """Let builds of ``book`` use what has been worked out of its sections already."""
    global _known  # noqa: PLW0603 - as above
    _known = book
    try:
        yield
    finally:
        _known = None


def current_book() -> Book | None:
    """Return the book that this process builds, if it builds any."""
    return _reading.book if _reading is not None else None


def shown_by(section: Section) -> Mapping[str, Shown]:
    """Return which outputs the page of ``section`` shows in each tab, without reading any.

    Raises:
        TabbookError: The section cannot be projected.
    """
    return _reading.shown(section) if _reading is not None else {}


def begin_page(_app: Sphinx, docname: str, _content: list[str]) -> None:
    """Note which page is read next."""
    if _reading is not None:
        _reading.docname = docname


def stamp(shown: Mapping[str, Shown]) -> str:
    """Return a hash of everything that a page shows besides its text."""
    return sha256(canonical([*shown.items()]))


_KEPT = "stamps", "keys", "code", "executed", "titles", "glued", "library", "refers", "defined"


def kept(env: BuildEnvironment, what: str) -> dict[str, Any]:
    """Return what is kept of the pages that have been read, by name.

    ``stamps`` are hashes of what they show besides their text, ``keys`` those of the outputs that
    they show. ``code`` are the tabs that have any, ``executed`` says of all tabs whether there are
    outputs. ``titles`` are those of labels that differ between tabs, ``glued`` the pages that they
    take values from. ``library`` are hashes of the modules that they document. ``refers`` are the words
    in the names that they refer to, ``defined`` the names that others can refer to.
    """
    found: dict[str, Any] = env.__dict__.setdefault(f"tabbook_{what}", {})
    return found


class PageCollector(EnvironmentCollector):
    """Keeps for each page with what it was made; see `kept`."""

    def clear_doc(self, _app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Forget a page that is read again or gone."""
        for what in _KEPT:
            kept(env, what).pop(docname, None)

    def merge_other(
        self, _app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
    ) -> None:
        """Take over what another process has read."""
        for what in _KEPT:
            found = kept(other, what)
            kept(env, what).update({name: found[name] for name in found if name in docnames})

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """Do nothing: the stamp is taken while the page is read."""


def outdated_pages(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], _removed: set[str]
) -> list[str]:
    """Return the pages to read again because what they show changed although their text did not."""
    if _reading is None or not _reading.device:
        return []
    found = []
    for docname in sorted(env.found_docs - added - changed):
        known = kept(env, "stamps").get(docname)
        if known is None:
            continue
        path = Path(env.doc2path(docname)).relative_to(app.srcdir).as_posix()
        try:
            now = stamp(_reading.shown(_reading.book.read(path)))
        except TabbookError:
            now = ""
        if now != known:
            found.append(docname)
    return found


def note_code(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: nodes.document
) -> None:
    """Let a page say for which frameworks it has code: the others' readers see text that is not theirs."""
    tabs = " ".join(kept(app.env, "code").get(page, ()))
    if tabs:
        context["metatags"] = f'{context.get("metatags", "")}<meta name="tabbook-code" content="{tabs}" />'


def publish_outputs(app: Sphinx, exception: Exception | None) -> None:
    """Let a site carry the outputs that its pages show, so that others need not execute them."""
    if _reading is None or exception or not is_for_browsers(app):
        return
    keys = sorted({key for found in kept(app.env, "keys").values() for key in found})
    try:
        publish(Store(_reading.book.outputs), keys, Path(app.outdir) / PUBLISHED)
    except OSError as error:
        _log.warning(
            f"the outputs cannot be published: {error} [tabbook.outputs]", type="tabbook", subtype="outputs"
        )


def is_for_browsers(app: Sphinx) -> bool:
    """Say whether the build makes pages for a browser (an e-book's are not, and a check makes none)."""
    if not app.config.tabbook_outputs:
        return False
    return app.builder.format == "html" and not getattr(app.builder, "embedded", False)


def _plain(text: str) -> NotebookNode:
    """Return a page without code as MyST-NB would read it: all its text in one cell."""
    front = FRONT_MATTER.match(text)
    try:
        data = load_yaml(front[1] or "") if front else {}
    except yaml.YAMLError:
        data, front = {}, None  # shown as text, as in a page that MyST reads itself
    metadata = {
        key: value
        for key, value in (data.items() if isinstance(data, dict) else ())
        if isinstance(value, dict) or key not in _MAPPINGS
    }
    start = front.end() if front else 0
    cell = {"cell_type": "markdown", "id": "text-0", "metadata": {}, "source": text[start:]}
    source_map = [text.count("\n", 0, start) - 1]  # counted as in `tabbook.merge`
    # Not `new_notebook`, which refuses what nbformat's schema does not allow: `title: 1984`, say.
    notebook: NotebookNode = _from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {**metadata, "source_map": source_map},
            "cells": [cell],
        }
    )
    return notebook


def _failed(text: str, faults: tuple[Fault, ...], language: str) -> NotebookNode:
    """Return a page that shows what is wrong with it, under its own title and label."""
    head, _ = HEAD.search(text), translator(language)
    title, line = _("This page cannot be shown"), _("line {line}")
    words = _("This page cannot be shown, because its source has faults:")
    listed = "\n".join(
        f"{number}. {line.format(line=fault.line)}: {fault.message}" for number, fault in enumerate(faults, 1)
    )
    fence = fence_for(listed)
    return _plain(f"{head[0] if head else f'# {title}'}\n\n{fence}{{error}}\n{words}\n\n{listed}\n{fence}\n")


def _types(app: Sphinx) -> frozenset[str]:
    """Return the types of outputs that a page can draw; an author may have added some to MyST-NB."""
    added = [one for plugin in load_mime_renders() for one in getattr(plugin, "mime_priority_overrides", ())]
    named = [*added, *app.config.nb_mime_priority_overrides]
    return PAGE_TYPES | {mime for _, mime, priority in named if priority is not None}


def _without_cells(text: str) -> NotebookNode:
    """Return a page with its code cells as plain code, so that others may refer to what it defines."""
    return _plain(_CELL.sub(r"\1python", text))


def read_page(text: str) -> NotebookNode:
    """Return the page that ``text`` is the source of, as a notebook for MyST-NB.

    A section comes with the outputs of all its frameworks from the store. Faults of its source
    are warnings of Sphinx, each at its line, and what the page shows.
    """
    reading = _reading
    if reading is None or not (is_myst_markdown_notebook(text) or _CELL.search(text)):
        return _plain(text)
    app, env = reading.app, reading.app.env
    path = Path(env.doc2path(reading.docname)).relative_to(app.srcdir).as_posix()
    try:
        section = reading.book.parse(text, path)
        if faults := reading.book.faults(section, imports=False):  # readers can do without imports
            raise ProjectError(faults)
        projections = {tab: reading.book.project(section, tab) for tab in section.tabs}
        shown = reading.shown(section)
        results = reading.results_of(section)
    except TabbookError as error:
        if not reading.device:
            return _without_cells(text)
        _warn(error.faults, app)
        env.note_reread()  # or else the next build would not say a word
        return _failed(text, error.faults, reading.book.settings.language)
    failures = reading.failures(section, [tab for tab in section.tabs if not results[tab]])
    # What is damaged has another stamp than when it is mended, even if that is the same again.
    damaged = {tab: None for tab in section.tabs if shown[tab] and not results[tab]}
    kept(env, "stamps")[reading.docname] = stamp(shown | damaged)
    kept(env, "code")[reading.docname] = [tab for tab in section.tabs if projections[tab].code_cells]
    kept(env, "executed")[reading.docname] = {tab: bool(results[tab]) for tab in section.tabs}
    kept(env, "keys")[reading.docname] = tuple(result.key for result in results.values() if result)
    metadata = {
        key: value for key, value in _plain(text).metadata.items() if key not in ("tabbook", "source_map")
    }
    page = merge(section, projections, results, reading.book.settings, metadata, failures, _types(app))
    env.temp_data[CELLS_READ] = cell_indices(page)
    return page
