"""The Makefile finds a Python that can run the builder, on machines that have several or none."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT

TOOLS = ("sh", "make", "echo")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return a folder that stands for a machine: what make needs here, in ``bin``, and no Python."""
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found is None:
            pytest.skip(f"{tool} is not installed")
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def command(path: Path, code: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)
    return path


def python(path: Path) -> Path:
    return command(path, f'exec {sys.executable} "$@"')


def make(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine)}
    return subprocess.run(
        ["make", "-f", str(ROOT / "Makefile"), *arguments],
        cwd=machine, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def chosen(machine: Path) -> str:
    return make(machine, "--eval", "chosen: ; @echo $(PYTHON)", "chosen").stdout.strip()


def test_the_python_of_the_builder(machine: Path) -> None:
    """Commands that pyenv puts on the PATH fail where they are not selected, and others are too old."""
    command(machine / "bin/python3.11", "exit 127")
    command(machine / "bin/python3", "exit 1")  # as one says that is older than 3.11
    assert chosen(machine) == ""
    own = python(machine / ".pyenv/versions/3.12.1/bin/python")
    python(machine / ".pyenv/versions/3.10.9/bin/python")
    assert chosen(machine) == str(own)
    for name in ("python", "python3.13", "python3.12"):
        assert chosen(machine) != (right := str(python(machine / "bin" / name)))
        assert chosen(machine) == right


@pytest.mark.parametrize(("arguments", "said"), [((), "what is on PATH"), (("PYTHON=old",), "old is not it")])
def test_a_machine_whose_pythons_are_too_old(machine: Path, arguments: tuple[str, ...], said: str) -> None:
    for name in ("python3", "old"):
        command(machine / "bin" / name, "exit 1")
    (machine / "requirements.txt").write_text("uv==1\n")
    done = make(machine, ".venv/uv.stamp", *arguments)
    assert done.returncode == 2
    line = done.stderr.splitlines()[0]
    assert line.startswith("make: Python 3.11, 3.12 or 3.13 with venv is needed, and ")
    assert said in line
    assert line.endswith("install one, or name one: make book PYTHON=/path/to/python3.12")
    assert not (machine / ".venv").exists()


def test_the_test_of_a_python_is_one_that_old_pythons_can_read() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    code = next(line for line in text.splitlines() if line.startswith("FITS")).split(":=")[1].strip()
    old = code.replace("(3, 11)", "(99, 0)")
    assert [
        subprocess.run([sys.executable, "-c", c], env=dict(os.environ), check=False).returncode
        for c in (code, old)
    ] == [0, 1]


def test_the_frameworks_are_those_of_the_book_and_nobody_is_asked_before_they_are_needed(
    machine: Path,
) -> None:
    """A clean checkout has no tabbook that could be asked, and every target must work there."""
    done = make(machine, "--eval", "chosen: ; @echo here", "chosen")
    assert (done.stdout, done.stderr) == ("here\n", "")

    shutil.copy(ROOT / "Makefile", machine)
    for number, name in enumerate(
        ("requirements.txt", "pyproject.toml", ".venv/uv.stamp", ".venv/book.stamp")
    ):
        (machine / name).parent.mkdir(exist_ok=True)
        (machine / name).touch()
        os.utime(machine / name, (number, number))
    python(machine / "bin/python3")
    command(machine / ".venv/bin/tabbook", 'test "$*" = "env list" && echo numpy keras')
    command(machine / ".venv/bin/python", "exit 0")
    tests = [line for line in make(machine, "-n", "test-d2l").stdout.splitlines() if "-m pytest" in line]
    assert [line.split()[-1] for line in tests] == ["numpy", "keras"]
    alone = make(machine, "-n", "test-d2l", "TABS=keras").stdout
    assert "--tab keras" in alone and "--tab numpy" not in alone


@pytest.mark.parametrize("file", ["Makefile", ".ci/run", ".github/workflows/ci.yml"])
def test_the_tests_that_are_named_one_by_one_exist(file: str) -> None:
    """Some runs take a choice of tests, whose files may move; pytest is asked for them only then."""
    named = re.findall(r"\btests/[\w/]+\.py\b", (ROOT / file).read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []
