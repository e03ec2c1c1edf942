"""The first cell of exported notebooks, in fresh environments: real kernels, real pip."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from export_helpers import exported, make_book

from tabbook.book import Book
from tabbook.export.write import write_all


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with pip and Jupyter's kernel, and no library."""
    folder = tmp_path_factory.mktemp("fresh") / "env"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    kernel = Path(nbformat.__file__).parents[1]
    (packages / "kernel.pth").write_text(f"{kernel}\n")
    return folder / "bin/python"


def notebook(book: Book, folder: Path) -> Any:
    """Export the notebooks into a folder, and return one of them."""
    made = exported(book, "ipynb", book.sections, ("jax",)).files
    write_all(folder, made)
    return nbformat.reads(made["jax/part/first.ipynb"].decode(), as_version=4)


def run(notebook: Any, python: Path, folder: Path) -> str:
    """Run the first cell, and one that says what the library has; return what they print."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import run_sync
    from nbclient import NotebookClient

    cells = [
        notebook.cells[0],
        nbformat.v4.new_code_cell("from d2l import jax\nprint(vars(jax.Quagga).get('herd'))"),
    ]
    short: Any = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
    )
    env = {"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)}
    client = NotebookClient(short, km=manager, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.execute(env=env)
    run_sync(manager.shutdown_kernel)()  # as Jupyter does, so that it can tidy up
    return "".join(output.get("text", "") for cell in short.cells for output in cell.outputs)


def herd(book: Book, number: int) -> Book:
    """Return the book with a change of its library."""
    page = book.root / "part/other.md"  # the last word on the class
    page.write_text(re.sub(r"class Quagga: .*?  #", f"class Quagga: herd = {number}  #", page.read_text()))
    return Book.load(book.root)


def test_a_notebook_uses_the_library_that_it_was_made_with(fresh: Path, tmp_path: Path) -> None:
    book, alone = make_book(tmp_path / "book"), tmp_path / "alone"
    alone.mkdir()
    first = notebook(herd(book, 1), tmp_path / "1")
    assert run(first, fresh, alone).split() == ["1"], "without a word"
    assert not [*alone.glob("library-*")], "nothing is left behind"

    second = notebook(herd(book, 2), tmp_path / "2")
    (wheel,) = (tmp_path / "2/jax/d2l_lib").glob("*.whl")
    subprocess.run([str(fresh), "-m", "pip", "install", "--quiet", "--no-index", str(wheel)], check=True)
    assert run(second, fresh, alone).split() == ["2"], "the installed one, without a word"
    said = run(first, fresh, alone)
    assert "is another library" in said and said.split()[-1] == "1"
