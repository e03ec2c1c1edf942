"""What a job can run of the library: nothing less, and no more than the text leaves open."""

import ast
import re
from itertools import pairwise

import pytest
from engine_helpers import code, make_book
from hypothesis import given, settings
from hypothesis import strategies as st

from tabbook.keys.closure import ALWAYS, MISSING, LibraryIndex, changes
from tabbook.keys.uses import Uses, cells_use
from tabbook.plan.planner import jobs

IMPORT = "from d2l import torch as d2l"


def used(*cells):
    return cells_use(cells, "d2l", "torch")


def reached(library, *names):
    return LibraryIndex(library, "d2l").closure(Uses(frozenset(names))).names


# What cells name


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("d2l.f(x)", {"f"}),
        ("class A(d2l.Module):\n    pass", {"Module"}),
        ("@d2l.add_to_class(d2l.C)\ndef g(self):\n    return d2l.h(self)", {"add_to_class", "C", "h"}),
        ("def g(x=d2l.VALUE, *, y: d2l.T = d2l.W): ...", {"VALUE", "T", "W"}),
        ("f'{d2l.size(x)}'", {"size"}),
        ("[d2l.f for _ in range(3)]", {"f"}),
        ("%timeit d2l.f(d2l.g)", {"f", "g"}),
        ("%%time\nd2l.f()", {"f"}),
        ("!echo {d2l.f()}", {"f"}),
        ("d2l.f = 3", {"f"}),
        ("# d2l.f\nx = 'd2lx.g'", set()),
        ("%time d2l.f('g')", {"f"}),
        ("d2l.f?", {"f"}),
        ("d2l.f.__globals__", {"f"}),
        ("list(net.modules(d2l.f))", {"f"}),
    ],
)
def test_cells_use_the_names_that_they_say(cell, names):
    found = used(IMPORT, cell)
    assert found.names == names
    assert not found.whole_because or "__globals__" in cell


@pytest.mark.parametrize(
    ("imports", "names"),
    [
        ("import d2l.torch as x\nx.f()", {"f"}),
        ("from d2l import torch\ntorch.f()", {"f"}),
        ("from d2l.torch import f, g as h", {"f", "g"}),
        ("def late():\n    from d2l import torch as inner\n    return inner.f", {"f"}),
        ("import torch as d2l\nd2l.tanh(1)", set()),
        ("import torch\ntorch.tanh(1)", set()),
    ],
)
def test_every_way_to_import_is_understood(imports, names):
    found = used(imports)
    assert (found.names, found.whole_because) == (names, "")


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("getattr(d2l, name)", "uses d2l as a value"),
        ("vars(d2l)", "uses d2l as a value"),
        ("other = d2l", "uses d2l as a value"),
        ("d2l.__dict__['f']", "uses d2l.__dict__"),
        ("from d2l.torch import *", "from d2l.torch import *"),
        ("import d2l.torch", "import d2l.torch"),
        ("import d2l", "import d2l"),
        ("from d2l import jax", "from d2l import jax"),
        ("from d2l.jax import f", "from d2l.jax import f"),
        ("import sys\nsys.modules['d2l.torch'].f()", "uses sys.modules"),
        ("import sys\nlist(sys.modules)", "uses sys.modules"),
        ("globals()['d' + '2l']", "calls globals"),
        ("eval('d2l.f')", "calls eval"),
        ("import importlib\nimportlib.import_module('d2l.torch')", "uses import_module"),
        ("f.__globals__", "uses __globals__"),
        ("import inspect\ninspect.getmodule(f).g()", "uses getmodule"),
        ("from inspect import getsourcefile as where\nopen(where(f)).read()", "uses getsourcefile"),
        ("open(f.__code__.co_filename).read()", "uses co_filename"),
        ("os.listdir(os.environ['PYTHONPATH'])", "a string names PYTHONPATH"),
        ("!cat $PYTHONPATH/*/*.py", "a magic names PYTHONPATH"),
        ("!python -c 'import d2l.torch'", "a magic names d2l"),
        ("%%bash\npython -c 'from d2l import torch'", "a magic names d2l"),
        ("%who_ls d2l", "a magic names d2l"),
        ("x = = d2l", "a cell is not valid Python"),
        ("x = = eval(y)", "a cell is not valid Python"),
    ],
)
def test_what_the_text_does_not_say_falls_back_to_all(cell, why):
    assert used(IMPORT, cell).whole_because == why


RUN = "subprocess.run([sys.executable, '-c', {}])"


@pytest.mark.parametrize(
    "cell",
    [
        RUN.format("'from d2l import torch as d2l; print(d2l.f())'"),
        RUN.format("f'from d2l import torch; torch.f({x})'"),
        RUN.format("f'from d2l import {module}'"),
        RUN.format("b'import d2l.torch'"),
        RUN.format("'import d' '2l.torch'"),
        RUN.format("'import \\x642l.torch'"),
        RUN.format("'import ' + 'd2l' + '.torch'"),
        RUN.format("'from %s import torch' % 'd2l'"),
        RUN.format("f'import {\"d2l\"}.torch'"),
        "subprocess.run([sys.executable, '-m', 'd2l.torch'])",
        "subprocess.run([sys.executable, '-m', '.'.join(['d2l', 'torch'])])",
        "subprocess.run(['python', 'd2l/torch.py'])",
        "runpy.run_module('d2l.torch')",
        "importlib.import_module('.torch', 'd2l')",
        "from importlib import import_module as load\nload('d2l.jax')",
        "__import__('d2l').torch.f()",
        "timeit.timeit('d2l.f()', setup='from d2l import torch as d2l')",
        "get_ipython().run_cell('import d2l.torch')",
        "def inner():\n    return [{'a': ('from d2l import torch',)}]",
        "def inner(code='import d2l'): ...",
        "%%writefile script.py\nfrom d2l import torch as d2l\nprint(d2l.f())",
        "%%writefile -a script.py\nprint(d2l.f())",
        "%%python\nfrom d2l import torch",
        "%run -m d2l.torch",
        "!python -m d2l.torch",
        "!python -c 'from d2l import torch' {x}",
        "%timeit subprocess.run(['python', '-m', 'd2l.torch'])",
        "%time from d2l import torch",
        "%%timeit import d2l.jax\n1",
        "!echo {__import__('d2l').torch.f()}",
        "urlopen('file:///tmp/d2l/torch.py')",
        "open('run.py', 'w').write('''\nfrom d2l import torch\n''')",
    ],
)
@pytest.mark.parametrize("first", [IMPORT, "from d2l import torch as t", "import torch"])
def test_a_string_that_names_the_package_may_be_run_and_means_all_of_it(first, cell):
    """The child process runs the library's code, whatever the notebook itself has imported."""
    index = LibraryIndex("def f(): ...\n\ndef g(): ...", "d2l")
    found = used(first, "import importlib, runpy, subprocess, sys, timeit", cell)
    assert {"f", "g"} <= index.hashes(found).keys()
    assert index.closure(found).whole_because
    assert index.closure(found).others


@pytest.mark.parametrize(
    ("string", "cell"),
    [
        ("CODE = 'from d2l import torch as d2l; print(d2l.f())'", "subprocess.run(['python', '-c', CODE])"),
        ("NAME = 'd2l'", "subprocess.run(['python', '-c', f'import {NAME}.torch'])"),
        ("NAME = 'd2l'", "subprocess.run(['python', f'-m{NAME}.torch'])"),
    ],
)
def test_a_string_of_one_cell_may_be_run_by_another(string, cell):
    assert LibraryIndex("def f(): ...", "d2l").hashes(used(string, cell)).keys() == {"f"}


@pytest.mark.parametrize(
    "cell",
    [
        'def g():\n    """As d2l.f does, after import d2l."""',
        "'''This cell shows what d2l does.'''\nx = 1",
        "class A:\n    x = 1\n    'About d2l.'",
        "x = 1  # import d2l",
        "print('https://d2l.ai/torch?x=d2l')",
        "folder = cache / 'd2l'",
        "open('d2l_lib')",
    ],
)
def test_text_for_people_and_names_of_folders_are_no_code(cell):
    found = used(IMPORT, "import sys", cell)
    assert not LibraryIndex("def f(): ...", "d2l").hashes(found)


def test_a_string_that_uses_an_import_of_the_notebook_means_all_of_its_module():
    found = used("import d2l.torch as lib", "timeit.timeit('lib.f()', 'from __main__ import lib')")
    assert (found.whole_because, found.others) == ("a string names lib", False)


@pytest.mark.parametrize("read", ["subprocess.run(['python', '-c', g.__doc__])", "exec(inspect.getdoc(g))"])
def test_docstrings_that_code_reads_may_be_code(read):
    g = 'def g():\n    """from d2l import torch"""'
    assert used(g, read).whole_because == "a string names d2l"
    assert not used(g, "subprocess.run(['python', '-c', g()])")


def test_a_cell_that_cannot_name_the_library_uses_none_of_it():
    assert used(IMPORT, "x = = 1") == used(IMPORT)


@pytest.mark.parametrize("cell", ["\uff442l.f()  # \u5168", "x = '\u00e9'\nd2l.f()", "\uff47lobals()"])
def test_letters_that_python_takes_for_those_of_ascii_count(cell):
    assert used(IMPORT, cell) != used(IMPORT)


@pytest.mark.parametrize("cell", ["import d2l", "from d2l import jax", "!python -c 'from d2l import jax'"])
def test_other_modules_of_the_package_count_where_they_may_be_used(cell):
    assert used(cell).others
    assert not used(IMPORT, "vars(d2l)").others


def test_a_job_without_the_library_depends_on_none_of_it():
    assert LibraryIndex("print('on import')\nx = 1", "d2l").hashes(used("x = 1")) == {}


# What symbols name in turn

LIBRARY = '''"""Doc."""
import functools
import os as system
import torch
from somewhere import *

d2l = sys.modules[__name__]
__all__ = ["f"]

tanh = torch.tanh
HUB = {}
HUB["a"] = ("x", tanh)


def f(x):
    """A doc."""
    return g(x) + d2l.VALUE


def g(x):
    return tanh(x)


VALUE = 1


def deep(fn=g): ...


@functools.lru_cache
def cached(): ...


class Base:
    size = VALUE

    def save(self):
        return HUB


class Child(Base):
    def go(self):
        return f(0)

    @property
    def last(self):
        return 1


def state():
    global VALUE
    VALUE = 2


print(cached)
'''


def test_uses_are_followed_to_their_end():
    # The star, the print and what it prints are run by every import.
    always = {ALWAYS, "*", "cached", "functools"}
    assert reached(LIBRARY, "g") - always == {"g", "tanh", "torch"}
    assert reached(LIBRARY, "f") - always == {"f", "g", "tanh", "torch", "VALUE"}
    assert reached(LIBRARY, "deep") - always == {"deep", "g", "tanh", "torch"}
    assert reached(LIBRARY, "HUB") - always == {"HUB", "tanh", "torch"}
    assert reached(LIBRARY, "state") - always == {"state", "VALUE"}
    expected = {"Child", "Base", "VALUE", "HUB", "tanh", "torch", "f", "g"}
    assert reached(LIBRARY, "Child") - always == expected


def test_methods_have_hashes_of_their_own():
    index = LibraryIndex(LIBRARY, "d2l")
    before = index.hashes(Uses(frozenset({"Child"})))
    assert {"Child", "Child.go", "Child.last", "Base", "Base.save"} <= before.keys()
    after = LibraryIndex(LIBRARY.replace("f(0)", "f(1)"), "d2l").hashes(Uses(frozenset({"Child"})))
    assert changes(before, after) == [("Child.go", "changed")]
    after = LibraryIndex(LIBRARY.replace("@property\n    def last", "def first"), "d2l").hashes(
        Uses(frozenset({"Child", "nowhere"}))
    )
    assert changes(before, after) == [("Child.first", "new"), ("Child.last", "gone"), ("nowhere", "new")]
    assert after["nowhere"] == MISSING


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def g(x):", "# chapters/b.md, cell 9\ndef g(x):  # why"),
        ('"""Doc."""', '"""Other."""'),
        ("\n\n\n", "\n"),
    ],
)
def test_comments_and_blank_lines_change_no_hash(old, new):
    every = Uses(frozenset(), "all")
    changed = LIBRARY.replace(old, new)
    assert changed != LIBRARY
    assert LibraryIndex(changed, "d2l").hashes(every) == LibraryIndex(LIBRARY, "d2l").hashes(every)


def test_the_statements_that_export_names_are_nobodys_code():
    """They differ whenever another name is saved, and ask for ``globals()``: no job may depend on them."""
    some = 'if f:\n    g = 1\n__all__ += [name for name in ("g",) if name in globals()]\n'
    index = LibraryIndex(f'__all__ = ["f"]\ndef f(): 1\n{some}', "d2l")
    assert index.closure(Uses(frozenset({"f"}))).whole_because == ""
    assert index.symbols == {"f", "g"}


@pytest.mark.parametrize(
    "body",
    ["return globals()[x]", "return getattr(d2l, x)", "return Base.__subclasses__()", "return eval(x)"],
)
def test_dynamic_code_in_the_library_means_all_of_it_for_its_users_alone(body):
    text = LIBRARY.replace("return tanh(x)", body)
    index = LibraryIndex(text, "d2l")
    assert index.closure(Uses(frozenset({"f"}))).whole_because.startswith("g ")
    assert not index.closure(Uses(frozenset({"HUB"}))).whole_because
    assert {"state", "Child.go"} <= index.hashes(Uses(frozenset({"f"}))).keys()


STRINGS = """
import subprocess

def starts():
    return subprocess.run(["python", "-c", CODE])

CODE = "from d2l import torch as d2l; print(d2l.hidden())"

def hidden(): ...

def folder():
    '''Where d2l keeps its files.'''
    return home() / "d2l"

def home(): ...

def joined(name):
    return subprocess.run(["python", "-m", f"{name}.torch"])

def both():
    return joined(folder())
"""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("starts", "CODE: a string names d2l"),
        ("both", "strings may be joined to import d2l"),
        ("folder", ""),
        ("joined", ""),
    ],
)
def test_strings_of_saved_code_count_for_those_who_can_run_it(name, why):
    index = LibraryIndex(STRINGS, "d2l")
    reached = index.closure(Uses(frozenset({name})))
    assert (reached.whole_because, reached.others) == (why, bool(why))
    assert ("hidden" in index.hashes(Uses(frozenset({name})))) == bool(why)


# What importing the module does

REGISTRY = """
TABLE = {}
def register(cls):
    TABLE[cls.__name__] = cls
    return cls
def create(name):
    return TABLE[name]()
def other(): ...
class Watcher:
    def __init_subclass__(cls):
        TABLE[cls.__name__] = cls
"""


@pytest.mark.parametrize(
    "added",
    [
        "@register\nclass New: ...",
        "@d2l.register\nclass New: ...",
        "New = register(other)",
        "New = map(register, [other])",
        "class New(Watcher): ...",
        "class Between(Watcher): ...\nclass New(Between): ...",
        "class M(type):\n    def __init__(cls, *a):\n        TABLE[a[0]] = cls\nclass New(metaclass=M): ...",
        "class New:\n    x = register(int)",
        "@TABLE.setdefault('x', print)\nclass New: ...",
        "New = TABLE['a'](other)",
        "New = (lambda cls: register(cls))(other)",
        "@d2l.TABLE.get('a')(1)\nclass New: ...",
    ],
)
def test_what_registers_itself_on_import_is_found_through_the_table(added):
    assert "New" in reached(REGISTRY + added, "create")
    assert "New" not in reached(REGISTRY + added, "other") or "other" in added


@pytest.mark.parametrize(
    "added",
    [
        "import torch\nNew = torch.manual_seed(0)",
        "import functools\nNew = functools.reduce(lambda _, cls: register(cls), [int], 0)",
        "if True:\n    New = 1",
        "try:\n    import New\nexcept ImportError:\n    New = None",
        "for New in range(3): ...",
        "import torch\nNew = 1\ntorch.default = New",
        "New = 1\nprint(New)",
        "def New(): ...\nNew()",
        "def __getattr__(name):\n    return New\nNew = 1",
    ],
)
def test_what_may_change_anything_on_import_belongs_to_every_job(added):
    assert "New" in reached(REGISTRY + added, "other")


@pytest.mark.parametrize(
    "added",
    [
        "New = 1",
        "New = dict(a=1)",
        "import re\nNew = re.compile('x')",
        "import torch\nNew = torch.tanh",
        "import dataclasses\n@dataclasses.dataclass\nclass New: ...",
        "import jax\n@jax.jit\ndef New(): ...",
        "New = {}\nNew['a'] = 1",
        "class New(other): ...",
        "New: int",
    ],
)
def test_what_changes_nothing_on_import_belongs_to_its_users_alone(added):
    assert "New" not in reached(REGISTRY + added, "other", "create")


# Whole books: exactly the jobs whose closure holds a symbol become stale when it changes

KINDS = ("function", "class", "method", "value", "alias")


@st.composite
def libraries(draw):
    """Return (blocks by symbol, for each what it uses, cells): symbols use others at random."""
    names = [f"s{i}" for i in range(draw(st.integers(2, 9)))]
    graph, blocks = {}, {}
    for number, name in enumerate(names):
        kind = draw(st.sampled_from(KINDS))
        # What runs on import can only use what stands above it; bodies may use anything.
        pool = names if kind in ("function", "method") else names[:number]
        uses = draw(st.lists(st.sampled_from(pool), max_size=3, unique=True)) if pool else []
        spelled = [draw(st.sampled_from([use, f"d2l.{use}"])) for use in uses]
        together = ", ".join(["0", *spelled])
        blocks[name] = {
            "function": f"def {name}(x):\n    return ({together}, MARK)",
            "class": f"class {name}:\n    kept = ({together}, MARK)",
            "method": f"class {name}:\n    def first(self):\n        return MARK\n\n"
            f"    def second(self):\n        return ({together})",
            "value": f"{name} = ({together}, MARK)",
            "alias": f"{name} = [{together}, MARK]",
        }[kind]
        graph[name] = set(uses)
    cells = draw(st.lists(st.lists(st.sampled_from(names), max_size=3), min_size=1, max_size=4))
    return blocks, graph, cells


def brute_force(graph, start):
    """Return what can be reached, by powers of the relation."""
    now = set(start)
    for _ in graph:
        now |= {use for name in now for use in graph[name]}
    return now


@settings(max_examples=120)
@given(libraries())
def test_exactly_the_jobs_that_can_run_a_symbol_see_it_change(drawn):
    blocks, graph, cells = drawn

    def hashes(changed=None):
        text = "\n\n".join(
            block.replace("MARK", "2" if name == changed else "1") for name, block in blocks.items()
        )
        ast.parse(text)
        index = LibraryIndex(text, "d2l")
        return [
            index.hashes(used(IMPORT, "\n".join(f"d2l.{name}" for name in names) or "x")) for names in cells
        ]

    before = hashes()
    for name in blocks:
        stale = [a != b for a, b in zip(before, hashes(name), strict=True)]
        assert stale == [name in brute_force(graph, names) for names in cells]


TABS = {
    tab: {"name": tab, "module": module, "requirements": f"requirements/{tab}.txt"}
    for tab, module in (("pytorch", "torch"), ("jax", "jax"))
}


def test_a_book_goes_stale_symbol_by_symbol(tmp_path):
    cells = {"a": "d2l.f()", "b": "d2l.C()", "c": "vars(d2l)", "d": "x = 1"}
    sections = {name: code(f"{IMPORT}\n{cell}" if name != "d" else cell) for name, cell in cells.items()}
    book = make_book(tmp_path, sections, tabs=TABS)
    file = book.library_file("pytorch")
    file.parent.mkdir(parents=True)
    texts = [
        "def f(): return g\n\ndef g(): ...\n\nclass C:\n    def m(self): ...\n",
        "def f(): return g\n\ndef g(): return 1\n\nclass C:\n    def m(self): ...\n",
        "def f(): return g\n\ndef g(): return 1\n\nclass C:\n    def m(self): return 2\n",
        "# A remark.\ndef f(): return g\n\n\n\ndef g(): return 1\n\nclass C:\n    def m(self): return 2\n",
        "<<<<<<< half a merge",
    ]
    seen = []
    for text in texts:
        file.write_text(text)
        seen.append({job.section.name: job.key("cpu").digest for job in jobs(book, tabs=["pytorch"])})
    stale = [{name for name in a if a[name] != b[name]} for a, b in pairwise(seen)]
    assert stale == [{"a", "c"}, {"b", "c"}, set(), {"a", "b", "c"}]
    record = next(job for job in jobs(book, tabs=["pytorch"]) if job.section.name == "c").key("cpu").record
    assert record["whole"] == "uses d2l as a value"
    assert not re.search(r"line \d", record["whole"])  # it must not move with the prose


@pytest.mark.parametrize(
    "cell", ["import d2l", "import os\nos.system('python -m d2l.jax')", f"{IMPORT}\nd2l.starts()"]
)
def test_a_job_that_may_use_other_modules_sees_them_change(tmp_path, cell):
    sections = {"a": code(cell), "b": code(f"{IMPORT}\nd2l.f()")}
    book = make_book(tmp_path, sections, tabs=TABS)
    other = book.library_file("jax")
    other.parent.mkdir(parents=True)
    book.library_file("pytorch").write_text(STRINGS)
    other.write_text("x = 1\n")
    before = [job.key("cpu").digest for job in jobs(book, tabs=["pytorch"])]
    other.write_text("x = 22\n")
    after = [job.key("cpu").digest for job in jobs(book, tabs=["pytorch"])]
    assert [a != b for a, b in zip(before, after, strict=True)] == [True, False]
