"""Names that saved code uses and the library does not have are found before readers run into them."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from engine_helpers import code, make_book

from tabbook.book import Book
from tabbook.cli import main
from tabbook.errors import ExtractError
from tabbook.extract.undefined import undefined
from tabbook.library.generator import generate

NAMES = {"ones": {"pytorch": "math.prod", "jax": "math.prod"}}
FIRST_LINE = 8  # of a section's first cell


def faults(root: Path, *cells: str, **settings: object) -> list[str]:
    """Return what is wrong with the library of a book of one section, in the lines of its first cell."""
    book = make_book(root, {"a": "".join(map(code, cells))}, names=NAMES, **settings)
    try:
        generate(book)
    except ExtractError as error:
        return [str(fault).removeprefix("chapters/a.md:") for fault in error.faults]
    return []


FOUND = [
    # (saved code, line of the use, name)
    ("def f():\n    return math_.pi", 2, "math_"),
    ("x = [1]\n\nclass C(Base):  #@save\n    y = 1", 3, "Base"),
    ("def f(x=default): return x", 1, "default"),
    ("@decorate\ndef f(): pass", 1, "decorate"),
    ("def f(x: Kind): return x", 1, "Kind"),
    ("f = lambda: unsaved()", 1, "unsaved"),
    ("def f():\n    return [g(i) for i in range(3)]", 2, "g"),
    ("def f():\n    return f'{one + missing}'", 2, "missing"),
    ("def f():\n    '''Say more.'''\n    # why\n    return missing", 4, "missing"),
    ("def f():\n    return d2l.missing(1)", 2, "d2l.missing"),
    ("def f():\n    return d2l.missing.of.it", 2, "d2l.missing"),
    ("def f():\n    display(1)", 2, "display"),
    ("def f():\n    get_ipython()", 2, "get_ipython"),
    ("class C:\n    y = 1\n    def f(self):\n        return y", 4, "y"),
]


@pytest.mark.parametrize(("saved", "line", "name"), FOUND)
def test_a_name_that_is_not_saved_is_found_where_it_is_used(
    saved: str, line: int, name: str, tmp_path: Path
) -> None:
    cells = ["import math  #@save\none = 1  #@save", saved if "#@save" in saved else f"#@save\n{saved}"]
    found = faults(tmp_path, *cells)
    place = FIRST_LINE + 5 + line + (0 if "#@save" in saved else 1) - 1
    (only,) = found
    assert only.startswith(f"{place}: saved code uses {name}, which is not saved for jax, pytorch; "), found


THERE = [
    "def f(): return __name__, __file__, __doc__, print, NameError",
    "class C:\n    def f(self): return __class__, super().f()\n    name = __qualname__",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from far import Away\ndef f(x: 'Away'): ...",
    "def f(x: 'Later', y: 'batch dim', z: list['n']) -> 'C':\n    return C\nclass C: pass",
    "def f(): return later()\ndef later(): pass",
    "def f():\n    global late\n    late = 1\ndef g(): return late, d2l.late",
    "try:\n    import fast\nexcept ImportError:\n    fast = None\ndef f(): return fast",
    "try:\n    fast\nexcept NameError:\n    fast = None",
    "def f():\n    x = 1\n    del x\n    return [y for y in [1] if (z := y)], z",
    "d2l.made = 1\ndef f(): return d2l.made, d2l.f, d2l.ones, ones, d2l.math, d2l.__name__",
    "def f():\n    return d2l.asked if hasattr(d2l, 'asked') else None",
    "def f():\n    try:\n        return d2l.tried\n    except (KeyError, AttributeError):\n        return 1",
    "setattr(d2l, 'put', 1)\ndef f(): return d2l.put",
    "def f(d2l): return d2l.anything",
    "def f():\n    from other import d2l\n    return d2l.anything",
    "from math import *\ndef f(): return cos(1), d2l.cos",
    "def __getattr__(name): return name\ndef f(): return d2l.anything",
    "match [1]:\n    case [first, *rest]: pass\ndef f(): return first, rest, d2l.rest",
    "class C:\n    y = 1\n    z = [y]\n    def f(self): return self.y",
    "def f(*args, **kwargs):\n    def g(): return args, kwargs, h\n    h = 1\n    return lambda x: (x, g)",
    "with open(__file__) as f:\n    lines = f.read()\ndef g(): return f, lines",
    "import os.path\ndef f(): return os.path, os.sep",
]  # fmt: skip


@pytest.mark.parametrize("saved", THERE)
def test_what_is_there_is_no_fault(saved: str, tmp_path: Path) -> None:
    assert faults(tmp_path, f"import math  #@save\n\n#@save\n{saved}") == []


def test_all_are_said_together_each_with_its_tabs_and_what_to_do(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        "import math  #@save\nimport time, json\ndef helper(): pass",
        "%%tab jax\nimport random  #@save",
        "%%tab pytorch\nimport random",
        "class C:  #@save\n    def f(self):\n        return time.time()",
        "@d2l.add_to_class(C)  #@save\ndef g(self):\n    '''More.'''\n    return helper(), random.random()",
        "def draw():  #@save\n    display(1)",
    )
    both = "which is not saved for jax, pytorch"
    assert found == [
        f"26: saved code uses time, {both}; mark its import in line 9 with #@save",
        f"33: saved code uses helper, {both}; mark its definition in line 10 with #@save",
        "33: saved code uses random, which is not saved for pytorch; mark its import in line 20 with #@save",
        f"38: saved code uses display, {both}; only notebooks define it: "
        "save 'from IPython.display import display'",
    ]


def test_a_name_that_is_saved_too_late_or_deleted_is_no_missing_mark(tmp_path: Path) -> None:
    late = "class C(Base):  #@save\n    pass\n\nclass Base:  #@save\n    pass"
    gone = "import math  #@save\nx = 1  #@save\ndel x  #@save\ndef f():  #@save\n    return x"
    assert faults(tmp_path, gone, late) == [
        "12: saved code uses x before the library defines it, or after it is deleted, for jax, pytorch; "
        "save x in a cell further up, and do not delete it",
        "16: saved code uses Base before the library defines it, or after it is deleted, for jax, pytorch; "
        "save Base in a cell further up, and do not delete it",
    ]


def test_branches_keep_their_lines(tmp_path: Path) -> None:
    cell = (
        "def f(x):  #@save\n    if tab.selected('pytorch'):\n        # first\n        y = 1\n"
        "    if tab.selected('jax'):\n        y = far(x)\n    return y"
    )
    (found,) = faults(tmp_path, "import math  #@save", cell)
    assert found.startswith("17: saved code uses far, which is not saved for jax;")


def test_preamble_and_portable_names_count_and_are_checked_as_well(tmp_path: Path) -> None:
    book = make_book(tmp_path, {"a": code("#@save\nimport math\ndef f(): return HUB, d2l.HUB, ones")})
    config = yaml.safe_load((tmp_path / "_config.yml").read_text())
    ours = config["sphinx"]["config"]["tabbook"]
    ours["tabs"]["jax"]["preamble"] = ours["tabs"]["pytorch"]["preamble"] = "first.py"
    ours["names"] = NAMES | {"two": {"pytorch": "lambda x: math.prod(x)", "jax": "lambda x: d2l.nowhere(x)"}}
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config))
    (tmp_path / "first.py").write_text("\n\nHUB = {}\n\ndef g():\n    return nothing\n")
    with pytest.raises(ExtractError) as caught:
        generate(Book.load(book.root))
    line = (tmp_path / "_config.yml").read_text().split("\n").index(
        "          jax: 'lambda x: d2l.nowhere(x)'"
    ) + 1
    assert [str(fault) for fault in caught.value.faults] == [
        f"_config.yml:{line}: the portable name two uses d2l.nowhere, which is not saved for jax; "
        "mark its import or definition with #@save, or correct the name",
        "first.py:6: the preamble uses nothing, which is not saved for jax, pytorch; "
        "mark its import or definition with #@save, or correct the name",
    ]


def test_a_page_of_another_book_may_use_what_is_there(tmp_path: Path) -> None:
    cells = ["import math  #@save", "def f():  #@save\n    return d2l.Trainer(nn)"]
    assert len(faults(tmp_path / "a", *cells)) == 2
    assert faults(tmp_path / "b", *cells, library={"allow_undefined": True}) == []


def test_places_follow_edited_prose_and_nothing_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = ["import math  #@save", "def f():  #@save\n    return missing"]
    assert [one.split(":")[0] for one in faults(tmp_path, *cells)] == ["13"]
    Book.load(tmp_path).cache.save()
    page = tmp_path / "chapters/a.md"
    book = Book.load(tmp_path)
    with pytest.raises(ExtractError):
        generate(book)
    book.cache.save()
    page.write_text(page.read_text().replace("# a\n", "# a\n\nMore prose.\n"))

    def never(*_arguments: object) -> None:
        raise AssertionError("looked for again")

    monkeypatch.setattr("tabbook.library.generator.undefined", never)
    with pytest.raises(ExtractError, match=r"chapters/a.md:15: saved code uses missing"):
        generate(Book.load(tmp_path))


@pytest.mark.parametrize("command", [["lib"], ["lib", "--check"], ["run"], ["build"]])
def test_every_command_that_needs_the_library_says_it(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_book(tmp_path, {"a": code("def f():  #@save\n    return missing")})
    assert main([*command, "--book", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "chapters/a.md:9: saved code uses missing, which is not saved for jax, pytorch" in said
    assert not (tmp_path / "d2l_lib").exists()


def test_no_found_name_is_there_after_all(tmp_path: Path) -> None:
    """What is found is what Python says: a module without these names raises when it is used."""
    script = "import a_module\ntry: a_module.f()\nexcept NameError as error: print(error.name)"
    (tmp_path / "a_module.py").write_text("def f():\n    return nowhere\n")
    said = subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path, text=True)
    assert [one.name for one in undefined((tmp_path / "a_module.py").read_text(), "d2l")] == [said.strip()]
