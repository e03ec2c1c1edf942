"""Sphinx's configuration for a book: what Jupyter Book 1 makes of ``_config.yml``, without Jupyter Book.

Its keys are fields here, with their types, their defaults and the names that Sphinx has for them. So a
book can be built where Jupyter Book is not installed, with ``tabbook build`` or with a ``conf.py`` that
calls `sphinx_config`. See decision 25 in ``docs/decisions``.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tabbook.config import CONFIG_FILE, EXCLUDED, MYST_EXTENSIONS, validate
from tabbook.contents import TOC_FILE
from tabbook.errors import ConfigError, Fault
from tabbook.yaml_text import find_line, load_yaml

OPTIONS = "html_theme_options"


def _as(name: str, default: Any = None) -> Any:
    """Return a field that Sphinx knows as ``name``, a key of a mapping where that has a dot."""
    return Field(default, serialization_alias=name)


class Keys(BaseModel):
    """Keys on one level of ``_config.yml``. A key without a default is None."""

    model_config = ConfigDict(strict=True, frozen=True)


class _Parse(Keys):
    myst_enable_extensions: list[str] | None = _as("myst_enable_extensions")
    myst_url_schemes: list[str] | None = _as("myst_url_schemes", ["mailto", "http", "https"])
    myst_substitutions: Any = _as("myst_substitutions")
    myst_dmath_double_inline: bool | None = None
    myst_extended_syntax: bool | None = None


class _Execute(Keys):
    execute_notebooks: Literal["auto", "cache", "force", "inline", "off", False] = _as(
        "nb_execution_mode", "auto"
    )
    cache: str = _as("nb_execution_cache_path", "")
    exclude_patterns: list[str] = _as("nb_execution_excludepatterns", [])
    timeout: Annotated[int, Field(ge=-1)] = _as("nb_execution_timeout", 30)
    run_in_temp: bool = _as("nb_execution_in_temp", False)
    allow_errors: bool = _as("nb_execution_allow_errors", False)
    stderr_output: Literal["show", "remove", "remove-warn", "warn", "error", "severe"] = _as(
        "nb_output_stderr", "show"
    )
    raise_on_error: bool | None = _as("nb_execution_raise_on_error")
    show_tb: bool | None = _as("nb_execution_show_tb")
    eval_regex: str | None = _as("nb_eval_name_regex")


class _Comments(Keys, extra="allow"):
    hypothesis: bool | dict[str, Any] = False
    utterances: bool | dict[str, Any] = False
    dokieli: Any = None


class _Analytics(Keys):
    plausible_analytics_domain: str = ""
    plausible_analytics_url: str = "https://plausible.io/js/script.js"
    google_analytics_id: str = ""


class _Html(Keys):
    favicon: str = _as("html_favicon", "")
    baseurl: str = _as("html_baseurl", "")
    comments: _Comments = _as("comments_config", _Comments())
    use_multitoc_numbering: bool = _as("use_multitoc_numbering", True)
    navbar_footer_text: Any = _as(f"{OPTIONS}.navbar_footer_text")
    extra_footer: str = _as(f"{OPTIONS}.extra_footer", "")
    home_page_in_navbar: bool = _as(f"{OPTIONS}.home_page_in_toc", True)
    announcement: str = _as(f"{OPTIONS}.announcement", "")
    analytics: _Analytics = _as(f"{OPTIONS}.analytics", _Analytics())
    google_analytics_id: str | None = _as(f"{OPTIONS}.analytics.google_analytics_id")
    use_repository_button: bool = _as(f"{OPTIONS}.use_repository_button", False)
    use_edit_page_button: bool = _as(f"{OPTIONS}.use_edit_page_button", False)
    use_issues_button: bool = _as(f"{OPTIONS}.use_issues_button", False)


class _Latex(Keys):
    latex_engine: str = _as("latex_engine", "pdflatex")
    use_jupyterbook_latex: bool = _as("use_jupyterbook_latex", True)
    latex_documents: dict[str, Any] | None = None


class _LaunchButtons(Keys, extra="allow"):
    notebook_interface: str = "classic"
    binderhub_url: str = ""
    jupyterhub_url: str = ""
    thebe: bool = False
    colab_url: str = ""
    deepnote_url: str = ""
    jupyterlite_url: Any = None
    jupyterlite_ext: Any = None


class _Repository(Keys):
    url: str = _as(f"{OPTIONS}.repository_url", "https://github.com/executablebooks/jupyter-book")
    path_to_book: str = _as(f"{OPTIONS}.path_to_docs", "")
    branch: str = _as(f"{OPTIONS}.repository_branch", "master")


class _Sphinx(Keys):
    extra_extensions: list[str] | None = None
    local_extensions: dict[str, str] | None = None
    recursive_update: bool = False
    config: dict[str, Any] | None = None


class BookKeys(Keys):
    """All keys that Jupyter Book reads."""

    title: str = _as("html_title", "My Jupyter Book")
    author: str = _as("author", "The Jupyter Book community")
    copyright: str = _as("copyright", "2023")
    logo: str = _as("html_logo", "")
    project: Any = _as("project")
    exclude_patterns: list[str] = []
    only_build_toc_files: bool = _as("external_toc_exclude_missing", False)
    bibtex_bibfiles: list[str] | None = _as("bibtex_bibfiles")
    bibtex_reference_style: Any = None
    parse: _Parse = _Parse()
    execute: _Execute = _Execute()
    html: _Html = _Html()
    latex: _Latex = _Latex()
    launch_buttons: _LaunchButtons = _as(f"{OPTIONS}.launch_buttons", _LaunchButtons())
    repository: _Repository = _Repository()
    sphinx: _Sphinx = _Sphinx()


_OPTIONAL = {
    *("sphinx_togglebutton", "sphinx_copybutton", "jupyter_book", "sphinx_thebe", "sphinx_comments"),
    *("sphinx_jupyterbook_latex", "sphinx_multitoc_numbering"),
}
"""The extensions that Jupyter Book brings, and without which a book can be built."""
_EXTENSIONS = (
    *("sphinx_togglebutton", "sphinx_copybutton", "myst_nb", "jupyter_book", "sphinx_thebe"),
    *("sphinx_comments", "sphinx_external_toc", "sphinx.ext.intersphinx", "sphinx_design"),
    "sphinx_book_theme",
)
_VALUES_OF = {
    "use_jupyterbook_latex": "jupyter_book",
    "use_multitoc_numbering": "jupyter_book",
    "comments_config": "sphinx_comments",
}
"""The settings that only one of these extensions knows."""


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def sphinx_settings(book: BookKeys, is_installed: Callable[[str], bool] = _is_installed) -> dict[str, Any]:
    """Return Sphinx's settings for ``book``, except those that depend on other files."""
    found: dict[str, Any] = {
        "extensions": _extensions(book, is_installed),
        "pygments_style": "sphinx",
        "html_theme": "sphinx_book_theme",
        OPTIONS: {"search_bar_text": "Search this book..."},
        "html_sourcelink_suffix": "",
        "numfig": True,
        "suppress_warnings": ["myst.domains"],
        "exclude_patterns": sorted({*EXCLUDED, *book.exclude_patterns}),
    }
    for name, value in _named(book):
        *above, last = name.split(".")
        below = found
        for key in above:
            below = below[key]
        below[last] = value
    extensions = dict.fromkeys(book.parse.myst_enable_extensions or MYST_EXTENSIONS)
    found["myst_enable_extensions"] = [*extensions]
    found["nb_execution_mode"] = found["nb_execution_mode"] or "off"  # YAML takes `off` for false
    _update(found, _own(book), recursively=book.sphinx.recursive_update)
    for name, extension in (
        ("use_jupyterbook_latex", "sphinx_jupyterbook_latex"),
        ("use_multitoc_numbering", "sphinx_multitoc_numbering"),
    ):
        if found.get(name) and is_installed(extension):
            found["extensions"].append(extension)
    unknown = {name for name, extension in _VALUES_OF.items() if not is_installed(extension)}
    return {name: value for name, value in found.items() if name not in unknown}


def _extensions(book: BookKeys, is_installed: Callable[[str], bool]) -> list[str]:
    known = [name for name in _EXTENSIONS if name not in _OPTIONAL or is_installed(name)]
    own = [*(book.sphinx.extra_extensions or ()), *(book.sphinx.local_extensions or ())]
    has_bibliography = book.bibtex_bibfiles is not None or book.bibtex_reference_style is not None
    return [*dict.fromkeys([*known, *own]), *(["sphinxcontrib.bibtex"] if has_bibliography else ())]


def _named(keys: Keys) -> Iterator[tuple[str, Any]]:
    """Yield the settings of ``keys`` by the names that Sphinx has for them."""
    for key, field in type(keys).model_fields.items():
        value, name = getattr(keys, key), field.serialization_alias
        if isinstance(value, Keys):
            yield from [(name, value.model_dump(exclude_none=True))] if name else _named(value)
        elif name and value is not None:
            yield name, deepcopy(value)


def _own(book: BookKeys) -> dict[str, Any]:
    """Return the settings that the book gives by Sphinx's own names; those of MathJax have changed."""
    own = deepcopy(book.sphinx.config or {})
    if "mathjax_config" in own:
        version = 2 if "@2" in own.get("mathjax_path", "") else 3
        own[f"mathjax{version}_config"] = own.pop("mathjax_config")
    return own


def _update(settings: dict[str, Any], own: Mapping[str, Any], *, recursively: bool) -> None:
    for key, value in own.items():
        known = settings.get(key)
        if recursively and isinstance(known, dict) and isinstance(value, dict):
            _update(known, value, recursively=True)
        else:
            settings[key] = value


def read_keys(text: str) -> tuple[BookKeys, list[Fault]]:
    """Return what the text of ``_config.yml`` says, and its faults; a wrong value is as if not given."""
    data, faults = deepcopy(load_yaml(text)), list[Fault]()
    try:
        book = validate(BookKeys, data, CONFIG_FILE, text, ())
    except ConfigError as error:
        faults += error.faults
        book = BookKeys.model_validate(_valid(BookKeys, data))
    buttons = ("use_repository_button", "use_edit_page_button", "use_issues_button")
    wanted = [name for name in buttons if getattr(book.html, name)]
    if wanted and not (book.repository.url and "url" in book.repository.model_fields_set):
        place, hint = ("html", wanted[0]), "give it as url under repository"
        message = f"{'.'.join(place)}: a button that leads to the repository needs its address"
        faults.append(Fault(CONFIG_FILE, find_line(text, place), message, hint))
    return book, faults


def _valid(model: type[Keys], data: Any) -> dict[str, Any]:
    """Return those of the keys in ``data`` that have valid values."""
    found = {}
    for key, value in data.items() if isinstance(data, dict) else ():
        field = model.model_fields.get(str(key))
        if field is None:
            continue
        below = field.annotation
        if isinstance(below, type) and issubclass(below, Keys):
            found[key] = _valid(below, value)
            continue
        try:
            model.model_validate({key: value})
        except ValueError:
            continue
        found[key] = value
    return found


def sphinx_config(root: Path) -> dict[str, Any]:
    """Return all settings of Sphinx for the book in ``root``, as its ``conf.py`` would give them.

    The folders of its own extensions are put on Python's path.

    Raises:
        ConfigError: ``_config.yml`` has values that are of the wrong type, or do not go together.
    """
    book, faults = read_keys((root / CONFIG_FILE).read_text(encoding="utf-8"))
    if faults:
        raise ConfigError(sorted(faults))
    return config_of(root, book)


def config_of(root: Path, book: BookKeys) -> dict[str, Any]:
    """Return all settings of Sphinx for a book in ``root`` with these keys, as `sphinx_config` does."""
    for folder in (book.sphinx.local_extensions or {}).values():
        path = (root / folder).resolve().as_posix()
        if path not in sys.path:
            sys.path.append(path)
    settings = sphinx_settings(book)
    settings["external_toc_path"] = (root / TOC_FILE).as_posix()
    if (root / "_static").is_dir():
        static = [*settings.get("html_static_path", ()), "_static"]
        settings["html_static_path"] = static
        for name, suffix in (("html_css_files", "css"), ("html_js_files", "js")):
            files = [file.relative_to(root / one) for one in static for file in _files(root / one, suffix)]
            if files:
                settings[name] = [*settings.get(name, ()), *(file.as_posix() for file in files)]
    return settings


def _files(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.rglob(f"*.{suffix}"))
