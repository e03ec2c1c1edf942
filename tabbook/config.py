"""The book's configuration: one typed tree, read from ``_config.yml``.

Jupyter Book reads the same files; our own settings are under ``sphinx.config.tabbook``.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from tabbook import quantities
from tabbook.errors import ConfigError, Fault, nearest, suggestion, usage
from tabbook.framework import NAME, VARIABLES, Tab
from tabbook.yaml_text import find_line, load_yaml, not_yaml, repeated_keys

__all__ = [
    "CONFIG_FILE",
    "BookSettings",
    "DataFile",
    "LibrarySettings",
    "Repository",
    "SectionSettings",
    "Tab",
    "find_book",
    "read_settings",
]

CONFIG_FILE = "_config.yml"
"""The file of the settings, at the root of the book."""
KEY_PATH = ("sphinx", "config", "tabbook")
_Model = TypeVar("_Model", bound=BaseModel)
Seconds = Annotated[float, BeforeValidator(quantities.seconds)]
"""A time: in the file a number of seconds, or text such as ``20min``."""
Size = Annotated[int, BeforeValidator(quantities.size)]
"""A size: in the file a number of bytes, or text such as ``6GB``."""


def _addresses(value: Any) -> Any:
    """Return one address as a list of one.

    Raises:
        ValueError: It is neither an address nor a list of addresses that differ.
    """
    addresses = [value] if isinstance(value, str) else value
    if not isinstance(addresses, (list, tuple)) or not all(isinstance(one, str) and one for one in addresses):
        raise ValueError("this must be an address or a list of addresses")
    if not addresses or len(addresses) > len({*addresses}):
        raise ValueError("this must have at least one address, and none of them twice")
    return addresses


Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]
"""Where a file is: in the file one address, or a list of them."""
MYST_EXTENSIONS = ("colon_fence", "dollarmath", "linkify", "substitution", "tasklist")
"""The extensions of MyST that Jupyter Book enables where ``_config.yml`` names none."""
EXCLUDED = ("**.ipynb_checkpoints", ".DS_Store", "Thumbs.db", "_build")
"""What Jupyter Book leaves out in any case."""
_TAB = r"^[a-z][a-z0-9_-]*$"
_SHA1 = r"^[0-9a-f]{40}$"
_SCRIPT = r"^[^/~\\].*\.py$"
_GITHUB = r"^https://github\.com/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$"
_PATTERNS = {
    NAME: "a name that Python allows",
    VARIABLES: "the name of a variable, or its beginning and '*', such as DEMO_*",
    _TAB: "a name of small letters, digits, '-' and '_'",
    _SHA1: "a SHA-1 in 40 hexadecimal digits",
    _SCRIPT: "the path of a Python file in the book, such as data/garments.py",
    _GITHUB: "a repository's address, such as https://github.com/OWNER/NAME",
}
_TYPES = {
    "string_type": "text; put it in quotes if YAML takes it for something else",
    "tuple_type": "a list, such as [a, b]",
    "list_type": "a list, such as [a, b]",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "greater_than": "more than 0",
    "too_short": "a mapping with at least one entry",
    "greater_than_equal": "0 or more",
}


class LibrarySettings(BaseModel, extra="forbid", frozen=True):
    """The library that the saved code of the sections becomes."""

    path: str = "d2l_lib"
    """The folder that the library is written to, relative to the book."""
    package: Annotated[str, Field(pattern=NAME)] = "d2l"
    """The package that code imports: `from d2l import torch as d2l`."""
    keep_overridden: bool = False
    """Whether a class keeps earlier versions of the methods that later sections define again."""
    allow_undefined: bool = False
    """Whether saved code may use names that the library does not define."""


class DataFile(BaseModel, extra="forbid", frozen=True):
    """A data file that sections read. It is looked for in `$D2L_DATA` and in the cache.

    If it is not there, it is downloaded from `url` or made by `script`; a file has one of the two.
    """

    url: Addresses = ()
    """The address that the file is downloaded from: `https:`, `s3:`, or another that fsspec knows.

    A list has mirrors: each is tried if those before it fail. Example: `https://example.org/novel.txt`
    """
    sha1: Annotated[str, Field(pattern=_SHA1)]
    """The SHA-1 of the file, in 40 hexadecimal digits. A file with another one is not used."""
    script: Annotated[str, Field(pattern=_SCRIPT)] | None = None
    """A Python program of the book that writes the file to the path in its first argument.

    It runs in the environment that builds the book. Example: `data/garments.py`
    """

    @model_validator(mode="after")
    def _has_one_origin(self) -> "DataFile":
        if bool(self.url) == bool(self.script):
            raise ValueError("a data file has either url or script: write where it comes from")
        return self


class Repository(BaseModel, extra="forbid", frozen=True):
    """Where the exported notebooks are published, for Colab and Binder.

    Each framework has a branch of its own, since Binder makes one environment per branch.
    """

    url: Annotated[str, Field(pattern=_GITHUB)]
    """The address of the repository. Example: `https://github.com/OWNER/NAME`"""
    branch: Annotated[str, Field(pattern=r"^[\w./-]*\{tab\}[\w./-]*$")] = "notebooks-{tab}"
    """The name of the branch of a framework; `{tab}` is its tab."""


class _OwnSettings(BaseModel, extra="forbid", frozen=True):
    """The settings of the book, in `_config.yml` under `sphinx.config.tabbook`."""

    tabs: Annotated[dict[Annotated[str, Field(pattern=_TAB)], Tab], Field(min_length=1)]
    """The frameworks of the book, by tab. Their order is the order of the tabs on the pages."""
    library: LibrarySettings = LibrarySettings()
    """The library that is generated from saved code."""
    data: dict[str, DataFile] = {}
    """The data files that sections may read, by name."""
    timeout: Seconds = 1200
    """The time that a job may take, unless its section says otherwise."""
    cell_timeout: Seconds | None = None
    """The time that a cell may take, unless its section says otherwise; without it, as long as the job."""
    memory: Size | None = None
    """The memory that a job may take, unless its section says otherwise; without it, all that there is.

    Example: `6GB`
    """
    output_limit: Size = 200_000
    """How much a cell may print on one stream. Of more, the middle is left out, with a mark."""
    remote: str | None = None
    """A remote store of outputs, for `--pull` and `tabbook store push`.

    Example: `https://example.org/book/_outputs`
    """
    names: dict[Annotated[str, Field(pattern=NAME)], dict[str, str]] = {}
    """The portable names, each with what it is in each tab.

    Example: `{size: {numpy: np.size, pytorch: "lambda a: a.numel()"}}`
    """
    exports: bool = False
    """Whether the site offers notebooks and slides, with links on every page."""
    repository: Repository | None = None
    """Where the exported notebooks are published. Without it, pages have no links to Colab and Binder."""


class BookSettings(_OwnSettings, frozen=True):
    """The book's settings: ours, and those of Jupyter Book that decide how a section is read."""

    myst_extensions: tuple[str, ...] = MYST_EXTENSIONS
    """The extensions of MyST that the book enables, sorted."""
    exclude_patterns: tuple[str, ...] = EXCLUDED
    """Patterns of the files and folders that Jupyter Book leaves out."""
    only_build_toc_files: bool = False
    """Whether Jupyter Book leaves out pages that are not in the contents."""
    language: str = "en"
    """The language of the book, as Sphinx names it."""


class SectionSettings(BaseModel, extra="forbid", frozen=True):
    """The settings of a section, in its front matter under `tabbook`."""

    tabs: tuple[str, ...] | None = None
    """The frameworks that the section has; without it, all of the book's. Example: `[pytorch, jax]`"""
    saves_for: tuple[str, ...] = ()
    """Other frameworks whose library gets what the section saves in cells for all frameworks."""
    data: tuple[str, ...] = ()
    """The data files that the code reads, by the names in `_config.yml`. Example: `[timemachine.txt]`"""
    files: tuple[str, ...] = ()
    """The files and folders of the book that the code reads or imports, relative to the section.

    Example: `[net.png, helpers]`
    """
    timeout: Seconds | None = None
    """The time that a job of the section may take; without it, the book's. Example: `10min`"""
    cell_timeout: Seconds | None = None
    """The time that a cell may take; without it, the book's. Example: `90s`"""
    memory: Size | None = None
    """The memory that a job may take; without it, the book's. Example: `4GB`"""
    gpu: bool = False
    """Whether readers should run the section with a GPU: its exported notebooks ask Colab for one."""
    gpus: Annotated[int, Field(ge=0)] = 0
    """How many GPUs a job needs. A machine with fewer leaves the job to others."""
    gpu_memory: Size | None = None
    """The memory that a job needs on each of its GPUs; without it, all. Example: `6GB`"""

    @model_validator(mode="after")
    def _memory_is_of_a_gpu(self) -> "SectionSettings":
        if self.gpu_memory is not None and not self.gpus:
            raise ValueError("gpu_memory says nothing without gpus: add gpus: 1")
        return self


def _words(error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Return message and hint for one of pydantic's findings."""
    if error["type"] == "extra_forbidden":
        known = sorted(_fields(model))
        return "unknown key", suggestion(nearest(str(error["loc"][-1]), known), "remove it")
    if error["type"] == "missing":
        return "a required key is missing", "add it"
    if error["type"] == "value_error" and isinstance(error["input"], dict):
        message, _, hint = str(error["ctx"]["error"]).partition(": ")
        return message, hint
    if error["type"] == "value_error":
        return str(error["ctx"]["error"]), f"it says {error['input']!r}"
    is_name = error["type"] == "string_pattern_mismatch"
    wanted = _PATTERNS[error["ctx"]["pattern"]] if is_name else _TYPES.get(error["type"])
    said = f"it says {error['input']!r}"
    return (f"this must be {wanted}", said) if wanted else (error["msg"][0].lower() + error["msg"][1:], said)


def _fields(model: type[BaseModel]) -> set[str]:
    """Return every key that a tree of settings knows, at any level."""
    names = set(model.model_fields)
    for sub in (Tab, LibrarySettings, DataFile, Repository) if model is _OwnSettings else ():
        names |= set(sub.model_fields)
    return names


def validate(
    model: type[_Model], data: Any, path: str, text: str, keys: tuple[str, ...], first_line: int = 0
) -> _Model:
    """Return ``data`` as ``model``.

    Raises:
        ConfigError: One fault per finding; each says ``path``, the line and the key's path.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = []
        for detail in error.errors():
            where = (*keys, *detail["loc"])
            message, hint = _words(detail, model)
            line = find_line(text, where)
            dotted = ".".join(str(part) for part in where if part != "[key]")
            faults.append(Fault(path, first_line + line, f"{dotted}: {message}", hint))
        raise ConfigError(faults) from None


def _at(data: Any, *keys: str) -> Any:
    """Return what is under ``keys`` in nested mappings; None if nothing is."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _names(data: Any, *keys: str) -> tuple[str, ...]:
    """Return a list of Jupyter Book's settings, sorted; Sphinx's own setting of that name comes first."""
    given = _at(data, "sphinx", "config", keys[-1])
    given = _at(data, *keys) if given is None else given
    return tuple(sorted(map(str, given))) if isinstance(given, list) else ()


def read_settings(text: str, path: str = CONFIG_FILE) -> BookSettings:
    """Return the book's settings from the text of its ``_config.yml``.

    Raises:
        ConfigError: The text is not YAML, has no ``sphinx.config.tabbook``, or breaks its rules.
    """
    try:
        data = load_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError([not_yaml(path, error)]) from None
    own = _at(data, *KEY_PATH)
    if own is None:
        missing = ".".join(KEY_PATH)
        raise ConfigError([Fault(path, 0, f"there is no {missing}", "add it, with the book's tabs")])
    settings = BookSettings.model_construct(
        **dict(validate(_OwnSettings, own, path, text, KEY_PATH)),
        myst_extensions=_names(data, "parse", "myst_enable_extensions") or MYST_EXTENSIONS,
        exclude_patterns=tuple(sorted({*EXCLUDED, *_names(data, "exclude_patterns")})),
        only_build_toc_files=_at(data, "only_build_toc_files") is True,
        language=str(_at(data, "sphinx", "config", "language") or "en"),
    )
    faults = [
        Fault(
            path,
            find_line(text, (*KEY_PATH, "names", name, tab)),
            f"{'.'.join(KEY_PATH)}.names.{name}: unknown tab {tab!r}",
            f"the tabs are {', '.join(settings.tabs)}",
        )
        for name, ways in settings.names.items()
        for tab in ways
        if tab not in settings.tabs
    ]
    modules: dict[str, str] = {}
    for tab, about in settings.tabs.items():
        if modules.setdefault(about.module, tab) != tab:
            place = (*KEY_PATH, "tabs", tab, "module")
            message = f"{'.'.join(place)}: {about.module!r} is the module of {modules[about.module]} already"
            faults.append(Fault(path, find_line(text, place), message, "give each tab a module of its own"))
    faults += [Fault(path, *what) for what in repeated_keys(text)]
    if faults:
        raise ConfigError(faults)
    return settings


def find_book(start: Path) -> Path:
    """Return the nearest folder, from ``start`` upwards, that holds a ``_config.yml``.

    Raises:
        UsageError: There is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).is_file():
            return folder
    raise usage(f"no {CONFIG_FILE} in {start} or above it", "run tabbook in a book, or name one with --book")
