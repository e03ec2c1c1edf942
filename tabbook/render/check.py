"""What Sphinx would warn of, found without building the site.

Pages are read as for the site, but without outputs, and their references are resolved; nothing is
written. Between two checks Sphinx's memory is kept below ``.tabbook/check``, apart from the site's,
so only pages that changed are read.
"""

import contextlib
import hashlib
import io
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.io import StringOutput
from docutils.parsers.rst import directives, roles
from pygments.formatters.other import NullFormatter
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.highlighting import PygmentsBridge
from sphinx.util.build_phase import BuildPhase
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx.util.osutil import relative_uri

from tabbook.book import Book
from tabbook.config import CONFIG_FILE
from tabbook.contents import TOC_FILE
from tabbook.errors import Fault, nearest
from tabbook.keys import canonical, sha256
from tabbook.render.pages import known
from tabbook.render.site import rare_garbage_collection
from tabbook.render.warned import Clean, Warned, Warnings, warnings_of_build
from tabbook.yaml_text import find_line, load_yaml

_OF_OUTPUTS = ["mystnb.glue"]
"""The types of warnings about what only outputs can have."""
_UNKNOWN = re.compile(r"unknown|undefined|not found|could not find|no target|no role|no such", re.IGNORECASE)
_QUOTED = re.compile(r"""['"“‘]([^'"”’]+)['"”’]|: ([\w:.-]+)$""")


class _Lexing(PygmentsBridge):
    """Finds code that is not in its language, and makes no HTML of it.

    ``sound`` are hashes of what has been read without a warning, in this check or an earlier one.
    """

    html_formatter = NullFormatter

    def __init__(self, sound: Iterable[str], warnings: Warnings) -> None:
        super().__init__("html")
        self.sound, self.warnings = set(sound), warnings
        self.seen: set[str] = set()

    def highlight_block(self, source: str, lang: str, *args: Any, **kwargs: Any) -> str:
        """Read code, unless it is known to be sound; return nothing."""
        digest = hashlib.sha256(f"{lang}\0{source}".encode()).hexdigest()[:16]
        if digest not in self.sound:
            before = len(self.warnings.records)
            super().highlight_block(source, lang, *args, **kwargs)
            if len(self.warnings.records) > before:
                return ""
        self.sound.add(digest)
        self.seen.add(digest)
        return ""


class CheckBuilder(StandaloneHTMLBuilder):
    """Does with pages what the site's builder does, but writes none of them.

    Only a page that changed, or that refers to something that changed, is looked at.
    """

    clean: Clean
    names = ""
    code: Iterable[str] = ()

    def get_outdated_docs(self) -> list[str]:  # type: ignore[override]
        """Return the pages that have not been found clean."""
        return sorted(self.clean.others(self.env))

    def write(self, build_docnames: Iterable[str] | None, updated_docnames: Sequence[str], *_: Any) -> None:
        """Resolve the pages that were read, or all where there are other names to refer to."""
        self.names = names_to_refer_to(self.env)
        pages = {*(build_docnames or ()), *updated_docnames} & self.env.found_docs
        if self.names != self.clean.names:
            pages = self.env.found_docs
        warnings = warnings_of_build()
        lexing = self.highlighter = _Lexing(self.clean.code, warnings)
        self.prepare_writing(pages)
        for page in sorted(pages):
            warnings.page = page
            doctree = self.env.get_and_resolve_doctree(page, self)
            self.write_doc_serialized(page, doctree)
            self.write_doc(page, doctree)
        warnings.page = ""
        self.code = lexing.seen if pages == self.env.found_docs else lexing.sound

    def init_highlighter(self) -> None:
        """Make none: there is one where pages are resolved."""
        self.dark_highlighter = None

    def prepare_writing(self, _docnames: set[str]) -> None:
        """Prepare what writing the text of a page needs."""
        self.search = False  # no index of words
        super().prepare_writing(set())

    def write_doc_serialized(self, _docname: str, doctree: nodes.document) -> None:
        """Look for pictures that a browser cannot show."""
        self.imgpath = ""
        self.post_process_images(doctree)

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        """Make HTML of a page's text, which highlights its code, and throw it away."""
        doctree.settings = self.docsettings
        self.secnumbers = self.env.toc_secnumbers.get(docname, {})
        self.fignumbers = self.env.toc_fignumbers.get(docname, {})
        self.dlpath = relative_uri(self.get_target_uri(docname), "_downloads")
        self.current_docname = docname
        self.docwriter.write(doctree, StringOutput(encoding="utf-8"))

    def finish(self) -> None:
        """Do nothing: there is no site."""


def names_to_refer_to(env: BuildEnvironment) -> str:
    """Return a hash of everything that pages can refer to: where it changes, any reference may break."""
    objects = sorted(
        (name, *map(str, entry[:4])) for name, domain in env.domains.items() for entry in domain.get_objects()
    )
    slugs = {page: sorted(data.get("myst_slugs") or ()) for page, data in sorted(env.metadata.items())}
    return sha256(canonical([objects, _tables(env), slugs, sorted(env.found_docs), sorted(_citations(env))]))


def _tables(env: BuildEnvironment) -> list[tuple[str, str, list[str]]]:
    """Return the names that domains keep without saying so, such as those of equations."""
    return [
        (domain, table, sorted(map(str, entries)))
        for domain, tables in sorted(env.domaindata.items())
        for table, entries in sorted(tables.items())
        if isinstance(entries, dict)
    ]


def _citations(env: BuildEnvironment) -> set[str]:
    bibliography: Any = env.domaindata.get("cite", {}).get("bibdata")
    return set(bibliography.data.entries) if bibliography else set()


def _not_clean(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """Return the pages to read again: those that were not clean."""
    return sorted(app.builder.clean.others(env)) if isinstance(app.builder, CheckBuilder) else []


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the builder, and listen from now on; return what Sphinx wants to know of it."""
    Warnings(app)
    app.setup_extension("sphinx.builders.html")
    app.add_builder(CheckBuilder, override=True)
    app.connect("env-get-outdated", _not_clean)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def check_pages(book: Book) -> tuple[list[Fault], list[str]]:
    """Return what Sphinx finds wrong with the pages of ``book``, in the order of the places.

    The second value are the files that all this comes from, relative to the book; it is empty
    where that cannot be said.
    """
    config, faults = _configuration(book)
    if not config:
        return faults, []
    files: list[str] = []
    try:
        with (
            known(book),
            _folder(book) as folder,
            rare_garbage_collection(),
            patch_docutils(None),
            docutils_namespace(),
        ):
            app = _application(book, folder, config)
            builder = app.builder
            assert isinstance(builder, CheckBuilder)
            memory = folder / "clean.json"
            builder.clean = clean = Clean.load(memory)
            # Not `app.build`, after which extensions add their files to the site.
            app.phase = BuildPhase.READING
            builder.build_update()
            warnings = warnings_of_build().found
            if builder.names:
                clean = Clean(names=builder.names, code=frozenset(builder.code))
            clean.after(app.env, warnings).save(memory)
            faults = [*faults, *_faults(app, warnings)]
            files = _files(app)
    except (SphinxError, ValueError) as error:
        place = TOC_FILE if re.search(r"toc\b|_toc", str(error), re.IGNORECASE) else CONFIG_FILE
        faults = [*faults, Fault(place, 0, " ".join(str(error).split()), "correct it")]
    return sorted(set(faults)), files


@contextlib.contextmanager
def _folder(book: Book) -> Iterator[Path]:
    """Yield the folder of Sphinx's memory: a temporary one, where the book can only be read."""
    folder = book.work / "check"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        with tempfile.TemporaryDirectory(prefix="tabbook-check-") as name:
            yield Path(name)
    else:
        try:
            yield folder
        finally:
            # MyST-NB writes notebooks, and a build takes them for pages if the book does not exclude them.
            shutil.rmtree(folder / "jupyter_execute", ignore_errors=True)


def _files(app: Sphinx) -> list[str]:
    """Return the files that the pages are made of; none where others may count as well."""
    env, root = app.env, Path(app.srcdir)
    has_extensions = "local_extensions" in (root / CONFIG_FILE).read_text(encoding="utf-8")
    if has_extensions or not app.config.external_toc_exclude_missing or app.config.intersphinx_mapping:
        return []
    files = {CONFIG_FILE, TOC_FILE, *map(str, getattr(app.config, "bibtex_bibfiles", ()))}
    files |= {env.doc2path(page, base=False) for page in env.found_docs}
    files |= {str(name) for names in env.dependencies.values() for name in names}
    files |= {str(Path(found).relative_to(root)) for found in (root / "_static").rglob("*")}
    return sorted(files)


def _configuration(book: Book) -> tuple[dict[str, Any], list[Fault]]:
    """Return Sphinx's configuration as Jupyter Book makes it, and what its schema does not allow.

    Both are known from the last check where nothing changed that they depend on.
    """
    text = (book.root / CONFIG_FILE).read_text(encoding="utf-8")
    static = sorted(path.as_posix() for path in (book.root / "_static").rglob("*"))
    key = repr((text, static, version("jupyter-book"), book.root)).encode()
    if "local_extensions" in text:  # Jupyter Book must put their folders on Python's path
        return _jupyter_book(book, text)
    entry = book.cache.entry("(Jupyter Book)", key)
    found = entry.get("configuration", lambda: _jupyter_book(book, text))
    entry.save()
    return found


def _jupyter_book(book: Book, text: str) -> tuple[dict[str, Any], list[Fault]]:
    from jupyter_book.config import get_final_config, get_validator

    faults = [
        Fault(
            CONFIG_FILE,
            find_line(text, tuple(error.path)),
            f"{'.'.join(map(str, error.path))}: {error.message}",
            "correct it",
        )
        for error in get_validator().iter_errors(load_yaml(text))
    ]
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints advice
            config, _ = get_final_config(
                user_yaml=book.root / CONFIG_FILE,
                cli_config={
                    "external_toc_path": (book.root / TOC_FILE).as_posix(),
                    "latex_individualpages": False,
                },
                sourcedir=book.root,
                validate=False,
            )
    except (ValueError, TypeError, AttributeError) as error:
        return {}, faults or [Fault(CONFIG_FILE, 0, f"Jupyter Book cannot use it: {error}", "correct it")]
    return config, faults


def _application(book: Book, folder: Path, config: dict[str, Any]) -> Sphinx:
    """Return Sphinx for the book, with our builder that writes nothing.

    Raises:
        SphinxError: The configuration is not usable.
    """
    extensions = ["tabbook.render.check", *config["extensions"]]
    return Sphinx(
        srcdir=book.root,
        confdir=None,
        outdir=folder / "out",
        doctreedir=folder / "doctrees",
        buildername="html",
        confoverrides={
            **config,
            "extensions": extensions,
            "nb_execution_mode": "off",
            "suppress_warnings": [*config.get("suppress_warnings", ()), *_OF_OUTPUTS],
            "tabbook_outputs": False,
        },
        status=None,
        warning=None,
    )


def _faults(app: Sphinx, warnings: Sequence[Warned]) -> list[Fault]:
    """Return the warnings as faults, with names proposed for those that Sphinx does not know."""
    config = (Path(app.srcdir) / CONFIG_FILE).read_text(encoding="utf-8").splitlines()
    known = _known_names(app) if warnings else []
    perhaps = cache(lambda name: _perhaps(name, known))  # one name may be wrong on many pages
    found = []
    for warned in warnings:
        quoted = _QUOTED.search(warned.message)
        name = next(filter(None, quoted.groups()), "") if quoted else ""
        hint = perhaps(name) if name and _UNKNOWN.search(warned.message) else ""
        path, line = warned.path, warned.line
        if not path:
            lines = (number for number, said in enumerate(config, 1) if name and f"{name}:" in said)
            path, line = CONFIG_FILE, next(lines, 0)
        found.append(Fault(path, line, warned.message, hint))
    return found


def _perhaps(name: str, known: Sequence[str]) -> str:
    close = nearest(name, known, cutoff=0.8)
    return f"perhaps {close}" if close and close != name else ""


def _known_names(app: Sphinx) -> list[str]:
    """Return everything that a page or the configuration may name."""
    domains = app.env.domains.values()
    names = {str(entry[0]) for domain in domains for entry in domain.get_objects()}
    names |= {name for domain in domains for name in (*domain.roles, *domain.directives)}
    names |= {*directives._directives, *roles._roles}  # type: ignore[attr-defined]
    names |= {name for *_, entries in _tables(app.env) for name in entries}
    names |= set(app.env.found_docs) | _citations(app.env)
    return sorted(names | {value.name for value in app.config})
