"""Pages that document the generated library (``autoclass`` and the like), without any framework.

Sphinx's autodoc imports what it documents. Here the directives of the same names read the source of
the library, so the environment that builds the book needs none of the frameworks, and whatever the
library computes when it is imported is shown as it is written. Names of other packages go to
autodoc. The extension is for books that have such pages:
``extra_extensions: [tabbook.render, tabbook.render.api]``.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils.nodes import Node
from docutils.parsers.rst.states import RSTState
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.autodoc import Options
from sphinx.ext.autodoc.directive import AutodocDirective, process_documenter_options
from sphinx.util.docutils import SphinxDirective, switch_source_input
from sphinx.util.parsing import nested_parse_to_nodes

from tabbook import __version__
from tabbook.errors import nearest, suggestion
from tabbook.read.markdown import fence_for
from tabbook.render.api.described import Described
from tabbook.render.api.docstrings import DefinedIn, Docstring, resolve
from tabbook.render.api.source import LibrarySource
from tabbook.render.api.text import ObjectText, restore_values
from tabbook.render.build_warnings import warn
from tabbook.render.pages import current_book, page_data

_NAME = re.compile(r"(?P<name>[\w.:]+)\s*(?P<signature>\(.*\)(?:\s*->.*)?)?", re.DOTALL)
_ENTRY = re.compile(r"\s*(?P<short>~?)(?P<name>[^\W\d][\w.]*)\s*\Z")
_KINDS = "module", "class", "exception", "function", "decorator", "method", "property", "data", "attribute"
"""What autodoc has directives for."""
_LIBRARY = "tabbook_library"
"""The attribute of Sphinx's application with the library of its book."""


def library_of(app: Sphinx) -> LibrarySource | None:
    """Return the library of the book that is built; ``None`` without a book."""
    book = current_book(app)
    if book is not None and _LIBRARY not in vars(app):
        vars(app)[_LIBRARY] = LibrarySource.of(book)
    found: LibrarySource | None = vars(app).get(_LIBRARY)
    return found


class _LibraryDirective(SphinxDirective):
    """What directives about the library share."""

    def named(self, library: LibrarySource, name: str) -> Iterator[str]:
        """Yield what a name may mean, from the scope that the page is in outwards.

        Of names that belong to no module of the library there is nothing.
        """
        name = name.replace("::", ".").strip(".")
        module, scope = (
            str(self.env.temp_data.get(f"autodoc:{one}") or self.env.ref_context.get(f"py:{one}") or "")
            for one in ("module", "class")
        )
        inside = library.has(module) and ("." not in name or library.find(f"{module}.{name}") is not None)
        for prefix in ("", f"{module}.", f"{module}.{scope}."):
            if library.has(prefix + name) and (inside or not prefix):
                yield prefix + name

    def find(self, library: LibrarySource, name: str) -> Described | None:
        """Return the object that a name means; a name that the library lacks gives a warning."""
        names = list(self.named(library, name))
        described = next(filter(None, map(library.find, names)), None)
        if names and described is None:
            close = nearest(names[0], library.names, cutoff=0.8)  # all begin with the package's name
            hint = suggestion(close, "save it in a section, or correct the name")
            self.warn(f"the library has no {names[0]}; {hint}")
        return described

    def warn(self, message: str) -> None:
        """Give Sphinx a warning at the directive's place."""
        source, line = self.get_source_info()
        warn(message, "library", f"{source}:{line}")

    def parsed(self, text: ObjectText) -> list[Node]:
        """Return the nodes of generated text."""
        page_data(self.env, "library")[self.env.docname] = text.library.digests
        lines = text.lines
        if not isinstance(self.state, RSTState):  # a page that has no eval-rst around it
            fence = fence_for("\n".join(lines), "~")
            lines = StringList([f"{fence}{{eval-rst}}", *lines, fence], self.get_source_info()[0])
        with switch_source_input(self.state, lines):
            parsed = nested_parse_to_nodes(self.state, lines)
        restore_values(parsed, text.values)
        return parsed


class LibraryDirective(_LibraryDirective, AutodocDirective):
    """``autoclass`` and its relatives: objects of the library from its source, others by autodoc."""

    def run(self) -> list[Node]:
        """Return the description of the object that the argument names."""
        match, library = _NAME.fullmatch(self.arguments[0].strip()), library_of(self.env.app)
        if match is None or library is None or not any(self.named(library, match["name"])):
            return AutodocDirective.run(self)
        kind = self.name.removeprefix("auto")
        documenter = self.env.app.registry.documenters[kind]
        try:
            options = process_documenter_options(documenter, self.config, self.options)
        except (KeyError, ValueError, TypeError) as error:
            self.warn(f"{self.name} has an option that is unknown, or has an invalid value: {error}")
            return []
        one = self.find(library, match["name"])
        if one is None:
            return []
        text = ObjectText(self.env, library, options)
        own = kind if kind == "decorator" or (kind, one.kind) == ("exception", "class") else ""
        text.add(one, kind=own, signature=match["signature"], more=self.content)
        for name in text.missing:
            self.warn(f"{one.path} has no member {name}; correct the name, or remove it")
        return self.parsed(text)


class SummaryDirective(_LibraryDirective):
    """``autosummary``: a table of objects of the library, with the first sentence of each.

    Where a ``toctree`` is asked for, which would give each object a page of its own, their
    descriptions follow the table.
    """

    has_content = True
    option_spec = dict.fromkeys(("toctree", "caption", "template"), str) | dict.fromkeys(
        ("nosignatures", "recursive"), lambda _: None
    )

    def run(self) -> list[Node]:
        """Return the table."""
        library = library_of(self.env.app)
        if library is None:
            return []
        text = ObjectText(self.env, library, Options())
        head = [f".. list-table:: {self.options.get('caption', '')}", "   :class: autosummary longtable"]
        text.write_all([*head, "   :widths: 10 90", ""], self.get_source_info())
        entries = [entry for line in self.content if (entry := self._entry(library, line))]
        for one, name in entries:
            signature = "" if "nosignatures" in self.options else text.signature(one)
            link = f":py:obj:`{name} <{one.path}>`"
            text.write_all([f"   * - {link}" + (rf"\ ``{signature}``" if signature else "")])
            text.write_all([f"     - {text.summary(one)}"])
        text.write_all([""])
        for one, _ in entries if "toctree" in self.options else ():
            text.add(one)
        return self.parsed(text) if entries else []

    def _entry(self, library: LibrarySource, line: str) -> tuple[Described, str] | None:
        match = _ENTRY.match(line)
        one = self.find(library, match["name"]) if match else None
        if match is None or one is None:
            return None
        return one, one.own_name if match["short"] else match["name"]


def outdated(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """Return the pages that were made of another library than there is now."""
    made = page_data(env, "library")
    library = library_of(app) if made else None
    return [page for page, digests in made.items() if library is None or digests != library.digests]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension; return what Sphinx wants to know of it."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("tabbook.render")
    for kind in _KINDS:
        app.add_directive(f"auto{kind}", LibraryDirective, override=True)
    app.add_directive("autosummary", SummaryDirective)
    app.add_directive("tabbook-docstring", Docstring)
    app.add_directive("tabbook-defined", DefinedIn)
    app.connect("env-get-outdated", outdated)
    app.connect("missing-reference", resolve)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
