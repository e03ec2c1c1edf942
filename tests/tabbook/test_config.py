"""The book's configuration and its table of contents; faults are in ``bad/``."""

from pathlib import Path

import pytest
import yaml
from core_helpers import SETTINGS

from tabbook.config import BookSettings, find_book, read_settings
from tabbook.errors import Fault, TabbookError, usage
from tabbook.yaml_text import compose, find_line

MINIMAL = """
sphinx:
  config:
    tabbook:
      tabs:
        jax: {name: JAX, module: jax, requirements: r.txt}
"""


def test_what_need_not_be_said() -> None:
    settings = read_settings(MINIMAL)
    assert list(settings.tabs) == ["jax"]
    assert (settings.library.path, settings.library.package) == ("d2l_lib", "d2l")
    assert (settings.data, settings.names) == ({}, {})
    assert settings.timeout > 0


def test_the_order_of_the_tabs_is_the_books() -> None:
    assert list(SETTINGS.tabs) == ["pytorch", "jax", "mxnet"]
    assert BookSettings.model_validate(SETTINGS.model_dump()) == SETTINGS


def test_lines_of_keys() -> None:
    text = "a:\n  b:\n  - c: 1\n  - d:\n      e: 2\n"
    assert [find_line(text, keys) for keys in [("a",), ("a", "b", 0), ("a", "b", 1, "d", "e"), ("x",)]] == [
        1,
        3,
        5,
        0,
    ]
    assert find_line(text, ("a", "b", 9, "x")) == 2  # the last that is there
    assert find_line(text, ("a", "b", 0, "c", "z")) == 3
    assert find_line("", ("a",)) == 0


def test_a_book_is_found_from_any_folder_in_it(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text(MINIMAL, encoding="utf-8")
    inside = tmp_path / "chapters" / "one"
    inside.mkdir(parents=True)
    assert find_book(inside) == find_book(tmp_path) == tmp_path.resolve()


def test_a_folder_without_a_book(tmp_path: Path) -> None:
    with pytest.raises(
        TabbookError, match=r"no _config.yml in .*; run tabbook in a book, or name one with --book"
    ):
        find_book(tmp_path)


def test_faults_read_as_file_line_message_hint() -> None:
    assert str(Fault("a.md", 3, "wrong", "mend it")) == "a.md:3: wrong; mend it"
    assert str(Fault("a.md", 0, "wrong")) == "a.md: wrong"
    assert str(usage("no such tab", "try jax")) == "no such tab; try jax"


def test_faults_stand_in_the_order_of_their_places_and_once() -> None:
    faults = [Fault("b.md", 1, "x"), Fault("a.md", 10, "x"), Fault("a.md", 9, "x"), Fault("b.md", 1, "x")]
    assert [str(fault) for fault in TabbookError(faults).faults] == ["a.md:9: x", "a.md:10: x", "b.md:1: x"]


def nodes(node: yaml.Node | None) -> list[object]:
    if node is None:
        return []
    children = node.value if isinstance(node.value, list) else []
    below = [child for pair in children for child in (pair if isinstance(pair, tuple) else (pair,))]
    place = node.start_mark.line, node.start_mark.column
    value = node.value if isinstance(node, yaml.ScalarNode) else ""
    return [(node.tag, place, value), *(found for child in below for found in nodes(child))]


@pytest.mark.parametrize(
    "text",
    ["", "a: [1, {b: ü}]\n\nc:\n- |\n  text\n- &x 2.5\n- *x\n", "# só\n? [k]\n: 'v'\n", "a:\n  - b\n  -\n"],
)
def test_libyaml_places_nodes_as_pythons_parser_does(text: str) -> None:
    assert nodes(compose(text)) == nodes(yaml.compose(text, Loader=yaml.SafeLoader))


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "\ta: 1", "a: \x07", "a: *b", "- a\nb: c"])
def test_what_is_wrong_is_said_by_pythons_parser(text: str) -> None:
    with pytest.raises(yaml.YAMLError) as quick:
        compose(text)
    with pytest.raises(yaml.YAMLError) as slow:
        yaml.compose(text, Loader=yaml.SafeLoader)
    assert str(quick.value) == str(slow.value)
