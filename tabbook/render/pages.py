"""Pages as Sphinx reads them: from text to notebook, and when to read them again.

MyST-NB gives a reader the text alone. The book is an attribute of Sphinx's application; which page
is being read comes from Sphinx's events, and is the one value of the process: Sphinx reads in parallel
by forking, so each process has its own and reads its pages one after the other.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
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

from tabbook.book import Book
from tabbook.errors import ConfigError, Fault, ProjectError, TabbookError
from tabbook.keys.key import canonical, sha256
from tabbook.language import translator
from tabbook.merge import bundled
from tabbook.merge.failures import Failed
from tabbook.merge.page import cell_indices, merge
from tabbook.merge.visible import PAGE_TYPES
from tabbook.model import Result, Section
from tabbook.plan.history import has_failures
from tabbook.plan.job_spec import Failure, steps_of
from tabbook.plan.outputs import StoredOutputs, shown_results
from tabbook.plan.planner import Job, device_class, job
from tabbook.plan.used_keys import SITE_STORE, copy_entries
from tabbook.read.front_matter import FRONT_MATTER
from tabbook.read.markdown import fence_for
from tabbook.render.build_warnings import warn
from tabbook.status.standing import failed_last
from tabbook.store.local import Store
from tabbook.yaml_text import load_yaml

_from_dict: Any = nbformat.from_dict  # nbformat has no types
_MAPPINGS = ("kernelspec", "language_info")
"""Metadata that MyST-NB takes for mappings; a page does not need them."""
_CELL = re.compile(r"^( {0,3}(?:`{3,}|~{3,}|:{3,}))[ \t]*\{code-cell\}.*$", re.MULTILINE)
HEAD = re.compile(r"^(?:\((?P<label>[^()\n]+)\)=\s*\n+)?#[ \t]+(?P<title>\S.*)$", re.MULTILINE)
"""The title of a page and its label, in text that may have faults and is not parsed for that reason."""

Jobs = Mapping[str, Job | None]
ShownOutputs = tuple[str, str] | None
"""A key of the store, and the hash that its entry states; None for no outputs."""
CELL_INDICES = "tabbook_cells"
"""Where Sphinx's data of the page that is read has the index in the section of each code cell."""
_FAILED = "failed "
"""In front of a tab: what is shown of its job's failure."""
_READING = "tabbook_reading"
"""The attribute of Sphinx's application with what a build reads."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The book that a build reads, and the class of device whose outputs its pages show.

    ``device`` is empty where pages show no outputs at all. Outputs are looked at when their page is read,
    and let go of: a book may have more of them than there is memory. ``types`` are those of the outputs
    that a page can draw.
    """

    book: Book
    device: str
    types: frozenset[str]

    def jobs(self, section: Section) -> Jobs:
        """Return the job of ``section`` in each tab; ``None`` where there is no code, or nothing is shown.

        Raises:
            TabbookError: The section cannot be projected.
        """
        return {tab: job(self.book, section, tab) if self.device else None for tab in section.tabs}

    def results(self, section: Section, planned: Jobs) -> dict[str, Result | None]:
        """Return the results that the page of ``section`` shows, by tab."""
        return shown_results(self.book, section, planned) if self.device else dict.fromkeys(section.tabs)

    def failures(self, planned: Jobs) -> dict[str, Failed]:
        """Return how the ``planned`` jobs failed, of those that did."""
        if not self.device or not has_failures(self.book.work):
            return {}
        failures = {
            tab: (one, failed_last(self.book, one, self.device)) for tab, one in planned.items() if one
        }
        return {tab: _failed_job(failure, one) for tab, (one, failure) in failures.items() if failure}

    def shown(self, section: Section, planned: Jobs) -> dict[str, ShownOutputs]:
        """Return, without reading any, which outputs a page of ``section`` would show."""
        if not self.device:
            return dict.fromkeys(section.tabs)
        outputs = StoredOutputs(Store(self.book.outputs))
        found: dict[str, ShownOutputs] = {
            tab: outputs.best_hash(one, self.device) if one else None for tab, one in planned.items()
        }
        waiting = {tab: one for tab, one in planned.items() if not found[tab]}
        with suppress(OSError):  # most sections came with none
            state = (self.book.root / bundled.outputs_path(section.path)).stat()
            found[""] = str(state.st_mtime_ns), str(state.st_size)
        failures = self.failures(waiting).items()
        return found | {_FAILED + tab: (tab, sha256(repr(failed))) for tab, failed in failures}


def _failed_job(failure: Failure, planned: Job) -> Failed:
    """Return what a page shows of the failure of a job."""
    starts = [step.file_line(1) for step in steps_of(planned.projection)]
    cell = starts.index(failure.cell_line) if failure.cell_line in starts else None
    # Of other failures it is the kernel's log, which says nothing to readers.
    traceback = failure.traceback if failure.kind == "raised" else ""
    return Failed(failure.message, cell, traceback, failure.output)


_page: tuple[Sphinx, str] | None = None
"""The build of this process, and the page that it reads: a reader of MyST-NB is given the text alone."""


def _warn(faults: Iterable[Fault], app: Sphinx) -> None:
    """Give Sphinx a warning of the type ``tabbook.read`` for each fault, with its place."""
    for fault in faults:
        text = f"{fault.message}; {fault.hint}" if fault.hint else fault.message
        place = f"{Path(app.srcdir) / fault.path}:{fault.line or 1}"
        warn(text, "read", place)


def load_book(app: Sphinx) -> None:
    """Load the book at the beginning of a build.

    Raises:
        sphinx.errors.ConfigError: Its configuration is not usable.
    """
    device = device_class() if app.config.tabbook_outputs else ""
    book: Book | None = getattr(app, "book", None)  # what has been worked out of its sections is known
    if book is None or device:
        try:
            loaded = Book.load(Path(app.srcdir))
        except ConfigError as error:
            raise SphinxConfigError(str(error)) from None
        book = book if book is not None and book.is_same(loaded) else loaded
    _warn(book.page_faults, app)
    vars(app)[_READING] = Reading(book, device, _types(app) if device else PAGE_TYPES)


def _types(app: Sphinx) -> frozenset[str]:
    """Return the types of outputs that a page can draw; an author may have added some to MyST-NB."""
    plugins = load_mime_renders()  # looked for among all packages
    added = [one for plugin in plugins for one in getattr(plugin, "mime_priority_overrides", ())]
    named = [*added, *app.config.nb_mime_priority_overrides]
    return PAGE_TYPES | {mime for _, mime, priority in named if priority is not None}


def reading_of(app: Sphinx) -> Reading | None:
    """Return what a build reads; ``None`` if it reads no book of ours."""
    found: Reading | None = vars(app).get(_READING)
    return found


def current_book(app: Sphinx) -> Book | None:
    """Return the book of a build, if it has any."""
    reading = reading_of(app)
    return reading.book if reading else None


def shown_by(app: Sphinx, section: Section) -> Mapping[str, ShownOutputs]:
    """Return which outputs the page of ``section`` shows in each tab, without reading any.

    Raises:
        TabbookError: The section cannot be projected.
    """
    reading = reading_of(app)
    return reading.shown(section, reading.jobs(section)) if reading else {}


def begin_page(app: Sphinx, docname: str, _content: list[str]) -> None:
    """Note which page is read next."""
    global _page  # noqa: PLW0603 - see above
    _page = app, docname


def outputs_hash(shown: Mapping[str, ShownOutputs]) -> str:
    """Return a hash of everything that a page shows besides its text."""
    return sha256(canonical([*shown.items()]))


_PAGE_DATA = (
    *("stamps", "keys", "code", "executed", "titles", "glued", "library", "refers", "defined"),
    *("missing", "figures"),
)


def page_data(env: BuildEnvironment, what: str) -> dict[str, Any]:
    """Return what is kept of the pages that have been read, by name.

    ``inputs_hash`` are hashes of what they show besides their text, ``keys`` those of the outputs that
    they show. ``code`` are the tabs that have any, ``executed`` says of all tabs whether there are
    outputs. ``titles`` are those of labels that differ between tabs, ``glued`` the pages that they
    take values from. ``library`` are hashes of the modules that they document. ``refers`` are the words
    in the names that they refer to, ``defined`` the names that others can refer to, ``missing`` the
    files that they name and that are not there, ``figures`` hashes of what the numbers of figures
    depend on.
    """
    data: dict[str, Any] = env.__dict__.setdefault(f"tabbook_{what}", {})
    return data


class PageCollector(EnvironmentCollector):
    """Keeps for each page with what it was made; see `kept`."""

    def clear_doc(self, _app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Forget a page that is read again or gone."""
        for what in _PAGE_DATA:
            page_data(env, what).pop(docname, None)

    def merge_other(
        self, _app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
    ) -> None:
        """Take over what another process has read."""
        for what in _PAGE_DATA:
            theirs = page_data(other, what)
            page_data(env, what).update({name: theirs[name] for name in theirs if name in docnames})

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """Do nothing: the stamp is taken while the page is read."""


def outdated_pages(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], _removed: set[str]
) -> list[str]:
    """Return the pages to read again because what they show changed although their text did not."""
    reading = reading_of(app)
    if reading is None or not reading.device:
        return []
    outdated = []
    for docname in sorted(env.found_docs - added - changed):
        known = page_data(env, "stamps").get(docname)
        if known is None:
            continue
        path = Path(env.doc2path(docname)).relative_to(app.srcdir).as_posix()
        try:
            now = outputs_hash(shown_by(app, reading.book.read(path)))
        except TabbookError:
            now = ""
        if now != known:
            outdated.append(docname)
    return outdated


def note_code(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: nodes.document
) -> None:
    """Let a page say for which frameworks it has code: the others' readers see text that is not theirs."""
    tabs = " ".join(page_data(app.env, "code").get(page, ()))
    if tabs:
        context["metatags"] = f'{context.get("metatags", "")}<meta name="tabbook-code" content="{tabs}" />'


def publish_outputs(app: Sphinx, exception: Exception | None) -> None:
    """Let a site carry the outputs that its pages show, so that others need not execute them."""
    book = current_book(app)
    if book is None or exception or not is_for_browsers(app):
        return
    keys = sorted({key for found in page_data(app.env, "keys").values() for key in found})
    try:
        copy_entries(Store(book.outputs), keys, Path(app.outdir) / SITE_STORE)
    except OSError as error:
        warn(f"the outputs cannot be published: {error}", "outputs")


def is_for_browsers(app: Sphinx) -> bool:
    """Say whether the build makes pages for a browser (an e-book's are not, and a check makes none)."""
    if not app.config.tabbook_outputs:
        return False
    return app.builder.format == "html" and not getattr(app.builder, "embedded", False)


def _usable(front: Mapping[str, Any]) -> dict[str, Any]:
    """Return front matter without what MyST-NB would take for mappings although it is none."""
    return {key: value for key, value in front.items() if isinstance(value, dict) or key not in _MAPPINGS}


def _plain(text: str) -> NotebookNode:
    """Return a page without code as MyST-NB would read it: all its text in one cell."""
    front = FRONT_MATTER.match(text)
    try:
        data = load_yaml(front[1] or "") if front else {}
    except yaml.YAMLError:
        data, front = {}, None  # shown as text, as in a page that MyST reads itself
    metadata = _usable(data) if isinstance(data, dict) else {}
    start = front.end() if front else 0
    cell = {"cell_type": "markdown", "id": "text-0", "metadata": {}, "source": text[start:]}
    source_map = [text.count("\n", 0, start) - 1]  # counted as in `tabbook.merge.page`
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


def _without_cells(text: str) -> NotebookNode:
    """Return a page with its code cells as plain code, so that others may refer to what it defines."""
    return _plain(_CELL.sub(r"\1python", text))


def read_page(text: str) -> NotebookNode:
    """Return the page that ``text`` is the source of, as a notebook for MyST-NB.

    A section comes with the outputs of all its frameworks from the store. Faults of its source
    are warnings of Sphinx, each at its line, and what the page shows.
    """
    reading = reading_of(_page[0]) if _page else None
    if _page is None or reading is None or not (is_myst_markdown_notebook(text) or _CELL.search(text)):
        return _plain(text)
    (app, page), env = _page, _page[0].env
    path = Path(env.doc2path(page)).relative_to(app.srcdir).as_posix()
    try:
        section = reading.book.parse(text, path)
        if faults := reading.book.faults(section, imports=False):  # readers can do without imports
            raise ProjectError(faults)
        projections = {tab: reading.book.project(section, tab) for tab in section.tabs}
        planned = reading.jobs(section)
        shown, results = reading.shown(section, planned), reading.results(section, planned)
    except TabbookError as error:
        if not reading.device:
            return _without_cells(text)
        _warn(error.faults, app)
        env.note_reread()  # or else the next build would not say a word
        return _failed(text, error.faults, reading.book.settings.language)
    failures = reading.failures({tab: one for tab, one in planned.items() if not results[tab]})
    # What is damaged has another stamp than when it is mended, even if that is the same again.
    damaged = {tab: None for tab in section.tabs if shown[tab] and not results[tab]}
    page_data(env, "stamps")[page] = outputs_hash(shown | damaged)
    page_data(env, "code")[page] = [tab for tab in section.tabs if projections[tab].code_cells]
    page_data(env, "executed")[page] = {tab: bool(results[tab]) for tab in section.tabs}
    page_data(env, "keys")[page] = tuple(result.key for result in results.values() if result)
    metadata = {key: value for key, value in _usable(section.front).items() if key != "tabbook"}
    made = merge(section, projections, results, reading.book.settings, metadata, failures, reading.types)
    env.temp_data[CELL_INDICES] = cell_indices(made)
    return made
