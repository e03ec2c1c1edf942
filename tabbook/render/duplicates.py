"""Names that several pages define: Sphinx sees only what it reads in one process, one after the other.

Of two pages with the same label it keeps the one that it reads last, and warns if it read both in one
process. If the other page changes, it does not look at this one again. So such pages are always read
together, in the order of their names: the label then means the same in every build, and the warnings
are the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from tabbook.render.pages import page_data

_TABLES = "labels", "terms", "objects"
"""The tables of domains that say which page defines a name."""


def _defined(env: BuildEnvironment, page: str) -> Iterator[tuple[str, str, str]]:
    for domain, tables in env.domaindata.items():
        for table in _TABLES:
            entries = tables.get(table)
            for name, about in entries.items() if isinstance(entries, dict) else ():
                if isinstance(about, tuple) and about and about[0] == page:
                    yield domain, table, repr(name)


def _groups(defined: Mapping[str, Iterable[object]]) -> list[set[str]]:
    """Return the pages that define each name that several define."""
    pages: dict[object, set[str]] = {}
    for page, names in defined.items():
        for name in names:
            pages.setdefault(name, set()).add(page)
    return [group for group in pages.values() if len(group) > 1]


class Duplicates:
    """Lets pages that define the same names be read together."""

    def __init__(self, app: Sphinx) -> None:
        self.read: set[str] = set()
        self.is_parallel = False
        app.connect("env-get-outdated", self.outdated)
        app.connect("env-before-read-docs", self.begin)
        app.connect("doctree-read", self.note, priority=900)
        app.connect("env-merge-info", self.merge)
        app.connect("env-updated", self.read_again, priority=0)  # before anything is counted

    def outdated(
        self, _app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
    ) -> list[str]:
        """Return the pages that have a name in common with one that is read again or gone."""
        touched = added | changed | removed
        groups = _groups(page_data(env, "defined"))
        return sorted({page for group in groups if group & touched for page in group})

    def begin(self, app: Sphinx, env: BuildEnvironment, names: Sequence[str]) -> None:
        """Note which pages are read, and forget what they defined: a label may have moved between them."""
        self.read, self.is_parallel = set(names), False
        for name in sorted(self.read & env.all_docs.keys()):
            app.emit("env-purge-doc", env, name)  # extensions keep tables of their own
            env.clear_doc(name)

    def merge(self, *_: object) -> None:
        """Note that they are read in several processes."""
        self.is_parallel = True

    def note(self, app: Sphinx, _doctree: nodes.document) -> None:
        """Note which names a page defines."""
        page_data(app.env, "defined")[app.env.docname] = sorted(_defined(app.env, app.env.docname))

    def read_again(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Read pages that have a name in common, unless they were read just so."""
        groups = [group for group in _groups(page_data(env, "defined")) if group & self.read]
        pages = sorted({page for group in groups for page in group})
        if not self.is_parallel and self.read.issuperset(pages):
            return []
        for page in pages:
            app.emit("env-purge-doc", env, page)
            env.clear_doc(page)
        for page in pages:
            app.builder.read_doc(page)
        return pages
