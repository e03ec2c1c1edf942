"""Names that nothing defines: a check finds them in the text, before a run of minutes does."""

# ruff: noqa: E501 - what is wrong and what is said of it stand on one line, to be compared

from pathlib import Path

import pytest
import yaml
from render_helpers import NAMES, write_book

from tabbook.book import Book
from tabbook.checks.core import check_core
from tabbook.library.generator import generate, update

IMPORTS = "\n\n".join(
    f"```{{code-cell}} python\n%%tab {tab}\nimport math  #@save\nfrom d2l import {tab} as d2l\n```"
    for tab in NAMES
)
SAVING = '''
class Model:  #@save
    """A model."""
    def __init__(self):
        setattr(self, 'width', 3)


def exp(x):  #@save
    return x


@d2l.add_to_class(Model)  #@save
def fit(self):
    return d2l.exp(1)
'''.strip()


def page(*cells: str, tags: str = "") -> str:
    options = f":tags: [{tags}]\n" if tags else ""
    fences = "\n\n".join(f"```{{code-cell}} python\n{options}{cell}\n```" for cell in cells)
    return f"---\nfile_format: mystnb\ntabbook: {{}}\n---\n# Title\n\n{IMPORTS}\n\n{fences}\n"


def adder(name: str) -> str:
    return f"def add_to_class(kind):  #@save\n    return lambda f: setattr(kind, f.__name__, f)\n\n\n{name}"


def make(root: Path, first: str = adder(SAVING), second: str = "") -> Book:
    write_book(root, {"first": page(first), "second": page(second) if second else "# Empty\n"})
    for tab in NAMES:
        (root / f"{tab}.txt").write_text("")
    return Book.load(root)


def faults(root: Path, first: str = adder(SAVING), second: str = "") -> list[str]:
    return [str(fault) for fault in check_core(make(root, first, second))]


LINE = page("").splitlines().index("```{code-cell} python", 22) + 2
"""The line of the first code of the second page."""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("d2l.expp(1)", "d2l.expp: the library has no such name; perhaps you meant 'd2l.exp'"),
        ("class Net(d2l.Modell):\n    pass", "d2l.Modell: the library has no such name; perhaps you meant 'd2l.Model'"),
        ("@d2l.add_to_class(d2l.Mdel)\ndef f(self):\n    pass", "d2l.Mdel: the library has no such name; perhaps you meant 'd2l.Model'"),
        ("def f(x=d2l.zzz):\n    return f'{d2l.exp(x)}'", "d2l.zzz: the library has no such name; save its definition with #@save, or correct the name"),
        ("print(f'{d2l.expp(1)}')", "d2l.expp: the library has no such name; perhaps you meant 'd2l.exp'"),
        ("getattr(d2l, 'expp')", "d2l.expp: the library has no such name; perhaps you meant 'd2l.exp'"),
        ("%timeit d2l.expp(1)", "d2l.expp: the library has no such name; perhaps you meant 'd2l.exp'"),
        ("%%timeit\nd2l.exp(1)\nd2l.expp(1)", "d2l.expp: the library has no such name; perhaps you meant 'd2l.exp'"),
        ("%%tab jax\nfrom d2l.jax import Modell", "d2l.jax.Modell: the library has no such name for jax; perhaps you meant 'd2l.jax.Model'"),
        ("%%tab jax, mxnet\nd2l.expp(1)", "d2l.expp: the library has no such name for jax, mxnet; perhaps you meant 'd2l.exp'"),
        ("if tab.selected('jax'):\n    d2l.expp(1)", "d2l.expp: the library has no such name for jax; perhaps you meant 'd2l.exp'"),
        ("from d2l import jaxx", "d2l.jaxx: the library has no such module; perhaps you meant 'd2l.jax'"),
        ("import d2l.jaxx as other\nother.anything", "d2l.jaxx: the library has no such module; perhaps you meant 'd2l.jax'"),
        ("net = d2l.Model()\nnte.fit()", "nte: no cell defines this name; perhaps you meant 'net'"),
        ("@d2l.add_to_class(Modle)\ndef f(self):\n    pass", "Modle: no cell defines this name; define or import it in a cell above"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_defines_is_a_fault_at_its_line(tmp_path: Path, code: str, message: str) -> None:
    (found,) = faults(tmp_path, second=code)
    place, _, said = found.partition(": ")
    assert said == message
    lines = (tmp_path / "second.md").read_text().splitlines()
    assert place.startswith("second.md:")
    wanted = message.partition(":")[0].rpartition(".")[2]
    assert wanted in lines[int(place.rpartition(":")[2]) - 1]


@pytest.mark.parametrize(
    "code",
    [
        "d2l.exp(1); d2l.Model().fit(); d2l.math.pi; d2l.__name__",
        "d2l.mine = 3\nd2l.mine",
        "if hasattr(d2l, 'later'):\n    d2l.later()",
        "getattr(d2l, 'later', None)",
        "getattr(d2l, 'la' + 'ter')",
        "try:\n    d2l.later()\nexcept AttributeError:\n    print('none')",
        "try:\n    import numpy as np\nexcept ImportError:\n    np = None\nnp",
        "def f(d2l):\n    return d2l.anything",
        "d2l = object()\nd2l.anything",
        "from math import *\nsqrt(2)",
        "%run other.py\ndefined_there()",
        "globals()['made'] = 1\nmade",
        "exec('made = 1')\nmade",
        "display(Out, In, _, __name__)",
        "!true\nprint(_exit_code, _ih, _oh, _dh)",
        "import contextlib\nwith contextlib.suppress(NameError):\n    later()",
        "import pytest\nwith pytest.raises((AttributeError)):\n    d2l.later()",
        "files = !ls\nfiles",
        "%time result = 3\nresult",
        "%%capture printed\nprint(1)",
        "%%bash\necho $undefined; d2l.nothing",
        "[x for x in range(3) if (y := x)]\ny",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)",
        "match [1]:\n    case [first, *rest]:\n        print(first, rest)",
        "def outer():\n    return later()\n\ndef later():\n    return 1",
        "class A:\n    def f(self):\n        return __class__",
        "a = 'd2l.expp in a string'  # d2l.expp in a comment",
        "from d2l import jax as other\nother.exp(1)",
        "from __future__ import annotations\ndef f(x: Later) -> Later:\n    y: Later = x\n    return y",
        "import builtins\nbuiltins.made = 1\nmade",
        "import builtins\nsetattr(builtins, 'made', 1)\nmade",
        "import __main__\n__main__.made = 1\nmade",
        "import sys\nsetattr(sys.modules['__main__'], 'made', 1)\nmade",
        "if 'later' in dir():\n    later()",
        "if 'later' in dir(d2l):\n    d2l.later()",
        "if 'later' in vars(d2l):\n    d2l.later()",
        "async def f():\n    async with open_() as g:\n        await g\n\ndef open_():\n    pass",
    ],
)
def test_names_that_are_there_or_may_be_there_are_none(tmp_path: Path, code: str) -> None:
    assert faults(tmp_path, second=code) == []


@pytest.mark.parametrize("tag", ["raises-exception", "skip-execution"])
def test_a_cell_that_may_raise_or_is_not_run_may_name_what_there_is_not(tmp_path: Path, tag: str) -> None:
    book = make(tmp_path)
    (tmp_path / "second.md").write_text(page("d2l.expp(nothing)", tags=tag))
    assert check_core(Book.load(book.root)) == []


@pytest.mark.parametrize("tag", ["raises-exception", "skip-execution"])
@pytest.mark.parametrize("code", ["def f(:", "d2l.expp(nothing", "d2l.expp(1)\nnowhere"])
def test_a_cell_that_is_wrong_on_purpose_is_left_alone(tmp_path: Path, tag: str, code: str) -> None:
    """It need not be Python, and ended the check with a traceback."""
    book = make(tmp_path)
    (tmp_path / "second.md").write_text(page(code, tags=tag))
    assert check_core(Book.load(book.root)) == []


def test_a_lost_mark_is_named_where_it_was(tmp_path: Path) -> None:
    """Whoever takes away a #@save breaks other sections, and the hint leads back to the definition."""
    lost = adder(SAVING).replace("def exp(x):  #@save", "def exp(x):")
    (one, other) = faults(tmp_path, lost, "d2l.exp(1)")
    line = lost.splitlines().index("def exp(x):") + LINE
    hint = f"mark its definition in first.md:{line} with #@save"
    assert "saved code uses d2l.exp, which is not saved for" in one
    assert other == f"second.md:{LINE}: d2l.exp: the library has no such name; {hint}"


def test_faults_of_one_section_do_not_hide_names_in_another(tmp_path: Path) -> None:
    """What a faulty section would save counts as known if the library on disk has it."""
    book = make(tmp_path)
    update(book, generate(book))
    found = faults(tmp_path, adder(SAVING) + "\n)", "d2l.exp(1)\nd2l.expp(1)")
    assert [fault.partition(":")[0] for fault in found] == ["first.md", "second.md"]
    assert "d2l.expp" in found[1]


def test_a_library_that_differs_from_what_the_sections_generate_is_a_fault(tmp_path: Path) -> None:
    book = make(tmp_path)
    update(book, generate(book))
    assert check_core(Book.load(tmp_path)) == []
    package = tmp_path / "d2l_lib/d2l"
    (package / "jax.py").write_text((package / "jax.py").read_text() + "\nx = 1\n")
    (package / "stranger.py").write_text("")
    (package / "mxnet.py").unlink()
    assert [str(fault) for fault in check_core(Book.load(tmp_path))] == [
        "d2l_lib/d2l/jax.py: differs from what the sections generate; run tabbook lib; edit the sections,"
        " not this file",
        "d2l_lib/d2l/mxnet.py: the file is missing; run tabbook lib",
        "d2l_lib/d2l/stranger.py: this module was not generated by tabbook, and the library's folder has"
        " only such modules; move it elsewhere, or make it the preamble of a tab",
    ]


def test_a_library_that_nobody_has_generated_yet_is_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path) == []
    assert not (tmp_path / "d2l_lib").exists()


def test_requirements_that_are_missing_are_named_where_the_configuration_asks_for_them(
    tmp_path: Path,
) -> None:
    make(tmp_path)
    (tmp_path / "jax.txt").unlink()
    (found,) = check_core(Book.load(tmp_path))
    line = (tmp_path / "_config.yml").read_text().splitlines()[found.line - 1]
    assert line.strip() == "requirements: jax.txt"
    assert found.message == "sphinx.config.tabbook.tabs.jax.requirements: there is no file jax.txt"


def test_scripts_of_data_files_are_looked_at_where_the_configuration_names_them(tmp_path: Path) -> None:
    make(tmp_path)
    config = yaml.safe_load((tmp_path / "_config.yml").read_text())
    (tmp_path / "broken.py").write_text("x = 1\nx = = 2\n")
    (tmp_path / "good.py").write_text("x = 1\n")
    scripts = {"a.txt": "none.py", "b.txt": "../b.py", "c.txt": "broken.py", "d.txt": "good.py"}
    data = {name: {"script": script, "sha1": 40 * "0"} for name, script in scripts.items()}
    config["sphinx"]["config"]["tabbook"]["data"] = data
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    lines = (tmp_path / "_config.yml").read_text().splitlines()
    none, outside = (lines.index(f"          script: {script}") + 1 for script in ("none.py", "../b.py"))
    start = "sphinx.config.tabbook.data"
    assert [str(fault) for fault in check_core(Book.load(tmp_path))] == [
        f"_config.yml:{none}: {start}.a.txt.script: there is no file none.py; add it, or correct the path",
        f"_config.yml:{outside}: {start}.b.txt.script: ../b.py is outside the book; copy it into the book",
        "broken.py:2: not valid Python: invalid syntax; correct it",
    ]
