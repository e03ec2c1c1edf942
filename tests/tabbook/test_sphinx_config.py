"""Sphinx's configuration made of `_config.yml`: the same as Jupyter Book's, and without Jupyter Book."""

# ruff: noqa: E501 - each fault on one line

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabbook.errors import ConfigError
from tabbook.sphinx_config import BookKeys, read_keys, sphinx_config, sphinx_settings

ROOT = Path(__file__).parents[2]
SPHINX: dict[str, Any] = {
    "html_theme_options": {"navbar_persistent": [], "launch_buttons": {"thebe": True}},
    "suppress_warnings": ["mystnb"],
    "numfig": False,
    "use_multitoc_numbering": False,
    "mathjax_config": {"tex": {}},
    "extensions": ["myst_nb"],
    "html_static_path": ["theirs"],
    "html_css_files": ["first.css"],
}
"""Settings of Sphinx that books give by name; each is in some of the configurations that are tried."""


def book(root: Path, config: dict[str, Any]) -> Path:
    """Write a book's configuration and its own styles."""
    (root / "_static" / "more").mkdir(parents=True, exist_ok=True)
    (root / "_static" / "more" / "own.css").write_text("")
    (root / "_static" / "own.js").write_text("")
    (root / "_config.yml").write_text(yaml.safe_dump(config))
    return root


def jupyter_books(root: Path) -> dict[str, Any]:
    """Return what Jupyter Book's own command gives Sphinx."""
    config = pytest.importorskip("jupyter_book.config")
    given = {"external_toc_path": (root / "_toc.yml").as_posix(), "latex_individualpages": False}
    with contextlib.redirect_stdout(io.StringIO()):
        found: dict[str, Any] = config.get_final_config(
            user_yaml=root / "_config.yml", cli_config=given, sourcedir=root, validate=False
        )[0]
    return found


def values(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return what Jupyter Book's schema allows for a key."""
    if name in ("config", "myst_substitutions"):
        return st.fixed_dictionaries({}, optional={key: st.just(value) for key, value in SPHINX.items()})
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("properties"):
        return st.fixed_dictionaries(
            {}, optional={key: values(key, below) for key, below in schema["properties"].items()}
        )
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][-1]
    text = st.sampled_from(["", "one", "two", "sphinx_proof"])
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "string": text,
        "boolean": st.booleans(),
        "number": st.integers(-1, 9),
        "array": st.lists(text, min_size=name == "bibtex_bibfiles", max_size=3),
        "object": st.dictionaries(text.filter(bool), text, max_size=2),
    }
    return by_kind[kind]


def configurations() -> Iterator[st.SearchStrategy[dict[str, Any]]]:
    with contextlib.suppress(ModuleNotFoundError):
        schema = json.loads((files("jupyter_book") / "config_schema.json").read_text())
        schema["properties"]["only_build_toc_files"] = {"type": "boolean"}
        schema["properties"]["html"]["properties"]["use_multitoc_numbering"] = {"type": "boolean"}
        yield values("", schema)


@pytest.fixture
def pythons_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:])


def test_this_book_is_configured_as_jupyter_book_configures_it() -> None:
    assert sphinx_config(ROOT) == jupyter_books(ROOT)


@pytest.mark.skipif(not [*configurations()], reason="Jupyter Book is not installed")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=next(configurations(), st.just({})))
@pytest.mark.usefixtures("pythons_path")
def test_any_book_is_configured_as_jupyter_book_configures_it(tmp_path: Path, config: dict[str, Any]) -> None:
    root = book(tmp_path, config)
    try:
        ours = sphinx_config(root)
    except ConfigError as error:
        assert "a button that leads to the repository needs its address" in str(error)
        with pytest.raises(ValueError, match="repository URL"):
            jupyter_books(root)
    else:
        assert ours == jupyter_books(root)


def test_without_jupyter_book_its_extensions_and_their_settings_are_left_out() -> None:
    found = sphinx_settings(BookKeys(), is_installed=lambda _package: False)
    assert found["extensions"] == [
        *("myst_nb", "sphinx_external_toc", "sphinx.ext.intersphinx", "sphinx_design", "sphinx_book_theme")
    ]
    assert not {"use_jupyterbook_latex", "use_multitoc_numbering", "comments_config"} & found.keys()
    assert (
        "sphinx_copybutton" in sphinx_settings(BookKeys(), is_installed=lambda _package: True)["extensions"]
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("title: 1984\n", "_config.yml:1: title: this must be text; put it in quotes if YAML takes it for something else; it says 1984"),
        ("html:\n  use_multitoc_numbering: 'no'\n", "_config.yml:2: html.use_multitoc_numbering: this must be true or false; it says 'no'"),
        ("html: []\n", "_config.yml:1: html: this must be a mapping of keys to values; it says []"),
        ("parse:\n  myst_enable_extensions: amsmath\n", "_config.yml:2: parse.myst_enable_extensions: this must be a list, such as [a, b]; it says 'amsmath'"),
        ("sphinx:\n  extra_extensions: [1]\n", "_config.yml:2: sphinx.extra_extensions.0: this must be text; put it in quotes if YAML takes it for something else; it says 1"),
        ("execute: {timeout: 2.5}\n", "_config.yml:1: execute.timeout: this must be a whole number; it says 2.5"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_a_fault_at_its_line_and_as_if_not_given(text: str, fault: str) -> None:
    keys, faults = read_keys(f"{text}author: A\n")
    assert [str(one) for one in faults] == [fault]
    assert keys == BookKeys(author="A")


def test_importing_it_does_not_load_sphinx() -> None:
    """A `conf.py` is read before Sphinx sets extensions up; and `tabbook status` needs none of them."""
    code = "import sys, tabbook.sphinx_config; sys.exit('sphinx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
