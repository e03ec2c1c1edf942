"""The hand-written beginning of a library module: what it gives is there, and not given twice."""

import ast
import shutil
from pathlib import Path

import pytest
import yaml
from core_helpers import SETTINGS, SMALL, section

from tabbook.book import Book
from tabbook.errors import ExtractError
from tabbook.extract.assemble import assemble
from tabbook.extract.saved import extract
from tabbook.library.generator import generate
from tabbook.project.names import parse_idiom
from tabbook.read.section import read_section

TAB = SETTINGS.tabs["jax"]
PREAMBLE = "import numpy as np\n\nHUB = {}\nnn_Module = object\n"


def module(preamble: str) -> str:
    page = read_section(section("x = 1  #@save"), "a.md", SETTINGS)
    ways = {"ones": parse_idiom("np.ones"), "nn_Module": parse_idiom("np.ndarray")}
    return assemble(extract(page, "jax"), TAB, ways, SETTINGS.library, preamble)


def test_it_stands_first_and_its_names_are_public_and_defined_once() -> None:
    text = module(PREAMBLE)
    assert text.index("HUB = {}") < text.index("import sys")
    assert text.count("nn_Module = ") == 1
    exported = next(n for n in ast.parse(text).body if isinstance(n, ast.Assign) and "__all__" in ast.dump(n))
    assert {"HUB", "nn_Module", "ones", "x"} == set(ast.literal_eval(exported.value))


def test_a_portable_name_may_stand_on_what_it_imports() -> None:
    names: dict[str, object] = {"__name__": "sys"}
    exec(module("import math as np\nones = np.pi\nnn_Module = object\n"), names)
    assert names["ones"] == names["np"].pi  # type: ignore[attr-defined]


def book_with(folder: Path, preamble: str | None) -> Book:
    shutil.copytree(SMALL, folder)
    config = yaml.safe_load((folder / "_config.yml").read_text())
    config["sphinx"]["config"]["tabbook"]["tabs"]["jax"]["preamble"] = "library/jax.py"
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    if preamble is not None:
        (folder / "library").mkdir()
        (folder / "library" / "jax.py").write_text(preamble)
    return Book.load(folder)


def test_the_library_begins_with_the_file_that_the_tab_names(tmp_path: Path) -> None:
    texts = generate(book_with(tmp_path / "book", PREAMBLE))
    assert [path for path, text in texts.items() if "HUB = {}" in text] == ["d2l_lib/d2l/jax.py"]


@pytest.mark.parametrize(
    ("preamble", "fault"),
    [
        (None, "library/jax.py: there is no such file"),
        ("x = 1\ndef f(:\n", "library/jax.py:2: not valid Python: invalid syntax"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, preamble: str | None, fault: str) -> None:
    with pytest.raises(ExtractError) as caught:
        generate(book_with(tmp_path / "book", preamble))
    assert str(caught.value.faults[0]).startswith(fault)
