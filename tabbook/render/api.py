"""Pages that document the generated library (``autoclass`` and the like), without any framework.

Sphinx's autodoc imports what it documents. Here the library is imported with stand-ins for all
that it imports itself, so the environment that builds the book needs none of the frameworks. The
extension is for books that have such pages: ``extra_extensions: [tabbook.render, tabbook.render.api]``.
"""

import ast
import sys
import tempfile
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from tabbook import __version__
from tabbook.book import Book
from tabbook.errors import TabbookError
from tabbook.files import write_atomic
from tabbook.library import generate


def imported_modules(text: str, package: str) -> set[str]:
    """Return the modules, by their first name, that a library module imports and Python does not bring."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {package}


def prepare(app: Sphinx, config: Config) -> None:
    """Put the library where autodoc finds it, and stand-ins in place of what it needs.

    A library that is not on disk is generated for the build alone.

    Raises:
        ConfigError: It is not there and cannot be generated.
    """
    try:
        book = Book.load(Path(app.srcdir))
        files = {book.library_file(tab) for tab in book.settings.tabs}
        folder = book.library
        if not all(file.is_file() for file in files):
            folder = Path(tempfile.mkdtemp(prefix="tabbook-api-"))
            for path, text in generate(book).items():
                write_atomic(folder / (book.root / path).relative_to(book.library), text)
            files = {folder / file.relative_to(book.library) for file in files}
    except TabbookError as error:
        raise ConfigError(str(error)) from None
    package = book.settings.library.package
    modules = {name for file in files for name in imported_modules(file.read_text(encoding="utf-8"), package)}
    config["autodoc_mock_imports"] = sorted({*config["autodoc_mock_imports"], *modules})
    sys.path.insert(0, str(folder))
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]  # of another book, built before in this process


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension; return what Sphinx wants to know of it."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("config-inited", prepare)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
