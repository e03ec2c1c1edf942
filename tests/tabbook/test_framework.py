"""A framework is a value of ``_config.yml``: no module knows one by name, and another one is a few lines."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
import yaml
from export_helpers import exported

import tabbook
from tabbook.book import Book
from tabbook.cli import main
from tabbook.kernel_specs import kernel_spec
from tabbook.library.generator import generate
from tabbook.render.site import build_site
from tabbook.run.runner import run
from tabbook.status.overview import status

ROOT = Path(__file__).parents[2]
CORE = Path(tabbook.__file__).parent
MODULES = sorted(path for path in CORE.rglob("*.py") if "importers" not in path.parts)
FRAMEWORK = re.compile(
    r"(?<![a-z])(py)?torch(?![a-z])|(?<![a-z])(jax|xla|flax|optax|tensorflow|keras|mxnet|numpy|paddle|tf)(?![a-z])",
    re.IGNORECASE,
)


def constants(path: Path) -> list[str]:
    """Return the strings of a module without docstrings, and its names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            found.append(node.value)
        found += [
            str(value)
            for field in ("id", "attr", "name")
            if isinstance(value := getattr(node, field, None), str)
        ]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(CORE).as_posix())
def test_no_module_knows_a_framework_by_name(path: Path) -> None:
    """Comments and docstrings may have examples; what runs may not."""
    assert [text for text in constants(path) if FRAMEWORK.search(text.replace("_", " "))] == []


@pytest.mark.parametrize(
    "text", ["torch==", "TF_CPP_MIN_LOG_LEVEL", "import jax", "XLA_FLAGS", "pytorch", "_torch"]
)
def test_a_name_of_a_framework_would_be_found(text: str) -> None:
    assert FRAMEWORK.search(text.replace("_", " "))


def test_the_frameworks_of_this_book_share_cores_and_gpus() -> None:
    """Jobs that run at the same time leave cores and GPU memory to each other."""
    tabs = Book.load(ROOT).settings.tabs
    environs = {tab: framework.environ(Path("/home/me"), threads=3) for tab, framework in tabs.items()}
    assert environs["jax"].items() >= {"NPROC": "3", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}.items()
    threads = {"TF_NUM_INTRAOP_THREADS": "3", "TF_NUM_INTEROP_THREADS": "3"}
    assert environs["tensorflow"].items() >= {"TF_FORCE_GPU_ALLOW_GROWTH": "true", **threads}.items()
    assert environs["jax"]["JAX_COMPILATION_CACHE_DIR"] == "/home/me/jax", "jobs share no cache"
    assert not any(framework.variables for framework in tabs.values()), "they would be part of every key"


PAGE = """---
tabbook: {tabs: [pytorch, numpy]}
---
# Arrays

```{code-cell} python
%%tab numpy
import os
import numpy as np  #@save
from d2l import numpy as d2l
```

```{code-cell} python
%%tab pytorch
import torch  #@save
from d2l import torch as d2l
```

```{code-cell} python
x = d2l.ones((2, 3))
if tab.selected('numpy'):
    print(x.sum(), os.environ['COUNTING'], os.environ['QUIET'], os.environ.get('NUMPY_MADE_UP'))
```

```{code-cell} python
%%tab numpy
def twice(x):  #@save
    return 2 * x
```
"""


PYTHON = ROOT / ".tabbook/environments/pytorch/bin/python"


class NumPyBook(Book):
    """A book whose frameworks all run in an environment of this one that has NumPy, too."""

    def python(self, tab: str) -> Path:
        return PYTHON


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Return a book with the settings of this one, and a fifth framework."""
    if not PYTHON.exists():
        pytest.skip("no environment of pytorch: run tabbook env make")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    own = config["sphinx"]["config"]["tabbook"]
    own["tabs"]["numpy"] = {
        "name": "NumPy",
        "module": "numpy",
        "requirements": "numpy.txt",
        "variables": {"COUNTING": "on"},
        "unkeyed_variables": {"QUIET": "{threads} of the cores"},
        "device": "'abacus' if numpy.ones(1)[0] else None",
    }
    own["names"] = {"ones": {"pytorch": "torch.ones", "numpy": "np.ones"}}
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: arrays\n", encoding="utf-8")
    (tmp_path / "arrays.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "numpy.txt").write_text("numpy\n", encoding="utf-8")
    monkeypatch.setenv("NUMPY_MADE_UP", "passed on")
    return NumPyBook.load(tmp_path)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")
def test_a_fifth_framework_needs_settings_alone(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    book.check()
    for path, text in generate(book).items():
        (book.root / path).parent.mkdir(parents=True, exist_ok=True)
        (book.root / path).write_text(text, encoding="utf-8")
    assert "def twice(x):" in (book.root / "d2l_lib/d2l/numpy.py").read_text(encoding="utf-8")

    report = run(book, tabs=["numpy"], workers=2, why_unusable=lambda _: "")
    assert report.ok, [(job.failure.message, job.failure.traceback) for job in report.failures]
    job = next(job for job in status(book).jobs if job.tab == "numpy")
    assert job.status == "stored"

    assert build_site(Book.load(book.root), jobs=1, quiet=True).page is not None
    html = (book.root / "_build/html/arrays.html").read_text(encoding="utf-8")
    assert "6.0 on" in html
    assert re.search(r"6.0 on \d+ of the cores passed on", html)
    assert re.search(r"NumPy \d+\.\d+\.\d+, Python 3\.\d+\.\d+, abacus, ", html)
    assert "np.ones((2, 3))" in re.sub(r"<[^>]+>", "", html)

    made = exported(book, "ipynb", book.sections, ("numpy",)).files
    first, *_, last = nbformat.reads(made["numpy/arrays.ipynb"].decode(), 4).cells
    assert "os.environ['COUNTING'] = 'on'" in first.source
    assert "QUIET" not in first.source
    assert "def twice" in last.source
    spec = kernel_spec(book, "numpy")
    assert spec["env"] == spec["env"] | {"COUNTING": "on", "TABBOOK_TAB": "numpy"}
    assert re.fullmatch(r"\d+ of the cores", spec["env"]["QUIET"])

    capsys.readouterr()
    main(["env", "list", "--book", str(book.root)])
    assert capsys.readouterr().out.split() == ["pytorch", "jax", "tensorflow", "mxnet", "numpy"]
