"""What Sphinx would warn of, found without building the site.

Pages are read as for the site, but without outputs, and their references are resolved; nothing is
written. Between two checks Sphinx's memory is kept below ``.tabbook/check``, apart from the site's,
so only pages that changed, or that refer to something that changed, are looked at.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from pygments.formatters.other import NullFormatter
from sphinx.highlighting import PygmentsBridge
from sphinx.util import logging
from sphinx.util.build_phase import BuildPhase

from tabbook.book import Book
from tabbook.checks.pages import packages_stamp
from tabbook.config import CONFIG_FILE
from tabbook.contents import TOC_FILE
from tabbook.errors import Fault
from tabbook.files import read_json, write_atomic
from tabbook.keys.key import sha256
from tabbook.render.application import BookSphinx, application, configuration, memory_folder
from tabbook.render.build_warnings import WarningCollector, begin_phase
from tabbook.render.contained import ContainedBuilder
from tabbook.render.messages import fault_of, faults_of
from tabbook.render.missing import named_files

_log = logging.getLogger(__name__)
_MAX_KNOWN_HASHES = 50_000
"""How many hashes of code are kept before those are dropped that are not used any more."""
_OF_OUTPUTS = ["mystnb.glue"]
"""The types of warnings about what only outputs can have."""


class _Lexing(PygmentsBridge):
    """Finds code that is not in its language, and makes no HTML of it.

    ``file`` has hashes of code that was read without a warning, in this check or an earlier one.
    """

    html_formatter = NullFormatter

    def __init__(self, file: Path, warnings: WarningCollector) -> None:
        super().__init__("html")
        self.file, self.warnings = file, warnings
        data = read_json(file)
        known = (
            data.get("code", ()) if isinstance(data, dict) and data.get("made_by") == packages_stamp() else ()
        )
        self.known, self.seen = frozenset(map(str, known)), set[str]()

    def highlight_block(self, source: str, lang: str, *arguments: Any, **options: Any) -> str:
        """Read code, unless it is known to be in its language; return nothing."""
        digest = sha256(f"{lang}\0{source}")[:16]
        before = self.warnings.count
        if digest not in self.known:
            super().highlight_block(source, lang, *arguments, **options)
        if self.warnings.count == before:
            self.seen.add(digest)
        return ""

    def save(self) -> None:
        """Keep the hashes for the next check, but not all of those of code that is gone."""
        code = self.known | self.seen if len(self.known) < _MAX_KNOWN_HASHES else self.seen
        if code != self.known:
            write_atomic(self.file, json.dumps({"made_by": packages_stamp(), "code": sorted(code)}))


class CheckBuilder(ContainedBuilder):
    """Does with pages what the site's builder does, but writes none of them."""

    shows_contents = False

    def get_outdated_docs(self) -> list[str]:  # type: ignore[override]
        """Return none: there is no site that pages could be older than."""
        return []

    def init_highlighter(self) -> None:
        """Prepare to look at code."""
        self.highlighter = _Lexing(Path(self.doctreedir).parent / "code.json", self.warnings)
        self.dark_highlighter = None

    def prepare_writing(self, _docnames: set[str]) -> None:
        """Prepare what writing the text of a page needs."""
        self.search = False  # no index of words
        super().prepare_writing(set())

    def copy_assets(self) -> None:
        """Copy nothing."""

    def get_doc_context(self, *_: str) -> dict[str, Any]:
        """Return nothing: there is no template to be filled."""
        return {}

    def handle_page(self, *_: Any, **__: Any) -> None:
        """Write nothing."""

    def finish(self) -> None:
        """Warn of files that a site could not have: a folder, say."""
        self.warnings.page = ""
        assert isinstance(self.highlighter, _Lexing)
        self.highlighter.save()
        for kind, files in (("image", [*self.images]), ("downloadable", [*map(str, self.env.dlfiles)])):
            for file in sorted(files):
                try:
                    with (Path(self.srcdir) / file).open("rb"):
                        pass
                except OSError as error:  # in Sphinx's words
                    _log.warning(f"cannot copy {kind} file {file!r}: {error}")


def check_pages(book: Book) -> tuple[list[Fault], list[str]]:
    """Return what Sphinx finds wrong with the pages of ``book``, in the order of the places.

    The second value are the files that all this comes from, relative to the book; it is empty
    where that cannot be said.
    """
    config, faults = configuration(book)
    if not config:
        return faults, []
    files: list[str] = []
    config = {
        **config,
        "nb_execution_mode": "off",
        "suppress_warnings": [*config.get("suppress_warnings", ()), *_OF_OUTPUTS],
        "tabbook_outputs": False,
    }
    try:
        with memory_folder(book.work / "check") as folder:
            folders = {"outdir": folder / "out", "doctreedir": folder / "doctrees"}
            try:
                with application(book, CheckBuilder, config, folders, folder / "warnings.json") as app:
                    # Not `app.build`, after which extensions add their files to the site.
                    begin_phase(app.builder, BuildPhase.READING)
                    app.builder.build_update()
                    faults = [*faults, *faults_of(app, app.end())]
                    files = _files(app)
            finally:
                # MyST-NB writes notebooks; a build takes them for pages if the book does not exclude them.
                shutil.rmtree(folder / "jupyter_execute", ignore_errors=True)
    except Exception as error:
        faults = [*faults, fault_of(error, book.root)]
    return sorted(set(faults)), files


def _files(app: BookSphinx) -> list[str]:
    """Return the files that the pages are made of; none where others may count as well."""
    env, root = app.env, Path(app.srcdir)
    has_extensions = "local_extensions" in (root / CONFIG_FILE).read_text(encoding="utf-8")
    if has_extensions or not app.config.external_toc_exclude_missing or app.config.intersphinx_mapping:
        return []
    files = {CONFIG_FILE, TOC_FILE, *map(str, getattr(app.config, "bibtex_bibfiles", ()))}
    files |= {str(env.doc2path(page, base=False)) for page in env.found_docs}
    files |= {str(name) for names in named_files(env).values() for name in names}
    files |= app.memory.named_files()
    files |= {str(Path(found).relative_to(root)) for found in (root / "_static").rglob("*")}
    return sorted(files)
