"""Sphinx for a book, configured as Jupyter Book configures it, so both share what they have read."""

import contextlib
import gc
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tabbook.book import Book
from tabbook.config import CONFIG_FILE
from tabbook.errors import Fault
from tabbook.render.build_warnings import BIBLIOGRAPHY, BuildWarning, WarningCollector
from tabbook.render.citations import reading_bibliographies
from tabbook.render.contained import BeginPage, ContainedBuilder, contained_check
from tabbook.render.missing import keep_missing_apart
from tabbook.render.resolved import ExportBuilder
from tabbook.render.targets import contents_of, digests
from tabbook.render.warning_cache import WarningCache
from tabbook.sphinx_config import config_of, read_keys


@contextlib.contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Look for garbage less often: in documents' trees Python looks at everything, and finds little.

    What is there already is left out. So an extension that looks through all objects, as
    sphinx-external-toc does, has fewer to look through.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 20)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


@contextlib.contextmanager
def memory_folder(folder: Path) -> Iterator[Path]:
    """Yield ``folder`` for what Sphinx remembers; a temporary one, where the book can only be read."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        with tempfile.TemporaryDirectory(prefix="tabbook-") as name:
            yield Path(name)
    else:
        yield folder


class BookSphinx(Sphinx):
    """Sphinx for ``book`` with a builder of ours, that collects warnings and remembers them in ``memory``."""

    warnings: WarningCollector
    builder: ContainedBuilder

    def __init__(
        self, book: Book, make: type[ContainedBuilder | ExportBuilder], memory: Path, **arguments: Any
    ) -> None:
        self.book, self._make, self._path = book, make, memory
        root, config = arguments["srcdir"], arguments["confoverrides"]
        with reading_bibliographies(root, config):
            super().__init__(buildername="html", confdir=None, warning=None, **arguments)
        self.add_post_transform(BeginPage)
        self._refers: Mapping[str, str] = {}
        self.memory = WarningCache.load(memory, Path(self.srcdir))
        if self.env.all_docs and self.memory.is_bibliography_new(self.env):
            with reading_bibliographies(root, config):
                self._parse_bibliographies()
        self.connect("env-get-outdated", lambda _app, env, *_: self.memory.to_read(env))
        self.connect("env-updated", keep_missing_apart, priority=900)
        self.connect("env-get-updated", self._to_write)
        self.connect("write-started", self._before_writing)

    def setup_extension(self, extname: str) -> None:
        """Set an extension up; before the first, listen to what they warn of."""
        if not hasattr(self, "warnings"):
            self.warnings = WarningCollector(self)
        super().setup_extension(extname)

    def connect(self, event: str, callback: Callable[..., Any], priority: int = 500) -> int:
        """Connect a listener; one that fails in the check of all pages does not end the build."""
        if event == "env-check-consistency":
            callback = contained_check(callback, Path(self.srcdir))
        return super().connect(event, callback, priority)

    def add_domain(self, domain: type[Domain], override: bool = False) -> None:
        """Add a domain; if it fails in the check of all pages, that does not end the build."""
        check = contained_check(domain.check_consistency, Path(self.srcdir))
        # MyST asks the module of a domain whether it is one of Sphinx's own.
        ours = {"check_consistency": check, "__module__": domain.__module__}
        super().add_domain(type(domain.__name__, (domain,), ours), override)

    def create_builder(self, name: str) -> Builder:  # noqa: ARG002 - there is one of ours
        """Return the builder that was asked for."""
        builder = self._make(self, self.env)
        if isinstance(builder, ContainedBuilder):
            builder.warnings = self.warnings
        return builder

    def _parse_bibliographies(self) -> None:
        """Let bibliographies be parsed, if that was in a build whose warnings are not known."""
        known: Any = self.env.domaindata.get("cite", {}).get("bibdata")
        if known and not any(warning.stage == BIBLIOGRAPHY for warning in self.warnings.found):
            from sphinxcontrib.bibtex.bibfile import parse_bibdata

            parse_bibdata([*known.bibfiles], known.encoding)

    def _to_write(self, *_: object) -> list[str]:
        self._refers = digests(self, contents_of(self) if self.builder.shows_contents else "")
        return self.memory.to_write(self._refers)

    def _before_writing(self, *_: object) -> None:
        """Remember what has been read; of pages that are to be written now, an end is not sure."""
        stale = self.memory.to_write(self._refers)
        self.memory = self.memory.after_reading(self.env, self.warnings.found, stale)
        self.memory.save(self._path)

    def end(self) -> list[BuildWarning]:
        """Remember what the build said; return that, and what is still true of earlier ones."""
        warnings, builder = self.warnings.found, self.builder
        memory = self.memory.after_reading(self.env, warnings, ())
        memory = memory.after_writing(
            self.env, warnings, self._refers, builder.written, is_checked=builder.is_checked
        )
        self.memory = memory
        memory.save(self._path)
        return memory.all_warnings(warnings)


@contextlib.contextmanager
def application(
    book: Book, make: type[ContainedBuilder | ExportBuilder], config: dict[str, Any],
    folders: dict[str, Path], memory: Path, *, jobs: int = 1, status: IO[str] | None = None,
) -> Iterator[BookSphinx]:  # fmt: skip
    """Yield Sphinx for ``book``, with the configuration that `configuration` returned.

    Raises:
        SphinxError: The configuration is not usable.
    """
    with rare_garbage_collection(), patch_docutils(None), docutils_namespace():
        yield BookSphinx(
            book,
            make,
            memory,
            srcdir=book.root,
            confoverrides=config,
            parallel=jobs,
            status=status,
            **folders,
        )


def configuration(book: Book) -> tuple[dict[str, Any], list[Fault]]:
    """Return Sphinx's configuration as Jupyter Book makes it, and what is wrong with ``_config.yml``."""
    keys, faults = read_keys((book.root / CONFIG_FILE).read_text(encoding="utf-8"))
    return config_of(book.root, keys), faults
