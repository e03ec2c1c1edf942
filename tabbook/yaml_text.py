"""YAML text: what it says, and in which line it says it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import yaml

from tabbook.errors import Fault


def load_yaml(text: str) -> Any:
    """Return what ``text`` holds, quickly where libyaml is there; Python's own parser says what is wrong.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    with contextlib.suppress(yaml.YAMLError, AttributeError, ValueError):
        return yaml.load(text, Loader=yaml.CSafeLoader)
    try:
        return yaml.safe_load(text)
    except ValueError as error:  # a date that no calendar has
        raise yaml.YAMLError(str(error)) from None


def compose(text: str) -> yaml.Node | None:
    """Return the nodes of ``text`` with their places, read as `load_yaml` does; None, if there are none.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    with contextlib.suppress(yaml.YAMLError, AttributeError, ValueError):
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    return yaml.compose(text, Loader=yaml.SafeLoader)


def not_yaml(path: str, error: yaml.YAMLError) -> Fault:
    """Return the fault of a file that YAML's parser refuses."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return Fault(path, mark.line + 1 if mark else 0, f"not valid YAML: {problem}", "correct it")


def find_line(text: str, keys: tuple[str | int, ...]) -> int:
    """Return the line of ``text``, a YAML document, where the last findable key of ``keys`` is."""
    line, node = 0, compose(text)
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if name.value == str(key):
                    line, node = name.start_mark.line + 1, value
                    break
            else:
                break
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line


def repeated_keys(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, message and hint for each key that ``text``, a YAML document, gives a second time.

    YAML's parser keeps the last one and says nothing about the others.
    """
    nodes, seen = [compose(text)], set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            names = set[str]()
            for name, value in node.value:
                if isinstance(name, yaml.ScalarNode) and name.value in names:
                    yield (
                        name.start_mark.line + 1,
                        f"the key {name.value!r} appears twice",
                        "keep one",
                    )
                names.add(str(name.value))
                nodes.append(value)
