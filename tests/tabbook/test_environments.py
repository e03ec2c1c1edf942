"""The frameworks' environments: made by uv from pinned packages, and only when they changed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from core_helpers import SMALL
from test_pythons import OFFLINE, another_python

from tabbook import environments
from tabbook.book import Book
from tabbook.cli import main
from tabbook.environments import STAMP_FILE, make, source_of, state, uv_variables
from tabbook.pythons import own_version


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Return a copy of the small book, whose environments need no packages."""
    return Book.load(Path(shutil.copytree(SMALL, tmp_path / "book")))


def naming(book: Book, version: str) -> Book:
    """Return ``book`` with the Python ``version`` for its tab jax."""
    path = book.root / "_config.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    tab = f'        jax: {{name: JAX, module: jax, requirements: requirements.txt, python: "{version}"}}'
    lines = [tab if line.startswith("        jax:") else line for line in lines]
    path.write_text("\n".join(lines), encoding="utf-8")
    return Book.load(book.root)


def version_of(book: Book) -> str:
    """Return what the Python of the environment of jax says of itself."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(
        [book.python("jax"), "-c", ask], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def commands(book: Book, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Let uv do nothing but write down what it was asked, and make a folder for an environment."""
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command[3:])
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.symlink_to(sys.executable)
        failed = "fail" in book.requirements("jax").read_text(encoding="utf-8") and "pip" in command
        return subprocess.CompletedProcess(
            command, int(failed), "", "\n".join(f"line {i}" for i in range(40))
        )

    monkeypatch.setattr(environments.subprocess, "run", run)
    return asked


def test_a_real_environment(book: Book) -> None:
    assert (state(book, "jax").status, state(book, "jax").reason) == ("missing", "run tabbook env make")
    made = make(book, "jax")
    assert (made.status, made.usable) == ("made", True), made.reason
    assert state(book, "jax").status == "ready"
    assert (book.work / ".gitignore").read_text(encoding="utf-8") == "*\n"
    done = subprocess.run(
        [book.python("jax"), "-c", "import sys; print(sys.prefix != sys.base_prefix)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "True\n"
    assert list(book.venv("jax").glob("lib/python*/site-packages/tabbook/tab.py"))


def test_packages_that_cannot_be_had_are_a_reason_and_leave_nothing(book: Book) -> None:
    book.requirements("jax").write_text("./no-such-folder\n", encoding="utf-8")
    failed = make(book, "jax")
    assert (failed.status, failed.usable) == ("failed", False)
    assert "no-such-folder" in failed.reason
    assert not book.venv("jax").exists()
    assert state(book, "jax").status == "missing"


def test_an_environment_is_made_once(book: Book, commands: list[Sequence[str]]) -> None:
    assert make(book, "jax").status == "made"
    assert [command[0] for command in commands] == ["venv", "pip"]
    assert make(book, "jax").status == "ready"
    assert len(commands) == 2
    assert make(book, "jax", force=True).status == "made"
    assert len(commands) == 4


def test_requirements_that_changed_are_installed(book: Book, commands: list[Sequence[str]]) -> None:
    make(book, "jax")
    book.requirements("jax").write_text("numpy==1.0\n", encoding="utf-8")
    found = state(book, "jax")
    assert (found.status, found.reason) == ("outdated", "requirements.txt changed: run tabbook env make")
    assert not found.usable
    assert make(book, "jax").status == "made"
    assert commands[-1][:2] == ["pip", "install"]
    assert state(book, "jax").status == "ready"


def test_a_failure_says_the_end_of_what_uv_said(book: Book, commands: list[Sequence[str]]) -> None:
    book.requirements("jax").write_text("fail\n", encoding="utf-8")
    failed = make(book, "jax")
    assert failed.status == "failed"
    assert failed.reason.split("\n") == [f"line {i}" for i in range(25, 40)]


def test_an_interrupted_environment_is_made_again(book: Book, commands: list[Sequence[str]]) -> None:
    make(book, "jax")
    (book.venv("jax") / STAMP_FILE).unlink()
    assert state(book, "jax").status == "missing"
    assert make(book, "jax").status == "made"
    assert [command[0] for command in commands] == ["venv", "pip", "venv", "pip"]


def test_the_environment_of_a_tab_that_is_gone_is_named(
    book: Book, commands: list[Sequence[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    for tab in book.settings.tabs:
        make(book, tab)
    shutil.copytree(book.venv("jax"), book.venv("theano"), symlinks=True)
    assert main(["env", "--book", str(book.root)]) == 0
    said = capsys.readouterr().out
    assert "theano       unused    .tabbook/environments/theano\n" in said
    assert "no tab of the book has this name: remove the folder" in said


def test_missing_requirements(book: Book, commands: list[Sequence[str]]) -> None:
    book.requirements("jax").unlink()
    assert (make(book, "jax").status, make(book, "jax").reason) == (
        "failed",
        "requirements.txt does not exist",
    )
    assert commands == []


def test_a_tab_has_the_python_that_it_names(book: Book) -> None:
    """A framework without wheels for the builder's Python is made with its own, and remade for another."""
    other = another_python()
    book = naming(book, other)
    assert make(book, "jax").status == "made"
    assert version_of(book) == other
    origin = source_of(book.venv("jax"))
    assert origin is not None
    assert origin.python == other
    assert state(book, "jax").status == "ready"
    book = naming(book, own_version())
    found = state(book, "jax")
    assert (found.status, found.usable) == ("outdated", False)
    assert found.reason == f"it has Python {other}, and the tab needs {own_version()}: run tabbook env make"
    assert make(book, "jax").status == "made"
    assert version_of(book) == own_version()
    assert state(book, "jax").status == "ready"


def test_naming_the_python_that_an_environment_has_keeps_it(
    book: Book, commands: list[Sequence[str]]
) -> None:
    make(book, "jax")
    book = naming(book, own_version())
    assert (state(book, "jax").status, make(book, "jax").status) == ("ready", "ready")
    assert len(commands) == 2


def test_a_python_that_is_nowhere_is_a_reason_with_a_place(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", OFFLINE["UV_PYTHON_DOWNLOADS"])
    book = naming(book, "3.42")
    line = next(
        n for n, text in enumerate((book.root / "_config.yml").read_text().splitlines(), 1) if "3.42" in text
    )
    failed = make(book, "jax")
    assert failed.status == "failed"
    assert failed.reason == (
        f"_config.yml:{line}: the tab jax needs Python 3.42, and none was found (on PATH, among pyenv's"
        " versions or uv's own); install it, or let uv fetch it: uv python install 3.42"
    )
    assert state(book, "jax").status == "missing"
    assert state(book, "jax").reason == f"{failed.reason}\ntabbook env make tries again"
    assert make(book, "mxnet").status == "made"
    book = naming(book, own_version())
    assert state(book, "jax").reason == "run tabbook env make"
    assert make(book, "jax").status == "made"
    assert not any((book.work / "environments-failed").iterdir())


def test_uv_takes_pips_settings() -> None:
    pip = {
        "PIP_FIND_LINKS": "/a /b",
        "PIP_INDEX_URL": "http://i",
        "PIP_EXTRA_INDEX_URL": "http://x http://y",
        "VIRTUAL_ENV": "/v",
        "HOME": "/h",
    }
    assert uv_variables(pip) == {
        **{name: value for name, value in pip.items() if name != "VIRTUAL_ENV"},
        "UV_FIND_LINKS": "/a,/b",
        "UV_DEFAULT_INDEX": "http://i",
        "UV_INDEX": "http://x http://y",
    }
    own = {"UV_FIND_LINKS": "/own", "PIP_FIND_LINKS": "/a"}
    assert uv_variables(own) == own
    assert "VIRTUAL_ENV" not in uv_variables(os.environ)
