"""Templates of the theme, compiled once: Sphinx compiles them in every build."""

from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from sphinx.application import Sphinx
from sphinx.jinja2glue import BuiltinTemplateLoader

from tabbook.checks.pages import packages_stamp
from tabbook.keys.key import sha256

_FOLDER = "tabbook-templates"


def keep_templates(app: Sphinx) -> None:
    """Keep compiled templates beside Sphinx's memory, if ``tabbook_sharing`` is set."""
    templates = getattr(app.builder, "templates", None)
    if app.config.tabbook_sharing and isinstance(templates, BuiltinTemplateLoader):
        folder = Path(app.doctreedir) / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        pattern = f"{sha256(packages_stamp())[:16]}-%s"  # what is compiled depends on the packages, too
        templates.environment.bytecode_cache = FileSystemBytecodeCache(str(folder), pattern)
