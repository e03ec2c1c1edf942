"""A builder for which a page that cannot be made is one fault and changes no other page.

Directives, roles, transforms and themes can raise anything. The page at which they do shows that it
could not be made, never what it was before, and the next build reads it again.
"""

import contextlib
import html
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, cast

from docutils import nodes
from docutils.parsers.rst import Directive
from markdown_it.tree import SyntaxTreeNode
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.build_phase import BuildPhase
from sphinx.util.docutils import new_document

from tabbook.files import write_atomic
from tabbook.language import translator
from tabbook.read.front_matter import FRONT_MATTER
from tabbook.render.build_warnings import FAILED, WarningCollector, begin_phase
from tabbook.render.messages import describe
from tabbook.render.pages import HEAD

_log = logging.getLogger(__name__)


def _line_of(error: BaseException) -> int:
    """Return the line of the innermost piece of a page that an exception came through; 0 if there is none."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        line, trace = max(_lines_in(trace), default=line), trace.tb_next
    return line


def _lines_in(trace: TracebackType) -> list[int]:
    lines: list[int | None] = []
    for value in trace.tb_frame.f_locals.values():
        if isinstance(value, Directive):
            lines.append(value.lineno)
        elif isinstance(value, SyntaxTreeNode) and not value.is_root and value.map:
            lines.append(value.map[0])
        elif isinstance(value, nodes.Element) and not isinstance(value, nodes.document):
            lines.append(value.line)
    return [line for line in lines if line]


def _notice(title: str, reason: str) -> nodes.section:
    """Return what a page shows that cannot be made: its title, and why."""
    error = nodes.error("", nodes.paragraph(reason, reason))
    return nodes.section("", nodes.title(title, title), error, ids=[nodes.make_id(title) or "page"])


def contained_check(check: Callable[..., Any], root: Path) -> Callable[..., Any]:
    """Return a part of Sphinx's check of all pages that gives an error where ``check`` would raise one.

    Its place is the line of the book's own extension that the exception came through last, if there is one.
    """

    @wraps(check)
    def checked(*arguments: Any) -> Any:
        try:
            return check(*arguments)
        except Exception as error:  # whatever the book's extensions raise
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
            place = f"{own[-1].filename}:{own[-1].lineno}" if own else None
            text = f"the check of all pages failed: {describe(error)}"
            _log.error(text, location=place, type="tabbook", subtype="check")
            return None

    return checked


class ContainedBuilder(StandaloneHTMLBuilder):
    """Builds pages as Sphinx does, except for those that cannot be made.

    ``written`` are the pages that have been resolved and written; ``is_checked`` says that Sphinx has
    looked at all of them together. ``shows_contents`` says that each page has the titles of others.
    """

    warnings: WarningCollector
    shows_contents = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.failed: dict[str, str] = {}
        self.written: set[str] = set()
        self.is_checked = False
        self.app.connect("env-check-consistency", self._note_check)

    def _note_check(self, *_: object) -> None:
        self.is_checked = True

    def begin(self, page: str) -> None:
        """Note which page is resolved next."""
        self.warnings.page = page

    # Sphinx asks that this be left alone, but nothing else is called around all that reads a page.
    def read_doc(self, docname: str, *, _cache: bool = True) -> None:  # type: ignore[misc]
        """Read a page; where that fails, take a notice for it."""
        self.warnings.forget(docname)
        with self.warnings.at(docname):
            try:
                super().read_doc(docname, _cache=_cache)
            except Exception as error:  # whatever the book's extensions raise
                self._report(docname, error)
                self._read_notice(docname, _cache)

    def _read_notice(self, page: str, cache: bool) -> None:
        """Do with a notice what Sphinx does with the page that it has read."""
        env = self.env
        self._end_page()
        self.events.emit("env-purge-doc", env, page)
        env.clear_doc(page)
        env.prepare_settings(page)
        document = self._notice_document(page)
        for domain in env.domains.values():
            domain.process_doc(env, page, document)
        listeners = self.events.listeners["doctree-read"]
        for listener in sorted(listeners, key=attrgetter("priority")):
            with contextlib.suppress(Exception):  # such as what failed with the page itself
                listener.handler(self.app, document)
        env.all_docs[page] = time.time_ns() // 1_000
        env.note_reread()
        self._end_page()
        self.write_doctree(page, document, _cache=cache)

    def _end_page(self) -> None:
        self.env.temp_data.clear()
        self.env.ref_context.clear()

    def _notice_document(self, page: str) -> nodes.document:
        """Return the notice as a page that others can refer to as to the page itself."""
        path = Path(self.env.doc2path(page))
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
        head = HEAD.search(FRONT_MATTER.sub("", text, count=1))
        section = _notice(head["title"].strip() if head else page, self.failed[page])
        document = new_document(str(path))
        document.settings.env = self.env
        document += section
        if head and head["label"]:
            section["names"].append(nodes.fully_normalize_name(head["label"]))
            section["ids"].insert(0, nodes.make_id(head["label"]))
        document.note_explicit_target(section, section)
        return document

    def _replace(self, page: str, doctree: nodes.document) -> None:
        """Leave of a page nothing but a notice."""
        title = self.env.titles.get(page)
        doctree.children = []
        doctree += _notice(title.astext() if title else page, self.failed[page])

    def _report(self, page: str, error: BaseException) -> None:
        line, reason, _ = _line_of(error), describe(error), translator(self.app.config.language)
        where = [_("line {line}").format(line=line)] if line else []
        self.failed[page] = ": ".join([_("This page cannot be shown"), *where, reason])
        place = f"{self.env.doc2path(page)}:{line or ''}"
        text = f"the page cannot be made: {reason}"
        _log.error(text, location=place, type="tabbook", subtype=FAILED)

    def write(
        self,
        build_docnames: Iterable[str] | None,
        updated_docnames: Sequence[str],
        method: Literal["all", "specific", "update"] = "update",
    ) -> None:
        """Write pages, with a notice for each whose references cannot be resolved."""
        env = self.env
        begin_phase(self, BuildPhase.WRITING)  # files are copied now; Sphinx sets this only afterwards
        self.env = cast(BuildEnvironment, _Resolving(env, self))
        try:
            super().write(build_docnames, updated_docnames, method)
        finally:
            self.env = env

    def resolved_notice(self, page: str, error: BaseException) -> nodes.document:
        """Return what is written of a page whose references cannot be resolved."""
        self._report(page, error)
        self._end_page()
        return self._notice_document(page)

    def write_doc_serialized(self, docname: str, doctree: nodes.document) -> None:
        """Do what must be done in one process, then note that the page is written."""
        self.written.add(docname)
        try:
            super().write_doc_serialized(docname, doctree)
        except Exception as error:
            self._report(docname, error)
            self._replace(docname, doctree)
            super().write_doc_serialized(docname, doctree)

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        """Write a page; where that fails, write a notice."""
        with self.warnings.at(docname):
            try:
                super().write_doc(docname, doctree)
            except Exception as error:
                self._report(docname, error)
                self._replace(docname, doctree)
                self._write_notice(docname, doctree)

    def _write_notice(self, page: str, doctree: nodes.document) -> None:
        """Write a notice, without the theme if what fails is a handler that gets no page at all."""
        try:
            super().write_doc(page, doctree)
        except Exception:
            title, text = html.escape(page), html.escape(doctree.astext())
            bare = f'<!DOCTYPE html>\n<meta charset="utf-8">\n<title>{title}</title>\n<p>{text}</p>\n'
            write_atomic(Path(self.get_outfilename(page)), bare)

    def finish(self) -> None:
        """Write what belongs to no page."""
        self.warnings.page = ""
        super().finish()


class _Resolving:
    """What pages were read into, for a builder that writes them: resolving any of them raises nothing."""

    def __init__(self, env: BuildEnvironment, builder: ContainedBuilder) -> None:
        vars(self).update(_env=env, _builder=builder)

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_env"], name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(vars(self)["_env"], name, value)

    def get_and_resolve_doctree(self, docname: str, *arguments: Any, **options: Any) -> nodes.document:
        """Return a page with its references resolved, or a notice."""
        try:
            page: nodes.document = self._env.get_and_resolve_doctree(docname, *arguments, **options)
        except Exception as error:  # of a transform, or of a handler of the book's extensions
            page = self._builder.resolved_notice(docname, error)
        return page


class BeginPage(SphinxPostTransform):
    """Notes in the builder which page is resolved, before anything is done with it."""

    default_priority = -1000

    def run(self, **_: Any) -> None:
        """Note the page."""
        builder = self.app.builder
        if isinstance(builder, ContainedBuilder):  # exports have another one
            builder.begin(self.env.docname)
