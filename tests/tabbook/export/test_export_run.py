"""Exported notebooks run top to bottom, each alone: in an empty folder, with an empty home.

Quick ones always, where the framework's environment is there, which has no library. All of the book's
with ``make test-exports``, which takes as long as executing the book: each framework in a fresh
environment that is made of nothing but the ``requirements.txt`` of its exported folder.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import nbformat
import pytest
from export_helpers import exported

from tabbook.book import Book
from tabbook.environments import state, uv_variables
from tabbook.export.make import has_code
from tabbook.export.write import write_all

BOOK = Book.load(Path(__file__).parents[3])
QUICK = ("chapters/preface", "chapters/linear-regression/oo-design")
ALL = tuple(os.environ.get("TABBOOK_EXPORTS", "").split())
"""The frameworks whose notebooks are run as ``make test-exports`` does; none if empty."""
JOBS = [
    pytest.param(section, tab, id=f"{section.name}-{tab}")
    for section in BOOK.sections
    for tab in ALL or BOOK.settings.tabs
    if has_code(section, tab) and (ALL or section.path.removesuffix(".md") in QUICK)
]


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks")
    write_all(folder, exported(BOOK, "ipynb", BOOK.sections, tuple(BOOK.settings.tabs)).files)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, notebooks: Path) -> Callable[[str], Path]:
    """Return what gives the Python of a framework."""

    @cache
    def fresh(tab: str) -> Path:
        python = tmp_path_factory.mktemp("fresh") / tab / "bin/python"
        uv = [sys.executable, "-m", "uv"]
        env = uv_variables(os.environ)
        run = partial(subprocess.run, cwd=notebooks / tab, env=env, check=True)
        run([*uv, "venv", "--quiet", "--python", sys.executable, str(python.parents[1])])
        run([*uv, "pip", "install", "--quiet", "--python", str(python), "-r", "requirements.txt"])
        return python

    def get(tab: str) -> Path:
        if ALL:
            return fresh(tab)
        found = state(BOOK, tab)
        if not found.usable:
            pytest.skip(f"the environment of {tab} is {found.status}: {found.reason}")
        return BOOK.python(tab)

    return get


def execute(notebook: Any, python: Path, folder: Path, home: Path) -> None:
    """Run all cells in a kernel of ``python`` that knows nothing of this machine but the user's home."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
    )
    # Downloads are not what is tested: the novel may be in $D2L_DATA, and else the stand-in is read.
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "D2L_DATA") if name in os.environ}
    env = {**kept, "HOME": str(home), "D2L_DATA_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    client = NotebookClient(notebook, km=manager, timeout=1200, resources={"metadata": {"path": str(folder)}})
    client.execute(env=env)


@pytest.mark.parametrize(("section", "tab"), JOBS)
def test_a_notebook_runs_top_to_bottom(
    section: Any, tab: str, notebooks: Path, environment: Callable[[str], Path], tmp_path: Path
) -> None:
    python, path = environment(tab), notebooks / tab / section.path.replace(".md", ".ipynb")
    notebook: Any = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    folder, home = tmp_path / "saved somewhere", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    execute(notebook, python, folder, home)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    (library,) = [cell for cell in code if cell.id == "library"]
    assert library.outputs == [], "it is the one of the book, and nothing is to be said"
