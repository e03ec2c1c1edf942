"""A framework is a value: what ``_config.yml`` says about one, under ``tabs``.

No module of tabbook knows a framework by name. What differs between two frameworks is a field here.
"""

import ast
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from tabbook.environ import RESERVED

__all__ = ["Tab"]

NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
VARIABLES = r"^[A-Za-z_][A-Za-z0-9_]*\*?$"
_PYTHON = re.compile(r"3\.\d{1,2}")


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


def _expression(value: str) -> str:
    """Return ``value`` if it is an expression of Python.

    Raises:
        ValueError: It is not.
    """
    try:
        ast.parse(value.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"this must be an expression of Python ({error.msg})") from None
    return value.strip()


def _pattern(value: str) -> str:
    """Return ``value`` if it is a regular expression for the beginning of some lines.

    Raises:
        ValueError: It is none, or every line begins so.
    """
    try:
        is_empty = re.match(value, "")
    except re.error as error:
        raise ValueError(f"this must be a regular expression ({error})") from None
    if is_empty:
        raise ValueError("this regular expression fits every line")
    return value


def _settable(name: str) -> str:
    """Return ``name`` if a framework may set the variable of that name.

    Raises:
        ValueError: tabbook sets it.
    """
    if RESERVED.fullmatch(name):
        raise ValueError("tabbook sets this variable itself, so a tab may not")
    return name


def _same_for_all(value: str) -> str:
    """Return the value of a variable that is part of the key of a job.

    Raises:
        ValueError: It would differ from run to run.
    """
    for placeholder, what in (("{threads}", "the number of cores"), ("{home}", "the home folder")):
        if placeholder in value:
            raise ValueError(f"{what} differs from run to run: write this under unkeyed_variables")
    return value


_VariableName = Annotated[str, Field(pattern=NAME), AfterValidator(_settable)]
Variables = dict[_VariableName, str]
"""Environment variables with their values."""


class Tab(BaseModel, extra="forbid", frozen=True):
    """A framework: its name, its module of the library, its environment, and how its code runs.

    Only `name`, `module` and `requirements` are required.
    """

    name: str
    """The framework's name, as readers know it. Example: `PyTorch`"""
    module: Annotated[str, Field(pattern=NAME)]
    """The module of the library that holds its code. Example: `torch`, for `d2l.torch`"""
    requirements: str
    """The file with the pinned packages of its environment, relative to the book.

    Example: `requirements/jax.txt`
    """
    python: Annotated[str, BeforeValidator(_python)] | None = None
    """The version of Python in its environment; by default the version that runs tabbook.

    Example: `"3.11"`, in quotes
    """
    preamble: str | None = None
    """A file, relative to the book, with handwritten code that begins its module of the library.

    Example: `library/torch.py`
    """
    distribution: str | None = None
    """The installed package whose version pages show; by default the name in `module`.

    Example: `scikit-learn`
    """
    variables: dict[_VariableName, Annotated[str, AfterValidator(_same_for_all)]] = {}
    """Environment variables that its code gets, in exported notebooks too.

    They are part of the key of a job: with another value, the outputs are made again.
    Example: `{KERAS_BACKEND: jax}`
    """
    unkeyed_variables: Variables = {}
    """Environment variables that change only logs, speed or memory, and no output.

    They are not part of any key. In a value, `{threads}` is the number of cores that the job
    may use, and `{home}` its home folder, which is empty when it starts.
    Example: `{TF_CPP_MIN_LOG_LEVEL: "3"}`
    """
    pass_variables: tuple[Annotated[str, Field(pattern=VARIABLES)], ...] = ()
    """The variables of your own environment that its code sees; a `*` at the end matches any ending.

    Variables that begin with the name of the tab or of its module, such as `JAX_…`, are always passed
    on. A variable whose name looks like that of a credential never is. Example: `[XLA_*]`
    """
    device: Annotated[str, AfterValidator(_expression)] | None = None
    """A Python expression, evaluated after the last cell, that is true if the code used a GPU.

    It may use all modules that the code has imported, by their full names. It may also give the name
    of a device as text. Without it, or where it fails, the code counts as having used a GPU if its
    process has one open. Example: `mxnet.context.num_gpus() > 0`
    """
    log_lines: tuple[Annotated[str, AfterValidator(_pattern)], ...] = ()
    """Regular expressions for the beginnings of log lines of native code that pages do not show.

    Lines of glog, absl and other loggers that begin with a time and a source file are left out in any
    case. Example: `["To enable the following instructions:"]`
    """
    binder_requirements: tuple[str, ...] = ()
    """Lines that come first in the requirements for Binder, which has no GPU.

    Example: `["--extra-index-url https://download.pytorch.org/whl/cpu"]`
    """

    @property
    def distribution_name(self) -> str:
        """The package whose version counts as the framework's."""
        return self.distribution or self.module

    def passed(self, tab: str) -> tuple[str, ...]:
        """Return the names of the user's variables that its code sees, if it is called ``tab``."""
        own = (f"{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_*" for name in (tab, self.module))
        return tuple(dict.fromkeys((*self.pass_variables, *own)))

    def environ(self, home: Path, threads: int = 1) -> dict[str, str]:
        """Return the variables that its code gets where its home folder is ``home``.

        It may keep ``threads`` cores busy.
        """
        unkeyed = {
            name: text.replace("{threads}", str(threads)).replace("{home}", str(home))
            for name, text in self.unkeyed_variables.items()
        }
        return unkeyed | self.variables
