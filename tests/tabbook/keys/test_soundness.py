"""Nothing of the library runs in a job that its key does not cover: seen from inside real kernels.

That includes the processes that a job starts.

By itself this runs the quick sections of the book. ``TABBOOK_SOUNDNESS=all pytest
tests/tabbook/keys/test_soundness.py`` runs every job, which takes as long as executing the book.
"""

import ast
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from engine_helpers import code, make_book

from tabbook import environments
from tabbook.book import Book
from tabbook.code import CodeCell, bound_names
from tabbook.execute.job import execute
from tabbook.keys.closure import LibraryIndex
from tabbook.plan import data as data_files
from tabbook.plan.planner import Job, job, jobs
from tabbook.run.runner import _spec

ROOT = Path(__file__).parents[3]
TRACER = Path(__file__).parents[1] / "tracer"
QUICK = ("linear-regression-scratch", "text-sequence")
TABS = ("pytorch", "jax", "tensorflow", "mxnet")
ALL = os.environ.get("TABBOOK_SOUNDNESS") == "all"


def traced(book: Book, planned: Job, file: Path) -> list[tuple[int, str]]:
    """Execute a job and return the library's functions that ran: (first line, name).

    The tracer finds its settings beside itself, so that child processes are traced whatever
    environment variables they get, as long as they find the library.
    """
    tracer = file.with_name(f"{file.name}.tracer")
    shutil.copytree(TRACER, tracer)
    (tracer / "settings.json").write_text(json.dumps([str(book.library_file(planned.tab)), str(file)]))
    found = data_files.find_all(book.settings.data, planned.data, fetch=False)
    spec = _spec(book, planned, book.library_folder, found, "cpu", 1, {})
    extra = {"PYTHONPATH": os.pathsep.join([str(tracer), str(book.library_folder)])}
    outcome = execute(replace(spec, variables={**spec.variables, **extra}))
    assert outcome.failure is None, outcome.failure
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(line.split("\t")[0]), line.split("\t")[1]) for line in lines]


def own_functions(planned: Job) -> set[str]:
    """Return the names of the functions that a job's own cells define."""
    trees = [ast.parse(CodeCell(cell.source).text) for cell in planned.projection.code_cells]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def outside(
    text: str, covered: set[str], ran: list[tuple[int, str]], own: frozenset[str] | set[str] = frozenset()
) -> Iterator[str]:
    """Yield what ran of the library's ``text`` and does not belong to the symbols ``covered``.

    What AutoGraph makes of a function has no line of its own, only the name: the job's cells may
    define the same, named in ``own``.
    """
    statements = ast.parse(text).body
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    for line, name in ran:
        if line:
            at = [node for node in statements if _first(node) <= line <= (node.end_lineno or 0)]
            if not covered & set(bound_names(at)):
                yield name
        elif name in {node.name for node in functions} - {part.split(".")[-1] for part in covered} - own:
            yield f"{name} (AutoGraph)"


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", []))])


def real_jobs() -> list[tuple[str, str]]:
    """Return name and tab of each job that is to be traced."""
    if not ALL:
        return list(product(QUICK, TABS))
    book = Book.load(ROOT)
    return [(planned.section.path, planned.tab) for planned in jobs(book)]


@pytest.mark.parametrize(("name", "tab"), real_jobs())
def test_what_runs_in_the_books_jobs_is_covered_by_their_keys(name, tab, tmp_path):
    book = Book.load(ROOT)
    state = environments.state(book, tab)
    if not state.usable:
        pytest.skip(f"the {tab} environment is {state.status}: {state.reason or 'run tabbook env make'}")
    [section] = book.find((name,))
    planned = job(book, section, tab)
    ran = traced(book, planned, tmp_path / "ran")
    text = book.library_file(tab).read_text()
    assert list(outside(text, set(planned.library_hashes), ran, own_functions(planned))) == []
    if name in QUICK:
        assert ran, "the tracer saw nothing: it does not work"


LIBRARY = """import threading
import sys
d2l = sys.modules[__name__]
TABLE = {}

def register(cls):
    TABLE[cls.__name__] = cls
    return cls

def create(name):
    return TABLE[name]().go()

@register
class Hidden:
    def go(self):
        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
        return [nested for nested in map(lambda x: helper(x), [1])]

def in_thread():
    return 1

def helper(x):
    def inner():
        return value(x)
    return inner()

value = lambda x: x

class Base:
    def __init__(self):
        self.hook()

    def hook(self): ...

class Child(Base):
    def hook(self):
        return d2l.property_of(self)

def property_of(x): ...

def never(): ...

def child():
    import subprocess
    return subprocess.run([sys.executable, "-c", CODE], check=True)

CODE = "import d2l.nbclient; d2l.nbclient.never()"

def in_pool(x):
    return value(x)
"""
IN_CHILD = "from d2l import nbclient as d2l; d2l.never()"
START = "import subprocess, sys\nsubprocess.run([sys.executable, {}], check=True)"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("d2l.create('Hidden')", {"create", "Hidden.go", "in_thread", "helper", "<lambda>"}),
        ("d2l.Child()", {"Base.__init__", "Child.hook", "property_of"}),
        (
            "class Own(d2l.Base):\n    def hook(self):\n        d2l.helper(1)\nOwn()",
            {"Base.__init__", "helper"},
        ),
        ("getattr(d2l, 'nev' + 'er')()", {"never"}),
        ("from d2l.nbclient import *\nnever()", {"never"}),
        (START.format(f"'-c', {IN_CHILD!r}"), {"never"}),
        (START.format("'-c', 'from d2l import ' 'nbclient; nbclient.never()'"), {"never"}),
        (
            f"open('script.py', 'w').write({IN_CHILD.replace('; ', chr(10))!r})\n"
            + START.format("'script.py'"),
            {"never"},
        ),
        (f'!{{sys.executable}} -c "{IN_CHILD}"', {"never"}),
        (
            "import os\nkept = {'PYTHONPATH': os.environ['PYTHONPATH']}\n"
            + START.format(f"'-c', {IN_CHILD!r}").replace("check", "env=kept, check"),
            {"never"},
        ),
        ("d2l.child()", {"child", "never"}),
        (
            "import multiprocessing\n"
            "with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
            "    print(pool.map(d2l.in_pool, [1]))",
            {"in_pool", "<lambda>"},
        ),
        (
            "import os\nif os.fork() == 0:\n    d2l.never()\n    os._exit(0)\nprint(os.wait())",
            {"never"},
        ),
    ],
)
def test_the_tracer_sees_what_runs_and_the_closure_covers_it(cell, expected, tmp_path):
    book = make_book(tmp_path, {"a": code(f"import sys\nfrom d2l import nbclient as d2l\n{cell}")})
    file = book.library_file("pytorch")
    file.parent.mkdir(parents=True)
    (file.parent / "__init__.py").touch()
    file.write_text(LIBRARY)
    [section] = book.find(("a",))
    planned = job(book, section, "pytorch")
    ran = traced(book, planned, tmp_path / "ran")
    assert expected <= {name for _, name in ran}
    assert "register" not in {name for _, name in ran}
    assert list(outside(LIBRARY, set(planned.library_hashes), ran)) == []
    assert set(outside(LIBRARY, set(), ran)) >= expected
    assert set(planned.library_hashes) <= set(LibraryIndex(LIBRARY, "d2l").symbols) | {
        "Hidden.go",
        "Base.__init__",
        "Base.hook",
        "Child.hook",
        "nbclient",
        "d2l.nothing_of_that_name",
    }
