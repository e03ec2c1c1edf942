"""Misspelt keys of Jupyter Book's in ``_config.yml``, which it ignores silently.

The keys below ``sphinx.config`` are Sphinx's, its extensions' and ours: they check these themselves.
"""

from collections.abc import Iterator
from typing import Any

from tabbook.config import CONFIG_FILE
from tabbook.errors import Fault, nearest, suggestion
from tabbook.sphinx_config import BookKeys, Keys
from tabbook.yaml_text import find_line, load_yaml


def check_configuration(text: str) -> list[Fault]:
    """Return the keys in the text of ``_config.yml`` that Jupyter Book does not know."""
    return [
        Fault(CONFIG_FILE, find_line(text, path), f"{'.'.join(path)}: unknown key", _hint(path[-1], keys))
        for path, keys in _unknown(load_yaml(text), BookKeys, ())
    ]


def _unknown(
    data: Any, keys: type[Keys], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], type[Keys]]]:
    """Yield the unknown keys, each as a path, with the keys that are known there."""
    for key, value in data.items() if isinstance(data, dict) else ():
        path, field = (*above, str(key)), keys.model_fields.get(str(key))
        if field is not None:
            below = field.annotation
            if isinstance(below, type) and issubclass(below, Keys):
                yield from _unknown(value, below, path)
        elif not str(key).startswith(("x-", "_")):  # where authors keep what YAML's anchors name
            yield path, keys


def _hint(key: str, keys: type[Keys]) -> str:
    return suggestion(nearest(key, keys.model_fields), "remove it: Jupyter Book has no such key here")
