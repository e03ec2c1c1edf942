"""Which Python makes a tab's environment: found on the PATH, among pyenv's versions, or uv's own."""

import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from core_helpers import SETTINGS, faults_of, section
from engine_helpers import code, make_book

from tabbook import pythons
from tabbook.plan.planner import jobs
from tabbook.pythons import find, own_version

OFFLINE = {"UV_PYTHON_DOWNLOADS": "never"}


def command(path: Path, code: str) -> Path:
    """Write a shell script that plays the part of a Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)
    return path


def python(path: Path, version: str, kind: str = "cpython") -> Path:
    return command(path, f"echo {kind} {version} {path}")


def variables(tmp_path: Path, *folders: str, **more: str) -> dict[str, str]:
    """Return the variables of a machine that has nothing but what a test put into ``tmp_path``."""
    path = os.pathsep.join(str(tmp_path / folder) for folder in folders)
    return {
        "PATH": path,
        "HOME": str(tmp_path),
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv"),
        **OFFLINE,
        **more,
    }


def another_python() -> str:
    """Return the version of a Python of this machine that is not the one of the tests."""
    for version in ("3.12", "3.13", "3.11", "3.10"):
        if version != own_version() and find(version, {**os.environ, **OFFLINE}):
            return version
    pytest.skip("there is no second Python on this machine")


def test_the_python_of_tabbook_needs_no_search(tmp_path: Path) -> None:
    assert find(own_version(), variables(tmp_path)) == sys.executable


def test_commands_on_the_path_are_asked_what_they_are(tmp_path: Path) -> None:
    command(tmp_path / "shims/python3.42", "echo 'pyenv: python3.42: command not found' >&2; exit 127")
    python(tmp_path / "old/python3.42", "3.41")
    python(tmp_path / "pypy/python3.42", "3.42", "pypy")
    command(tmp_path / "silent/python3.42", "exit 0")
    (tmp_path / "folder/python3.42").mkdir(parents=True)
    right = python(tmp_path / "right/python3.42", "3.42")
    python(tmp_path / "later/python3.42", "3.42")
    folders = ("nowhere", "shims", "old", "pypy", "silent", "folder", "right", "later")
    assert find("3.42", variables(tmp_path, *folders)) == str(right)
    assert find("3.42", variables(tmp_path, *folders[:-2])) is None


def test_a_python_without_its_version_in_its_name(tmp_path: Path) -> None:
    other = python(tmp_path / "bin/python", "3.42")
    assert find("3.42", variables(tmp_path, "bin")) == str(other)
    assert find("3.4", variables(tmp_path, "bin")) is None


@pytest.mark.parametrize("root", [".pyenv", "elsewhere"])
def test_pyenvs_newest_release_is_found_though_it_is_not_selected(tmp_path: Path, root: str) -> None:
    command(tmp_path / "shims/python3.42", "exit 127")
    for name in ("3.42.9", "3.42.10", "3.42.11rc1", "3.42.12t", "3.42-dev", "3.4.50", "3.421.1", "mine"):
        python(tmp_path / root / "versions" / name / "bin/python", "3.42")
    more = {} if root == ".pyenv" else {"PYENV_ROOT": str(tmp_path / root)}
    found = find("3.42", variables(tmp_path, "shims", **more))
    assert found == str(tmp_path / root / "versions/3.42.10/bin/python")


def test_the_python_of_an_environment_stands_for_the_one_that_it_was_made_with() -> None:
    """An active environment may be removed; the environments of the book must not break then."""
    assert pythons._ask(sys.executable, own_version()) == sys._base_executable  # type: ignore[attr-defined]


def test_uvs_own_pythons_are_found(tmp_path: Path) -> None:
    version = another_python()
    found = find(version, {**os.environ, **OFFLINE})
    assert found is not None
    full = pythons.subprocess.run(
        [found, "-c", "import platform; print(platform.python_version())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    folder = tmp_path / "uv" / f"cpython-{full}-linux-{platform.machine()}-gnu"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / f"python{version}").symlink_to(found)
    (folder / "lib").symlink_to(Path(found).resolve().parents[1] / "lib")
    managed = find(version, variables(tmp_path))
    assert managed is not None
    assert managed.startswith(str(tmp_path / "uv"))


def test_a_python_that_is_nowhere(tmp_path: Path) -> None:
    assert find("3.42", variables(tmp_path)) is None


def test_keys_name_a_python_only_where_the_tab_names_another(tmp_path: Path) -> None:
    """Naming 3.11 must not execute a book again that was executed with it; moving on from it must."""
    names: dict[str, str | None] = {"pytorch": "3.11", "jax": "3.12"}
    book = make_book(tmp_path, {"a": code("x = 1")})
    tabs = {tab: about.model_copy(update={"python": names[tab]}) for tab, about in book.settings.tabs.items()}
    named = replace(book, settings=book.settings.model_copy(update={"tabs": tabs}))
    before, after = ({job.tab: job.key("cpu") for job in jobs(one)} for one in (book, named))
    assert before["pytorch"] == after["pytorch"]
    assert after["jax"].record == {**before["jax"].record, "python": "3.12"}


@pytest.mark.parametrize(("named", "helps"), [("3.99", True), ("3.9", False), (None, False)])
def test_syntax_that_the_python_of_tabbook_does_not_know(named: str | None, helps: bool) -> None:
    """Code is right for its tab's Python, and tabbook's own, older, cannot read it: that is said."""
    tabs = {**SETTINGS.tabs, "jax": SETTINGS.tabs["jax"].model_copy(update={"python": named})}
    settings = SETTINGS.model_copy(update={"tabs": tabs})
    hint = f"{named}, which the tab jax has, run tabbook with that (this is Python {own_version()})"
    (fault,) = faults_of(section("%%tab jax\nx = 1\nnew syntax"), book=settings)
    assert fault.startswith("a.md:9: not valid Python")
    assert (hint in fault) is helps
    (fault,) = faults_of(section("%%tab mxnet\nnew syntax"), book=settings)
    assert "run tabbook with" not in fault
