"""The kernels that JupyterLab offers: they start, and know their framework and the library."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from engine_helpers import code, make_book
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from tabbook.environments import EnvironmentState
from tabbook.errors import EnvironmentFailedError
from tabbook.kernel_specs import register


@pytest.fixture
def book(tmp_path, monkeypatch):
    made = make_book(tmp_path / "book", {"a": code("x = 1")})
    monkeypatch.setattr("tabbook.environments.state", lambda _, tab: EnvironmentState(tab, "ready"))
    made.library_file("jax").parent.mkdir(parents=True)
    (made.library_file("jax").parent / "__init__.py").write_text("")
    made.library_file("jax").write_text("x = 5\n")
    return made


def test_a_registered_kernel_runs_with_its_tab_and_the_library(book, tmp_path, monkeypatch):
    folders = register(book, ("pytorch", "jax"), prefix=tmp_path)
    assert [folder.name for folder in folders] == ["tabbook-pytorch", "tabbook-jax"]
    assert folders[0].parent == tmp_path / "share/jupyter/kernels"
    spec = json.loads((folders[1] / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable
    assert spec["display_name"] == "Jax (book)"
    # Frameworks' environments hold tabbook.tab, this one holds all of tabbook: next to the library.
    shutil.copytree(Path(__file__).parents[2] / "tabbook", book.library_folder / "tabbook")
    manager = KernelSpecManager(kernel_dirs=[str(folders[0].parent)])
    kernel = KernelManager(kernel_name="tabbook-jax", kernel_spec_manager=manager)
    kernel.start_kernel(cwd=str(tmp_path))
    client = kernel.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        printed = []
        source = (
            "%load_ext tabbook.tab\nfrom d2l import nothing_of_that_name as d2l\nprint(tab.current, d2l.x)"
        )
        client.execute_interactive(
            source,
            timeout=60,
            output_hook=lambda m: printed.append(
                m["content"].get("text") or "".join(m["content"].get("traceback", []))
            ),
        )
        assert "".join(printed) == "jax 5\n"
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def test_registering_for_the_user_goes_to_their_folder(book, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    for _ in range(2):  # a second time replaces the first
        (folder,) = register(book, ("jax",))
    assert folder == tmp_path / "user/kernels/tabbook-jax"


def test_a_missing_environment_is_an_error_that_spares_the_others(book, tmp_path, monkeypatch):
    def state(_, tab):
        return EnvironmentState(tab, "missing" if tab == "pytorch" else "ready", "run tabbook env make")

    monkeypatch.setattr("tabbook.environments.state", state)
    with pytest.raises(EnvironmentFailedError, match=r"pytorch.*run tabbook env make"):
        register(book, ("pytorch", "jax"), prefix=tmp_path)
    assert (tmp_path / "share/jupyter/kernels/tabbook-jax/kernel.json").exists()
