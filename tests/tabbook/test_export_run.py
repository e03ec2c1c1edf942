"""Exported notebooks run top to bottom: only their framework, and the library beside them.

Quick ones always, where the framework's environment is there; all of the book's with
``make test-exports``, which takes as long as executing the book.
"""

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tabbook.book import Book
from tabbook.environments import state
from tabbook.export.exporter import Exporter
from tabbook.export.make import export, has_code
from tabbook.export.write import write_all

BOOK = Book.load(Path(__file__).parents[2])
QUICK = ("chapters/preface", "chapters/linear-regression/oo-design")
ALL = os.environ.get("TABBOOK_EXPORTS") == "all"
JOBS = [
    pytest.param(section, tab, id=f"{section.name}-{tab}")
    for section in BOOK.sections
    for tab in BOOK.settings.tabs
    if has_code(section, tab) and (ALL or section.path.removesuffix(".md") in QUICK)
]


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks")
    write_all(folder, export(Exporter(BOOK), "ipynb", BOOK.sections, tuple(BOOK.settings.tabs)).files)
    return folder


def execute(notebook: Any, python: Path, library: Path, folder: Path) -> None:
    """Run all cells in a kernel of ``python``; the library alone is on its path."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    # Matplotlib draws into the notebook, as in Jupyter, and downloads are not what is tested.
    env = {**kept, "PYTHONPATH": str(library), "D2L_DATA_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    client = NotebookClient(notebook, km=manager, timeout=1200, resources={"metadata": {"path": str(folder)}})
    client.execute(env=env)


@pytest.mark.parametrize(("section", "tab"), JOBS)
def test_a_notebook_runs_top_to_bottom(section: Any, tab: str, notebooks: Path) -> None:
    environment = state(BOOK, tab)
    if not environment.usable:
        pytest.skip(f"the environment of {tab} is {environment.status}: {environment.reason}")
    path = notebooks / tab / section.path.replace(".md", ".ipynb")
    notebook: Any = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    assert notebook.cells[0].id == "library"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    execute(notebook, BOOK.python(tab), notebooks / tab / "d2l_lib", path.parent)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert code[0].outputs == [], "the library is the one of the book, and nothing is to be said"
