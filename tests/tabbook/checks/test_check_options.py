"""Misspelt options and keys: MyST-NB and Jupyter Book would pass over them without a word."""

# ruff: noqa: E501 - what is wrong and what is said of it stand on one line, to be compared

import dataclasses
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from core_helpers import SETTINGS
from myst_nb.core.config import NbParserConfig, Section

from tabbook.checks.configuration import check_configuration
from tabbook.checks.options import RENDER_KEYS, TAGS, check_options
from tabbook.read.section import read_section

ROOT = Path(__file__).parents[3]


def found(front: str, options: str) -> list[str]:
    text = f"---\n{front}\ntabbook: {{}}\n---\n# Title\n```{{code-cell}} python\n1\n```\n\n```{{code-cell}} python\n{options}\n2\n```\n"
    return [str(fault) for fault in check_options(read_section(text, "a.md", SETTINGS), text)]


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        (":tgas: [hide-input]", ["a.md:11: unknown option 'tgas'; perhaps you meant 'tags'"]),
        (":tag: hide-input", ["a.md:11: unknown option 'tag'; perhaps you meant 'tags'"]),
        (":tags: [hide-inptu]", ["a.md:11: unknown tag 'hide-inptu'; perhaps you meant 'hide-input'"]),
        (":tags: [hide_input]", ["a.md:11: unknown tag 'hide_input'; perhaps you meant 'hide-input'"]),
        (":tags: [mine, remove-ouput]", ["a.md:11: unknown tag 'remove-ouput'; perhaps you meant 'remove-output'"]),
        ("---\nmystbn: {}\n---", ["a.md:12: unknown option 'mystbn'; perhaps you meant 'mystnb'"]),
        ("---\nmystnb:\n  figrue: {name: x}\n---", ["a.md:13: unknown option mystnb.figrue; perhaps you meant 'figure'"]),
        (
            "---\nmystnb:\n  figure:\n    name: x\n    captoin: y\n---",
            ["a.md:15: unknown option mystnb.figure.captoin; perhaps you meant 'caption'"],
        ),
        ("---\nmystnb: {image: {widht: 3px}}\n---", ["a.md:12: unknown option mystnb.image.widht; perhaps you meant 'width'"]),
        (":tags: [hide-input, remove-stdout, my-own, parameters]\n:scrolled: true", []),
        ("---\nmystnb: {figure: {name: x, caption: y}, code_prompt_show: z}\n---", []),
    ],
)  # fmt: skip
def test_options_of_cells(options: str, faults: list[str]) -> None:
    assert found("file_format: mystnb", options) == faults


@pytest.mark.parametrize(
    ("front", "faults"),
    [
        ("file_format: mystnb\ntabook: {tabs: [jax]}", ["a.md:3: unknown key 'tabook' in the front matter; perhaps you meant 'tabbook'"]),
        ("file_fromat: mystnb", ["a.md:2: unknown key 'file_fromat' in the front matter; perhaps you meant 'file_format'"]),
        ("kernelspec: {name: python3}\nkernel_spec: {}", ["a.md:3: unknown key 'kernel_spec' in the front matter; perhaps you meant 'kernelspec'"]),
        ("author: me\nhtml_meta: {description: x}", []),
    ],
)  # fmt: skip
def test_keys_of_front_matter(front: str, faults: list[str]) -> None:
    assert found(front, ":tags: [mine]") == faults


def test_the_tables_have_every_option_that_myst_nb_reads() -> None:
    """A new release may know more: an author who uses it must not be stopped."""
    fields = dataclasses.fields(NbParserConfig)
    keys = {
        field.metadata.get("cell_key", field.name)
        for field in fields
        if Section.cell_lvl in field.metadata.get("sections", ())
    }
    assert keys == RENDER_KEYS
    source = (files("myst_nb") / "core" / "render.py").read_text()
    assert {tag for tag in TAGS if f'"{tag}"' in source} >= {"hide-input", "remove_output", "remove-stdout"}


def keys_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: keys_of(value) for key, value in schema.get("properties", {}).items()}


def test_every_key_that_jupyter_book_documents_is_known() -> None:
    folder = files(pytest.importorskip("jupyter_book"))
    schema = json.loads((folder / "config_schema.json").read_text())
    assert check_configuration(yaml.safe_dump(keys_of(schema))) == []
    master: dict[str, Any] = yaml.safe_load((folder / "default_config.yml").read_text())
    assert check_configuration(yaml.safe_dump(master)) == []


def test_misspelt_keys_of_jupyter_book_are_named_at_their_lines() -> None:
    text = (
        "titel: x\nhtml:\n  use_isues_button: true\n  comments: {hypotesis: true}\n"
        "launch_buttons: {whatever: 1}\nx-anchors: {a: 1}\nsphinx:\n  config: {anything: 1}\n"
    )
    assert [str(fault) for fault in check_configuration(text)] == [
        "_config.yml:1: titel: unknown key; perhaps you meant 'title'",
        "_config.yml:3: html.use_isues_button: unknown key; perhaps you meant 'use_issues_button'",
        "_config.yml:4: html.comments.hypotesis: unknown key; perhaps you meant 'hypothesis'",
        "_config.yml:5: launch_buttons.whatever: unknown key; remove it: Jupyter Book has no such key here",
    ]


def test_the_configuration_of_this_book_has_none() -> None:
    assert check_configuration((ROOT / "_config.yml").read_text(encoding="utf-8")) == []
