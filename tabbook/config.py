"""The book's configuration: one typed tree, read from ``_config.yml``.

Jupyter Book reads the same files; what is ours stands under ``sphinx.config.tabbook``.
"""

import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from tabbook import quantities
from tabbook.errors import ConfigError, Fault, nearest, suggestion, usage
from tabbook.yaml_text import find_line, load_yaml, not_yaml, repeated_keys

CONFIG_FILE = "_config.yml"
KEY_PATH = ("sphinx", "config", "tabbook")
_Model = TypeVar("_Model", bound=BaseModel)
Seconds = Annotated[float, BeforeValidator(quantities.seconds)]
"""A time: in the file a number of seconds, or text such as ``20min``."""
Size = Annotated[int, BeforeValidator(quantities.size)]
"""A size: in the file a number of bytes, or text such as ``6GB``."""
_PYTHON = re.compile(r"3\.\d{1,2}")
MYST_EXTENSIONS = ("colon_fence", "dollarmath", "linkify", "substitution", "tasklist")
"""The extensions of MyST that Jupyter Book enables where ``_config.yml`` names none."""
EXCLUDED = ("**.ipynb_checkpoints", ".DS_Store", "Thumbs.db", "_build")
"""What Jupyter Book leaves out in any case."""
_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_TAB = r"^[a-z][a-z0-9_-]*$"
_SHA1 = r"^[0-9a-f]{40}$"
_GITHUB = r"^https://github\.com/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$"
_PATTERNS = {
    _NAME: "a name that Python allows",
    _TAB: "a name of small letters, digits, '-' and '_'",
    _SHA1: "a SHA-1 in 40 hexadecimal digits",
    _GITHUB: "a repository's address, such as https://github.com/OWNER/NAME",
}
_TYPES = {
    "string_type": "text; put it in quotes if YAML takes it for something else",
    "tuple_type": "a list, such as [a, b]",
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


class _Tree(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _python(value: object) -> str:
    """Return a version of Python as a tab names it: ``3.11``.

    Raises:
        ValueError: ``value`` is no such version, or not text.
    """
    if isinstance(value, str) and _PYTHON.fullmatch(value):
        return value
    # Patches are not named: packages are built for 3.11, whichever patch of it there is.
    unquoted = " (without quotes, YAML takes 3.10 for 3.1)" if isinstance(value, float) else ""
    raise ValueError(f'this must be a version of Python in quotes, such as "3.11"{unquoted}')


class Tab(_Tree):
    """A framework of the book: how it is called, and where its library and environment are."""

    name: str
    """The framework's name as readers know it: ``PyTorch``."""
    module: Annotated[str, Field(pattern=_NAME)]
    """The module of the library that holds its code: ``torch`` for ``d2l.torch``."""
    requirements: str
    """The pinned packages of its environment: a file, relative to the book."""
    python: Annotated[str, BeforeValidator(_python)] | None = None
    """The version of Python that its environment is made with; that of the builder, if not said."""
    preamble: str | None = None
    """Code that begins its module of the library, written by hand: a file, relative to the book."""


class Library(_Tree):
    """Where the generated library goes, and the name that imports it."""

    path: str = "d2l_lib"
    package: Annotated[str, Field(pattern=_NAME)] = "d2l"
    keep_overridden: bool = False
    """Whether a class keeps the methods that later sections define anew, as d2lbook's does."""
    allow_undefined: bool = False
    """Whether saved code may use names that the library does not have, as in a page of another book."""


class DataFile(_Tree):
    """A file that sections read: where it comes from and what it must be."""

    url: str
    sha1: Annotated[str, Field(pattern=_SHA1)]


class Repository(_Tree):
    """Where the exported notebooks are published, for Colab and Binder.

    Each framework has a branch of its own, with the content of its folder of exported
    notebooks: Binder makes one environment per branch. ``{tab}`` stands for the framework.
    """

    url: Annotated[str, Field(pattern=_GITHUB)]
    branch: Annotated[str, Field(pattern=r"^[\w./-]*\{tab\}[\w./-]*$")] = "notebooks-{tab}"


class _OwnSettings(_Tree):
    """All of ``sphinx.config.tabbook``. The order of ``tabs`` is the order of the pages' tabs."""

    tabs: Annotated[dict[Annotated[str, Field(pattern=_TAB)], Tab], Field(min_length=1)]
    library: Library = Library()
    data: dict[str, DataFile] = {}
    timeout: Seconds = 1200
    """Seconds that a job may take, unless its section says otherwise."""
    cell_timeout: Seconds | None = None
    """Seconds that a cell may take, unless its section says otherwise; as long as its job, if not said."""
    memory: Size | None = None
    """Bytes of memory that a job may take, unless its section says otherwise; all, if not said."""
    output_limit: Size = 200_000
    """Characters that a cell may print on one stream: of more, the middle is left out, visibly."""
    remote: str | None = None
    """Where ``--pull`` looks for outputs, and ``tabbook store push`` puts them: a URL."""
    names: dict[Annotated[str, Field(pattern=_NAME)], dict[str, str]] = {}
    """Portable names: for each name, each tab's own way (see ``tabbook.project.names``)."""
    exports: bool = False
    """Whether the site offers notebooks and slides, linked from every page."""
    repository: Repository | None = None
    """Where the exported notebooks are published; without it no page links to Colab and Binder."""


class BookSettings(_OwnSettings):
    """The book's settings: ours, and those of Jupyter Book that decide how a section is read."""

    myst_extensions: tuple[str, ...] = MYST_EXTENSIONS
    """The extensions of MyST that the book enables, sorted."""
    exclude_patterns: tuple[str, ...] = EXCLUDED
    """Patterns of the files and folders that Jupyter Book leaves out."""
    only_build_toc_files: bool = False
    """Whether Jupyter Book leaves out pages that are not in the contents."""
    language: str = "en"
    """The language of the book, as Sphinx names it."""


class SectionSettings(_Tree):
    """What a section's front matter may say under ``tabbook:``."""

    tabs: tuple[str, ...] | None = None
    """The frameworks that the section has; all, if it does not say."""
    saves_for: tuple[str, ...] = ()
    """Other frameworks whose library gets what its cells for all save."""
    data: tuple[str, ...] = ()
    """The names of the data files that its code reads."""
    files: tuple[str, ...] = ()
    """The files and folders that its code reads or imports, relative to its own folder."""
    timeout: Seconds | None = None
    """Seconds that one of its jobs may take."""
    cell_timeout: Seconds | None = None
    """Seconds that one of its cells may take."""
    memory: Size | None = None
    """Bytes of the machine's memory that one of its jobs may take."""
    gpu: bool = False
    """Whether readers should run it with a GPU: exported notebooks ask Colab for one."""
    gpus: Annotated[int, Field(ge=0)] = 0
    """How many GPUs one of its jobs needs."""
    gpu_memory: Size | None = None
    """How many bytes of memory a job needs on each of its GPUs; all that they have, if not said."""

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
    for sub in (Tab, Library, DataFile, Repository) if model is _OwnSettings else ():
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
        for found in error.errors():
            where = (*keys, *found["loc"])
            message, hint = _words(found, model)
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
