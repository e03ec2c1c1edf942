"""The first cell of exported notebooks, in fresh environments: real kernels, real pip, a real server."""

import functools
import http.server
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from export_helpers import exported, make_book
from nbclient.exceptions import CellExecutionError

from tabbook.book import Book
from tabbook.export.write import write_all


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder and the address where a server shows it."""
    folder = tmp_path_factory.mktemp("site")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def book(tmp_path: Path, site: tuple[Path, str]) -> Book:
    """A book that is published on that server."""
    made = make_book(tmp_path / "book", exports=True)
    config = yaml.safe_load((made.root / "_config.yml").read_text())
    config["html"] = {"baseurl": site[1]}
    (made.root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    return Book.load(made.root)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with pip and Jupyter's kernel, and no library.

    Where ``COLAB`` is set it looks like Colab's, whose kernels import ``google.colab`` at their start.
    """
    folder = tmp_path_factory.mktemp("fresh") / "env"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    kernel = Path(nbformat.__file__).parents[1]
    (packages / "kernel.pth").write_text(f"{kernel}\n")
    (packages / "google/colab").mkdir(parents=True)
    (packages / "google/colab/__init__.py").write_text("")
    (packages / "sitecustomize.py").write_text(
        "import os\nif 'COLAB' in os.environ:\n    import google.colab\n"
    )
    return folder / "bin/python"


def publish(book: Book, site: Path) -> Any:
    """Put the exports where the site has them; return the notebook of a section."""
    made = exported(book, "ipynb", book.sections, ("jax",)).files
    write_all(site / "_exports/ipynb", made)
    return nbformat.reads(made["jax/part/first.ipynb"].decode(), as_version=4)


def run(notebook: Any, python: Path, folder: Path, colab: bool = False) -> str:
    """Run the first cell, and one that says what the library has; return what they print."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
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
    env = {"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": str(folder), "PIP_NO_INDEX": "1"}
    client = NotebookClient(short, km=manager, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.execute(env=env | ({"COLAB": "1"} if colab else {}))
    return "".join(output.get("text", "") for cell in short.cells for output in cell.outputs)


def herd(book: Book, number: int) -> Book:
    """Return the book with a change of its library."""
    page = book.root / "part/other.md"  # the last word on the class
    page.write_text(re.sub(r"class Quagga: .*?  #", f"class Quagga: herd = {number}  #", page.read_text()))
    return Book.load(book.root)


def test_the_first_cell_gets_the_very_library(
    book: Book, site: tuple[Path, str], fresh: Path, tmp_path: Path
) -> None:
    first = publish(herd(book, 1), site[0])
    with pytest.raises(CellExecutionError) as raised:
        run(first, fresh, tmp_path)
    said = str(raised.value)
    assert "the library d2l-small 1.2, which this notebook needs, is not installed: run 'pip install" in said
    (advice,) = set(re.findall(r"run '(pip install \"http[^']+\")'", said))
    assert run(first, fresh, tmp_path, colab=True).split() == ["1"], "installed, without a word"

    second = publish(herd(book, 2), site[0])
    said = run(second, fresh, tmp_path)
    assert "is another than the installed one" in said and said.split()[-1] == "1"
    assert run(second, fresh, tmp_path, colab=True).split() == ["2"], "the exact one in its place"
    said = run(first, fresh, tmp_path)
    assert "is another than the installed one" in said
    # What the first one advised is still there, since files of the site are removed by builds alone.
    command = [str(fresh), "-m", *shlex.split(advice), "--no-index", "--quiet"]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert run(first, fresh, tmp_path).split() == ["1"], "and nothing more to say"


def test_a_file_that_is_not_the_one_of_the_book_is_not_installed(
    book: Book, site: tuple[Path, str], fresh: Path, tmp_path: Path
) -> None:
    """The address has a hash: whoever changes the file on the way changes no notebook."""
    notebook = publish(herd(book, 3), site[0])
    (wheel,) = {path for path in site[0].rglob("*.whl") if b"herd = 3" in path.read_bytes()}
    wheel.write_bytes(wheel.read_bytes().replace(b"herd = 3", b"herd = 4"))
    subprocess.run([str(fresh), "-m", "pip", "uninstall", "--quiet", "--yes", "d2l-small"], check=True)
    with pytest.raises(CellExecutionError, match="is not installed"):
        run(notebook, fresh, tmp_path, colab=True)
