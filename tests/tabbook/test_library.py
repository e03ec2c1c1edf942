"""The library on disk: compared, checked by import, and only then replaced."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from core_helpers import SMALL

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


def line_of(root: Path, page: str, text: str) -> int:
    lines = (root / "chapters" / page).read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


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
    edit(root, "chapters/models.md", "A, B = 1, 2", "A, B = 1, int('x') if tab.selected('jax') else 3")
    book = edit(root, "chapters/basics.md", "import math, operator", "import math, no_such_module, operator")
    give_environment(book, "pytorch", "jax", "mxnet")
    with pytest.raises(ExtractError) as caught:
        update(book, generate(book))
    places = [line_of(root, "basics.md", "no_such_module"), line_of(root, "models.md", "int('x')")]
    said = "cannot be imported in the"
    assert [str(fault) for fault in caught.value.faults] == [
        f"chapters/basics.md:{places[0]}: the saved code of cell 3 {said} mxnet environment: "
        "ModuleNotFoundError: No module named 'no_such_module'",
        f"chapters/models.md:{places[1]}: the saved code of cell 7 {said} jax environment: "
        "ValueError: invalid literal for int() with base 10: 'x'",
    ]
    assert library_files(root) == before


def test_a_name_that_is_there_in_some_cases_only_does_not_break_the_import(root: Path) -> None:
    book = edit(root, "chapters/models.md", "A, B = 1, 2", "A, B = 1, 2\nif A == 2: gone = 1")
    give_environment(book, "jax")
    update(book, generate(book))
    script = "from d2l.jax import *; print(A, B, 'gone' in dir())"
    environment = {"PYTHONPATH": str(root / "d2l_lib")}
    assert subprocess.check_output([book.python("jax"), "-c", script], env=environment) == b"1 2 False\n"


BROKEN = [
    # (saved code in place of A, B = 1, 2; the line of it that is at fault, what is said)
    ("import math\nA = B = 1 / 0", "1 / 0", "ZeroDivisionError: division by zero"),
    ("A = B = (1 +\n         None)", "1 +", "TypeError: unsupported operand type(s)"),
    ("class A:\n    x = 1\n    y = x.z\nB = A", "x.z", "AttributeError: 'int' object has no attribute 'z'"),
    ("def B():\n    # calls\n    raise KeyError('k')\nA = B()", "('k')", "KeyError: 'k'"),
    ("from math import sin, nowhere\nA = B = 1", "nowhere", "ImportError: cannot import name 'nowhere'"),
    ("from math import cos\nfrom math import nowhere\nA = B = 1", "nowhere", "ImportError: cannot import"),
    ("try:\n    A = B = {}[1]\nexcept KeyError:\n    raise ValueError('a')", "('a')", "ValueError: a"),
    ("def B():\n    raise OSError('many\\n  lines\\nend')\nA = B()", "OSError", "OSError: many"),
    ("import sys\nA = B = sys.exit(0)", "exit", "SystemExit: 0"),
    ("import os\nA = B = os.abort()", "abort", "Fatal Python error: Aborted"),
    ("import time\nA = B = time.sleep(60)", "sleep", "it took more than 2 s"),
]  # fmt: skip


@pytest.mark.parametrize(("saved", "at", "reason"), BROKEN)
def test_an_import_that_fails_names_the_section_not_the_generated_file(
    saved: str, at: str, reason: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tabbook.library.imports._SECONDS", 2)
    book = edit(root, "chapters/models.md", "A, B = 1, 2", saved)
    give_environment(book, "jax")
    with pytest.raises(ExtractError) as caught:
        update(book, generate(book))
    (fault,) = map(str, caught.value.faults)
    place = f"chapters/models.md:{line_of(root, 'models.md', at)}: the saved code of cell 7"
    assert fault.startswith(f"{place} cannot be imported in the jax environment: {reason}")
    assert "d2l_lib" not in fault


def test_a_method_of_a_later_section_that_breaks_its_class_is_named(root: Path) -> None:
    added = "@add_to_class(Plain)  #@save\ndef forward(self, x, y=None):"
    book = edit(root, "chapters/models.md", added, added.replace("y=None", "y=[][0]"))
    give_environment(book, "pytorch")
    with pytest.raises(ExtractError, match="IndexError") as caught:
        update(book, generate(book))
    (fault,) = caught.value.faults
    assert (fault.path, fault.line) == ("chapters/models.md", line_of(root, "models.md", "y=[][0]"))


def test_a_portable_name_or_a_preamble_that_breaks_the_import_is_named(root: Path) -> None:
    edit(root, "_config.yml", "log: {pytorch: math.log,", "log: {pytorch: math.no_log,")
    old = "module: jax, requirements"
    book = edit(root, "_config.yml", old, f"preamble: first.py, {old}")
    (root / "first.py").write_text("\nSIZE = 3\nSIZES = SIZE[0]\n", encoding="utf-8")
    give_environment(book, "pytorch", "jax")
    with pytest.raises(ExtractError) as caught:
        update(book, generate(book))
    line = line_of(root, "../_config.yml", "no_log")
    assert [str(fault) for fault in caught.value.faults] == [
        f"_config.yml:{line}: the portable name log cannot be imported in the pytorch environment: "
        "AttributeError: module 'math' has no attribute 'no_log'",
        "first.py:3: the preamble cannot be imported in the jax environment: "
        "TypeError: 'int' object is not subscriptable",
    ]


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


def test_cells_that_are_python_and_make_no_module_are_named_together(root: Path) -> None:
    edit(root, "chapters/models.md", "A, B = 1, 2", "A, B = 1, await C")
    book = edit(
        root, "chapters/basics.md", "builtins  #@save\nfrom", "builtins  #@save\nx = await y  #@save\nfrom"
    )
    with pytest.raises(ExtractError) as caught:
        generate(book)
    said = "is not valid in a module for"
    what = "'await' outside function; change it, or take its #@save away"
    places = [line_of(root, "basics.md", "await y"), line_of(root, "models.md", "await C")]
    assert [str(fault) for fault in caught.value.faults] == [
        f"chapters/basics.md:{places[0]}: the saved code of cell 2 {said} jax: {what}",
        f"chapters/models.md:{places[1]}: the saved code of cell 7 {said} jax: {what}",
        f"chapters/models.md:{places[1]}: the saved code of cell 7 {said} pytorch: {what}",
    ]


def test_text_that_is_no_python_never_gets_out(root: Path) -> None:
    """Each statement is Python, and what they make together is not."""
    old = "module: jax, requirements"
    book = edit(root, "_config.yml", old, f"preamble: first.py, {old}")
    (root / "first.py").write_text("SIZE = 3\n", encoding="utf-8")
    book = edit(root, "chapters/models.md", "A, B = 1, 2", "from __future__ import annotations\nA, B = 1, 2")
    with pytest.raises(ExtractError) as caught:
        generate(book)
    line = line_of(root, "models.md", "__future__")
    assert str(caught.value).startswith(
        f"chapters/models.md:{line}: the saved code of cell 7 is not valid in a module for jax: "
        "from __future__ imports must occur at the beginning of the file"
    )


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
