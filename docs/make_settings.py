"""Write docs/settings.md, the reference of all settings, from the docstrings of tabbook.config.

Run it with ``make settings``. A test fails where the page is out of date.
"""

import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from tabbook.config import Addresses, BookSettings, Seconds, SectionSettings, Size

PAGE = Path(__file__).with_name("settings.md")
_WORDS = {str: "text", bool: "true or false", int: "whole number"}
_HEAD = """\
<!-- Written by make settings from the docstrings of tabbook.config and tabbook.framework. -->

# Settings

All keys that tabbook reads. An unknown key, or one that is given twice, is an error.

A *time* is a number of seconds or text such as `90s`, `20min` and `1h 30min`. A *size* is a number of
bytes or text such as `512MB` and `6GB` (`MiB` and `GiB` are powers of 1024).

Of Jupyter Book's own settings, tabbook reads `parse.myst_enable_extensions`, `exclude_patterns`,
`only_build_toc_files`, `html.baseurl` and `sphinx.config.language`.
"""


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each field of a model, by the field's name."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(str(below.value.value))
        for field, below in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }


def models(hint: Any) -> Iterator[type[BaseModel]]:
    """Yield the models inside a type."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for part in get_args(hint):
        yield from models(part)


def kind(hint: Any) -> str:
    """Return what a value of a type is, in words."""
    if hint == Addresses:
        return "text or list of text"
    if hint in (Seconds, Size):
        return "time" if hint == Seconds else "size"
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return f"[{words(hint)}](#{words(hint).replace(' ', '-')})"
    parts = [part for part in get_args(hint) if part not in (NoneType, ...)]
    if get_origin(hint) is tuple:
        return f"list of {kind(parts[0])}"
    if get_origin(hint) is dict:
        return f"mapping to {kind(parts[1])}"
    if get_origin(hint) in (Annotated, Union, UnionType):
        return kind(parts[0])
    return _WORDS[hint]


def words(model: type[BaseModel]) -> str:
    """Return the heading of a model: ``data file`` for ``DataFile``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__.removesuffix("Settings")).lower()


def default(model: type[BaseModel], name: str) -> str:
    """Return what holds where a key is not given."""
    field = model.model_fields[name]
    if field.is_required():
        return "required"
    value = field.default
    return (
        ""
        if value in (None, {}, ()) or isinstance(value, BaseModel)
        else f"`{json.dumps(value)}`".replace('"', "")
    )


def table(model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines of the table of a model's keys.

    Raises:
        KeyError: A field has no docstring.
    """
    hints, about = get_type_hints(model, include_extras=True), docstrings(model)
    yield "| key | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name in model.__annotations__:
        meaning, _, example = " ".join(about[name].split()).partition("Example: ")
        example = f" For example {example.strip()}." if example else ""
        cells = (f"`{name}`", kind(hints[name]), default(model, name), meaning.strip() + example)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def section(heading: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines of the section of a model."""
    yield from (f"\n## {heading}\n", *inspect.cleandoc(model.__doc__ or "").splitlines(), "", *table(model))


def page() -> str:
    """Return the text of the page."""
    book = BookSettings.__mro__[1]  # without what it takes from Jupyter Book's settings
    lines = [_HEAD.rstrip("\n"), *section("Book", book)]
    inner = dict.fromkeys(
        found for hint in get_type_hints(book, include_extras=True).values() for found in models(hint)
    )
    for model in inner:
        lines += section(words(model).capitalize(), model)
    return "\n".join([*lines, *section("Section", SectionSettings), ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
