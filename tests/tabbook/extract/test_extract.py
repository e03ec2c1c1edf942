"""What a cell saves: whole statements, by the marks among its comments."""

import ast

import pytest
from core_helpers import SETTINGS, faults_of, section

from tabbook.code import CodeError
from tabbook.errors import ExtractError
from tabbook.extract.saved import Origin, Saved, extract, extract_book, extract_code
from tabbook.read.section import read_section

PLACE = Origin("a.md", 1, 10, "sec_a")


def saved(code: str) -> list[Saved]:
    return extract_code(code, PLACE)


def sources(code: str) -> list[str]:
    return [item.source for item in saved(code)]


ON_THE_STATEMENT = [
    ("def f(): #@save\n    pass", "def f():\n    pass"),
    ("def f():  #@save\n    pass\n\n    # the end\nx", "def f():\n    pass\n\n    # the end"),
    ("def f(): return 1  #@save", "def f(): return 1"),
    ("def f(a,\n      b): return g(\n    a)  #@save", "def f(a,\n      b): return g(\n    a)"),
    ("def f(a,  #@save\n      b):\n    pass", "def f(a,\n      b):\n    pass"),
    ("def f(a,\n      b):  # @save\n    pass", "def f(a,\n      b):\n    pass"),
    ("def f(a,\n    #@save\n      b):\n    pass", "def f(a,\n      b):\n    pass"),
    ("@d  #@save\n@e(\n    1)\ndef f():\n    pass", "@d\n@e(\n    1)\ndef f():\n    pass"),
    ("@d\n@e(\n    1)  #@save\nclass A:\n    pass", "@d\n@e(\n    1)\nclass A:\n    pass"),
    ("@d\n#@save\nclass A(B,\n        C):\n    pass", "@d\nclass A(B,\n        C):\n    pass"),
    ("async def f():  #@save\n    await x", "async def f():\n    await x"),
    ("x = 1  #@save", "x = 1"),
    ("x = [1,  # one\n     2]  #@save", "x = [1,  # one\n     2]"),
    ("x = [1,  #@save\n     2\n]", "x = [1,\n     2\n]"),
    ("x = '''\nat the margin\n'''  #@save", "x = '''\nat the margin\n'''"),
    ("def f():  #@save\n    x = '''\nleft\n'''\n    y", "def f():\n    x = '''\nleft\n'''\n    y"),
    ("def f():  #@save\n# at the margin\n    return 1\ny", "def f():\n# at the margin\n    return 1"),
    ("import a  #@save", "import a"),
    ("# why\n# so\nimport a  #@save", "# why\n# so\nimport a"),
    ("# far\n\n# near\nx = 1  #@save", "# near\nx = 1"),
    ("x = 1  #@save for later", "x = 1  # for later"),
    ("x = 1  # for later #@save", "x = 1  # for later"),
    ("x = 1  #  @save", "x = 1"),
    ("f(x)  #@save", "f(x)"),
    ("if a:  #@save\n    b = 1\nelse:\n    b = 2", "if a:\n    b = 1\nelse:\n    b = 2"),
    ("x = 1  #@save\n", "x = 1"),
    ("s = 'ü'; # c\nx = 'ü'  #@save", "x = 'ü'"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "source"), ON_THE_STATEMENT, ids=[row[0] for row in ON_THE_STATEMENT])
def test_a_mark_on_any_line_of_the_header(code: str, source: str) -> None:
    assert sources(code) == [source]


RUNS = [
    ("#@save\nimport a\nimport b\n\nimport c", ["import a", "import b"]),
    ("#@save\n# why\nx = 1\n# and\ny = 2", ["# why\nx = 1", "# and\ny = 2"]),
    (
        "#@save\ndef f():\n    a\n\n    b\ndef g():\n    c\n\nd",
        ["def f():\n    a\n\n    b", "def g():\n    c"],
    ),
    ("a\n#@save\n@d\ndef f():\n    b", ["@d\ndef f():\n    b"]),
    ("#@save\nx = 1\ny = 2  #@save\n\n#@save\nz = 3", ["x = 1", "y = 2", "z = 3"]),
    ("#@save\nx = '''\n\n'''\ny = 2", ["x = '''\n\n'''", "y = 2"]),
    ("#@save\nx = (1,\n\n     2)\ny = 2", ["x = (1,\n\n     2)", "y = 2"]),
    ("    #@save\nx = 1", ["x = 1"]),
]


@pytest.mark.parametrize(("code", "found"), RUNS, ids=[row[0] for row in RUNS])
def test_a_mark_on_a_line_of_its_own_covers_what_follows_without_a_blank_line(
    code: str, found: list[str]
) -> None:
    assert sources(code) == found


@pytest.mark.parametrize(
    "code",
    [
        "x = '#@save'",
        "x = '''\n#@save\n'''",
        "# how to use #@save here",
        "x = 1  # @saved",
        "x = 1  # see #@save below",
        "%%bash\n#@save\nls",
    ],
)
def test_other_places_of_the_word_are_text(code: str) -> None:
    assert saved(code) == []


@pytest.mark.parametrize(
    ("code", "kind", "names", "into"),
    [
        ("import a.b, c as d  #@save", "import", ("a", "d"), None),
        ("from a import b, c as d  #@save", "import", ("b", "d"), None),
        ("from __future__ import annotations  #@save", "import", ("annotations",), None),
        ("class A: pass  #@save", "definition", ("A",), None),
        ("x, (y, *z) = a[0] = b.c = 1  #@save", "definition", ("x", "y", "z"), None),
        ("x: int = 1  #@save", "definition", ("x",), None),
        ("x: int  #@save", "statement", (), None),
        ("x += 1  #@save", "definition", ("x",), None),
        ("x = [y for y in z]  #@save", "definition", ("x",), None),
        ("f(x)  #@save", "statement", (), None),
        ("try:  #@save\n  import a\nexcept E: a = 1\nelse:\n  def g(): h", "definition", ("a", "g"), None),
        ("for i in x:  #@save\n    with y as z: pass", "definition", ("i", "z"), None),
        ("@d2l.add_to_class(A)  #@save\ndef f(self): pass", "method", ("f",), "A"),
        ("@add_to_class(d2l.A)  #@save\nasync def f(self): pass", "method", ("f",), "A"),
        ("@add_to_class(make())  #@save\ndef f(self): pass", "definition", ("f",), None),
        ("@add_to_class(A, B)  #@save\ndef f(self): pass", "definition", ("f",), None),
        ("@add_to_class(A)  #@save\nclass B: pass", "definition", ("B",), None),
    ],
)  # fmt: skip
def test_kinds_and_names(code: str, kind: str, names: tuple[str, ...], into: str | None) -> None:
    (item,) = saved(code)
    assert (item.kind, item.names, item.into) == (kind, names, into)
    ast.parse(item.source)


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("@d2l.add_to_class(A)  #@save\ndef f(self):\n    pass", "def f(self):\n    pass"),
        ("@a\n@add_to_class(A)  #@save\n@b(1)\ndef f(self): pass", "@a\n@b(1)\ndef f(self): pass"),
        ("# why\n@add_to_class(  #@save\n    A)\ndef f(self): pass", "# why\ndef f(self): pass"),
        ("#@save\n@add_to_class(A)\n# of f\ndef f(self): pass", "# of f\ndef f(self): pass"),
    ],
)
def test_methods_lose_the_decorator_that_adds_them_and_keep_others(code: str, source: str) -> None:
    assert sources(code) == [source]


def test_places() -> None:
    text = section(
        "%%tab jax\nx = 1", "if tab.selected('mxnet'):\n    y = 1\n\n# why\n@d\ndef f():  #@save\n    pass"
    )
    page = read_section(text.replace("# Title", "(sec_a)=\n# Title"), "c/a.md", SETTINGS)
    # The line is that of the section, whatever was chosen above it; the cell counts those of all tabs.
    for tab in SETTINGS.tabs:
        (item,) = extract(page, tab)
        assert item.origin == Origin("c/a.md", 2, 17, "sec_a")


def test_each_tab_saves_its_own() -> None:
    text = section("%%tab jax\nx = 1  #@save", "y = 2 if tab.selected('jax') else 3  #@save")
    page = read_section(text, "a.md", SETTINGS)
    other = read_section("---\ntabbook: {tabs: [mxnet]}\n---\n" + section("z = 1  #@save"), "b.md", SETTINGS)
    found = extract_book([page, other], SETTINGS)
    assert {tab: [item.source for item in items] for tab, items in found.items()} == {
        "pytorch": ["y = 3"],
        "jax": ["x = 1", "y = 2"],
        "mxnet": ["y = 3", "z = 1"],
    }


def test_faults_of_all_cells_tabs_and_sections_come_together() -> None:
    text = section("def f():\n    x  #@save", "%%tab jax\n#@save\n", "y = 1  #@save")
    pages = [read_section(text, name, SETTINGS) for name in ("a.md", "b.md")]
    with pytest.raises(ExtractError) as caught:
        extract_book(pages, SETTINGS)
    assert [(fault.path, fault.line) for fault in caught.value.faults] == [
        ("a.md", 8),
        ("a.md", 13),
        ("b.md", 8),
        ("b.md", 13),
    ]
    assert faults_of(text)[0].startswith("a.md:8: a #@save inside a body saves nothing")


def test_one_cell_alone_raises_its_first_fault() -> None:
    with pytest.raises(CodeError, match="inside a body"):
        saved("def f():\n    x  #@save\n#@save")
    with pytest.raises(CodeError, match="not valid Python"):
        saved("x = (  #@save")


def test_commands_beside_what_is_saved_do_not_matter() -> None:
    assert sources("%matplotlib inline\nimport a  #@save\n!ls #@save\n#@save\nx = '%d'\n") == [
        "import a",
        "x = '%d'",
    ]
