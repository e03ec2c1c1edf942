"""The library on disk: compared, checked by import, and only then replaced."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from core_helpers import SMALL

from tabbook import library
from tabbook.book import Book
from tabbook.errors import ExtractError, TabbookError
from tabbook.library import generate, outdated, update

MODULES = ["d2l_lib/d2l/__init__.py", "d2l_lib/d2l/jax.py", "d2l_lib/d2l/mxnet.py", "d2l_lib/d2l/torch.py"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a copy of the small book."""
    return Path(shutil.copytree(SMALL, tmp_path / "book"))


def give_environment(book: Book, *tabs: str) -> None:
    """Let this Python stand for the environments of ``tabs``."""
    for tab in tabs:
        book.python(tab).parent.mkdir(parents=True, exist_ok=True)
        book.python(tab).symlink_to(sys.executable)


def edit(root: Path, path: str, old: str, new: str) -> Book:
    text = (root / path).read_text(encoding="utf-8")
    assert old in text
    (root / path).write_text(text.replace(old, new, 1), encoding="utf-8")
    return Book.load(root)


def library_files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in (root / "d2l_lib").rglob("*.py")}


def test_a_first_update_writes_everything_and_a_second_nothing(root: Path) -> None:
    book = Book.load(root)
    give_environment(book, "pytorch", "jax", "mxnet")
    texts = generate(book)
    assert sorted(texts) == MODULES
    report = update(book, texts)
    assert sorted(report.written) == MODULES
    assert report.unchecked == ()
    times = {path: (root / path).stat().st_mtime_ns for path in MODULES}
    again = update(Book.load(root), generate(Book.load(root)))
    assert (again.written, again.unchecked, outdated(book, texts)) == ((), (), {})
    assert {path: (root / path).stat().st_mtime_ns for path in MODULES} == times


def test_what_is_generated_imports_and_works(root: Path) -> None:
    update(Book.load(root), generate(Book.load(root)))
    script = """
import asyncio
from d2l import torch as d2l
assert d2l.Plain().forward(1, 2) == 3
assert asyncio.run(d2l.Documented().wait()) is None
assert d2l.Module().size == "\\nat the margin\\n    "
assert d2l.describe(1, deep=True) == "tensor!"
assert (d2l.join("-", "ab"), d2l.zeros(2, 2)) == ("a-b", [0.0] * 4)
"""
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": str(root / "d2l_lib")})


def test_tabs_without_environment_are_written_and_named(root: Path) -> None:
    book = Book.load(root)
    give_environment(book, "jax")
    report = update(book, generate(book))
    assert sorted(report.written) == MODULES
    assert report.unchecked == ("pytorch", "mxnet")


def test_hand_edits_missing_files_and_strangers_are_found(root: Path) -> None:
    book = Book.load(root)
    texts = generate(book)
    update(book, texts)
    package = root / "d2l_lib" / "d2l"
    (package / "torch.py").write_text(texts["d2l_lib/d2l/torch.py"] + "hand_made = 1\n", encoding="utf-8")
    (package / "jax.py").write_bytes(texts["d2l_lib/d2l/jax.py"].replace("\n", "\r\n").encode())
    (package / "mxnet.py").unlink()
    (package / "__init__.py").write_bytes(b"\xff")
    (package / "theano.py").write_text("", encoding="utf-8")
    diffs = outdated(book, texts)
    assert sorted(diffs) == sorted([*MODULES, "d2l_lib/d2l/theano.py"])
    lines = diffs["d2l_lib/d2l/torch.py"].splitlines()
    assert lines[:2] == ["--- d2l_lib/d2l/torch.py", "+++ d2l_lib/d2l/torch.py (generated)"]
    assert lines[-1] == "-hand_made = 1"
    assert diffs["d2l_lib/d2l/theano.py"].endswith("no tab of the book generates this module; remove it\n")
    assert sorted(update(book, texts).written) == MODULES
    assert list(outdated(book, texts)) == ["d2l_lib/d2l/theano.py"]  # not ours to remove


def test_a_module_that_cannot_be_imported_replaces_nothing(root: Path) -> None:
    update(Book.load(root), generate(Book.load(root)))
    before = library_files(root)
    edit(root, "chapters/models.md", "A, B = 1, 2", "A, B = 1, unknown if tab.selected('jax') else 3")
    book = edit(root, "chapters/basics.md", "import math, operator", "import math, no_such_module, operator")
    give_environment(book, "pytorch", "jax", "mxnet")
    with pytest.raises(ExtractError) as caught:
        update(book, generate(book))
    assert [fault.path for fault in caught.value.faults] == ["d2l_lib/d2l/jax.py", "d2l_lib/d2l/mxnet.py"]
    jax, mxnet = (str(fault) for fault in caught.value.faults)
    assert "cannot be imported in the jax environment: NameError: name 'unknown' is not defined" in jax
    assert '(File "d2l_lib/d2l/jax.py", line ' in jax
    assert "No module named 'no_such_module'" in mxnet
    assert library_files(root) == before


def test_a_name_that_is_there_in_some_cases_only_does_not_break_the_import(root: Path) -> None:
    book = edit(root, "chapters/models.md", "A, B = 1, 2", "A, B = 1, 2\nif A == 2: gone = 1")
    give_environment(book, "jax")
    update(book, generate(book))
    script = "from d2l.jax import *; print(A, B, 'gone' in dir())"
    environment = {"PYTHONPATH": str(root / "d2l_lib")}
    assert subprocess.check_output([book.python("jax"), "-c", script], env=environment) == b"1 2 False\n"


def test_an_import_that_takes_too_long_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_IMPORT_SECONDS", 0.5)
    book = edit(root, "chapters/models.md", "A, B = 1, 2", "import time\nA = B = time.sleep(60)")
    give_environment(book, "jax")
    with pytest.raises(ExtractError, match=r"importing it took more than 0\.5 s"):
        update(book, generate(book))


def test_a_process_that_dies_without_a_word(root: Path) -> None:
    book = edit(root, "chapters/models.md", "A, B = 1, 2", "import os\nA = B = os._exit(3)")
    give_environment(book, "jax")
    with pytest.raises(ExtractError, match="cannot be imported in the jax environment: no message"):
        update(book, generate(book))


def test_faults_of_the_sections_and_of_the_library_stop_it(root: Path) -> None:
    book = edit(root, "chapters/models.md", "class Module:  #@save", "class Module:")
    with pytest.raises(
        TabbookError, match="size is added to Module, which no section up to here saves"
    ) as caught:
        generate(book)
    assert len(caught.value.faults) == 1  # the same in both tabs, said once
    book = edit(root, "chapters/models.md", "A, B = 1, 2", "A, B = 1, (")
    with pytest.raises(TabbookError, match="not valid Python"):
        generate(book)


def test_text_that_is_no_python_never_gets_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "assemble", lambda *_: "x = 1\nx = (")
    with pytest.raises(
        ExtractError, match=r"d2l/jax.py:2: the generated module is not valid Python: '\(' was"
    ):
        generate(Book.load(root))


def test_a_preamble_begins_the_module(root: Path) -> None:
    old = "module: jax, requirements"
    book = edit(root, "_config.yml", old, f"preamble: first.py, {old}")
    with pytest.raises(TabbookError, match=r"first.py: there is no such file"):
        generate(book)
    (root / "first.py").write_text("x = (", encoding="utf-8")
    with pytest.raises(TabbookError, match=r"first.py:1: not valid Python"):
        generate(book)
    (root / "first.py").write_text("SIZE = 3\ntanh = None\n", encoding="utf-8")
    text = generate(Book.load(root))["d2l_lib/d2l/jax.py"]
    assert text.index("SIZE = 3") < text.index("import cmath")
    assert "tanh = cmath.tanh" not in text
