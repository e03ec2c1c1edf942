"""Plugins: found by their entry points when they are asked for, and named when they are missing."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_helpers import code, make_book

from tabbook import plugins
from tabbook.cli import main

IMPORTER = """
from typing import Annotated, Literal
import typer
from tabbook.importers.importer import ImportedBook, Importer
from tabbook.importers.fallback import code_cell
from tabbook.importers.project import common_files

Case = Annotated[Literal["upper", "lower"] | None, typer.Option("--case", help="How words are written.")]

def convert(source, findings, *, case: Case = None):
    text = source.read_text()
    if "odd" in text:
        findings.fault(source.name, 1, "word", "an odd word", "it stays")
    text = getattr(text, case)() if case else text
    page = f"---\\ntabbook: {{}}\\n---\\n# T\\n\\n{text}\\n{code_cell('x = 1', None)}\\n"
    counts = {"pages": 1, "cells": 1}
    return ImportedBook({"index.md": page, **common_files("en")}, {"kept.txt": source}, counts)

IMPORTER = Importer("Take a text as it is.", convert)
"""
EXECUTOR = """
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

class Threads(ThreadPoolExecutor):
    device = "cpu"

    def on_begin(self, begun):
        self.begun = begun

    def submit(self, fn, job):
        self.begun(job.section, job.tab)
        return super().submit(fn, replace(job, python=sys.executable))

def connect(address):
    print("connected to", address)
    return Threads(1)
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what installs a package with one module and one entry point."""

    def installing(package: str, source: str, group: str, entry: str) -> None:
        monkeypatch.delitem(sys.modules, package, raising=False)  # that of another test
        folder = tmp_path / "installed" / package
        about = folder / f"{package}-1.0.dist-info"
        about.mkdir(parents=True)
        (folder / f"{package}.py").write_text(source)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
        monkeypatch.syspath_prepend(str(folder))

    return installing


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    path = tmp_path / "source" / "a.txt"
    path.write_text("some Words\n")
    return path


def test_an_importer_is_a_command_with_options_of_its_own(
    install: Install, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second importer brings a function; the command, the report and all-or-nothing are shared."""
    install("plain", IMPORTER, plugins.IMPORTERS, "plain = plain:IMPORTER")
    assert main(["import", "--help"]) == 0
    assert "plain    Take a text as it is." in capsys.readouterr().out
    assert main(["import", "plain", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(part in shown for part in ("Take a text as it is.", "SRC is only read.", "--report", "--case"))
    book = tmp_path / "book"
    assert main(["import", "plain", str(text), str(book), "--case", "upper"]) == 0
    assert "1 page, 1 code cells" in capsys.readouterr().out
    assert "SOME WORDS" in (book / "index.md").read_text()
    assert (book / "kept.txt").read_text() == "some Words\n"
    assert main(["import", "plain", str(text), str(book)]) == 2, "it exists"
    assert main(["import", "plain", str(text), str(book), "--case", "sideways"]) == 2
    text.write_text("an odd word")
    assert main(["import", "plain", str(text), str(book), "--force"]) == 1
    assert "a.txt:1: an odd word; it stays" in capsys.readouterr().err


def test_the_importer_in_the_documents_works(
    install: Install, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[2] / "docs/importing.md").read_text(encoding="utf-8")
    entry = re.search(r"^(text) = \"(\w+):IMPORTER\"$", page, re.MULTILINE)
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert entry
    assert code
    install(entry[2], code[1], plugins.IMPORTERS, entry[0].replace('"', ""))
    text.write_text("TODO\n")
    assert main(["import", "text", str(text), str(tmp_path / "book"), "--title", "Ours"]) == 1
    assert "a.txt: the text is not finished; it is taken as it is" in capsys.readouterr().err
    assert (tmp_path / "book/index.md").read_text() == "# Ours\n\nTODO\n"
    assert (tmp_path / "book/_toc.yml").read_text() == "format: jb-book\nroot: index\n"


def test_an_executor_is_chosen_by_the_scheme_of_the_address(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABBOOK_DEVICE", "cpu")
    install("threads", EXECUTOR, plugins.EXECUTORS, "threads = threads:connect")
    make_book(tmp_path / "book", {"a": code("x = 1")})
    assert main(["run", "--book", str(tmp_path / "book"), "--cluster", "threads://here"]) == 0
    shown = capsys.readouterr().out
    assert "connected to threads://here" in shown
    assert shown.count("executed") == 4, "the lines of two jobs, and the table"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            ("import", "d2lbook", "a", "b"),
            "import d2lbook needs the plugin tabbook-d2lbook, which is not installed;"
            " in a clone of tabbook: pip install plugins/tabbook-d2lbook",
        ),
        (
            ("import", "d2lbook", "--help"),
            "import d2lbook needs the plugin tabbook-d2lbook, which is not installed;"
            " in a clone of tabbook: pip install plugins/tabbook-d2lbook",
        ),
        (
            ("import", "word", "--any", "option"),
            "import word needs a plugin for 'word', and none is installed; installed are: none",
        ),
        *(
            (
                ("run", "--cluster", address),
                f"--cluster {address} needs the plugin tabbook-dask, which is not installed;"
                " in a clone of tabbook: pip install plugins/tabbook-dask",
            )
            for address in ("tcp://host:8786", "tls://host:8786", "host:8786")
        ),
        (
            ("build", "--cluster", "slurm://host"),
            "--cluster slurm://host needs a plugin for 'slurm', and none is installed; installed are: none",
        ),
    ],
)
def test_what_is_missing_costs_one_line_that_says_what_to_install(
    command: tuple[str, ...],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda **_: ())
    make_book(tmp_path, {"a": code("x = 1")})
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert capsys.readouterr().err == f"tabbook: {said}\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "import no_such_package",
            "cannot be loaded: ModuleNotFoundError: No module named 'no_such_package'",
        ),
        ("OTHER = 1", "cannot be loaded: AttributeError"),
        ("IMPORTER = 1", "its plugin does not fit this tabbook: AttributeError"),
    ],
)
def test_a_plugin_that_is_broken_costs_one_line_and_no_other_plugin(
    source: str, said: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("plain", IMPORTER, plugins.IMPORTERS, "plain = plain:IMPORTER")
    install("broken", source, plugins.IMPORTERS, "broken = broken:IMPORTER")
    assert main(["import", "broken", "a", "b"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("tabbook: import broken: ")
    assert said in err
    assert err.count("\n") == 1
    assert main(["import", "--help"]) == 0
    assert "Take a text as it is." in capsys.readouterr().out


def test_two_plugins_of_one_name_are_refused(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    """Which of the two is found first depends on the order of folders."""
    for package in ("one", "other"):
        install(package, IMPORTER, plugins.IMPORTERS, f"plain = {package}:IMPORTER")
    assert main(["import", "plain", "a", "b"]) == 2
    assert capsys.readouterr().err == "tabbook: import plain: one and other both provide it; uninstall one\n"


@pytest.mark.parametrize("command", ["--help", "status", "check", "lib", "run", "import --help"])
def test_only_commands_that_need_a_plugin_look_for_one(command: str, tmp_path: Path) -> None:
    """To look through all installed packages takes as long as a quick command."""
    make_book(tmp_path, {"a": code("x = 1")})
    source = (
        "import sys; from tabbook.cli import main; main(sys.argv[1:]);"
        "print('tabbook.plugins' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source, *command.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == str(command == "import --help")
