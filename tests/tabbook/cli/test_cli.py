"""The command line as its users meet it: what it prints, what it writes, how it ends."""

import json
import re
import subprocess
import sys
import sysconfig
import threading
import urllib.request
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tabbook.book import Book
from tabbook.cli import main
from tabbook.cli.server import server
from tabbook.environments import STAMP_FILE, fingerprint

TABS = {
    "pytorch": {"name": "PyTorch", "module": "torch", "requirements": "requirements/pytorch.txt"},
    "jax": {"name": "JAX", "module": "jax", "requirements": "requirements/jax.txt"},
}
CONFIG = {
    "title": "A book",
    "only_build_toc_files": True,
    "execute": {"execute_notebooks": "off"},
    "sphinx": {
        "extra_extensions": ["tabbook.render"],
        "config": {
            "nb_custom_formats": {".md": ["tabbook.render.read_page", {}, False]},
            "tabbook": {"tabs": TABS, "names": {"pi": {"pytorch": "math.pi", "jax": "math.pi"}}},
        },
    },
}
SECTION = """---
file_format: mystnb
tabbook: {}
---
# First

```{code-cell} python
%%tab pytorch
import math  #@save
from d2l import torch as d2l
name = 'torch'
```

```{code-cell} python
%%tab jax
import math  #@save
from d2l import jax as d2l
name = 'jax'
```

```{code-cell} python
def double(x):  #@save
    \"\"\"Return twice x.\"\"\"
    return 2 * x

print(name, d2l.double(21), double(d2l.pi) > 6)
```
"""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real environment, whose packages are those of the tests' own."""
    folder = tmp_path_factory.mktemp("environment") / "env"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "tests.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder


@pytest.fixture
def book(tmp_path: Path, environment: Path) -> Path:
    """A book of one section in two frameworks, ready to run."""
    root = tmp_path / "book"
    for folder in ("chapters", "requirements", ".tabbook/environments"):
        (root / folder).mkdir(parents=True)
    (root / "_config.yml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    toc = {"format": "jb-book", "root": "chapters/index", "chapters": [{"file": "chapters/first"}]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc))
    (root / "chapters/index.md").write_text("# A Book\n\nWelcome.\n")
    (root / "chapters/first.md").write_text(SECTION)
    for tab in TABS:
        (root / f"requirements/{tab}.txt").write_text("")
    loaded = Book.load(root)
    for tab in TABS:
        folder = loaded.venv(tab)
        subprocess.run(["cp", "-r", str(environment), str(folder)], check=True)
        (folder / STAMP_FILE).write_text(fingerprint(loaded, tab))
    return root


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tabbook(book: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the book; return its exit status and what it printed."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = main([*arguments, "--book", str(book)])
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


def edit(book: Path, old: str, new: str, path: str = "chapters/first.md") -> None:
    file = book / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_from_nothing_to_a_site_and_then_nothing_to_do(tabbook: Run, book: Path) -> None:
    status, out, err = tabbook("build")
    assert status == 0, err
    assert "executed" in out
    assert str(book / "_build/html/chapters/index.html") in out
    page = (book / "_build/html/chapters/first.html").read_text()
    assert "torch 42 True" in page
    assert "jax 42 True" in page
    status, out, err = tabbook("build")
    assert status == 0, err
    assert "0 to execute, 2 from the store" in out
    assert " executed" not in out


def test_a_failing_cell_names_its_place_and_leaves_the_others_built(tabbook: Run, book: Path) -> None:
    edit(book, "name = 'jax'", "name = 1 / 0")
    status, out, err = tabbook("build")
    line = SECTION.split("\n").index("name = 'jax'") + 1
    assert status == 1
    assert f"chapters/first.md:{line}: jax:" in err
    assert "ZeroDivisionError: division by zero" in err
    assert "name = 1 / 0" in err
    assert "executed" in out
    (report,) = (book / ".tabbook/reports").rglob("*.md")
    assert "ZeroDivisionError" in report.read_text()
    page = (book / "_build/html/chapters/first.html").read_text()
    assert "torch 42 True" in page
    assert "jax 42 True" not in page
    edit(book, "name = 1 / 0", "name = 'jax'")
    status, out, _ = tabbook("run")
    assert status == 0
    assert "1 to execute, 1 from the store" in out
    assert not report.exists()


def test_one_framework_and_one_section_can_be_chosen(tabbook: Run) -> None:
    status, out, _ = tabbook("run", "first", "--tab", "jax", "-j", "1")
    assert status == 0
    assert "1 to execute" in out
    status, out, _ = tabbook("status")
    assert status == 1
    assert "stale" in out
    assert "from the store" in out


def test_why_a_job_would_run_is_said_in_words_and_in_json(tabbook: Run, book: Path) -> None:
    assert tabbook("run")[0] == 0
    _, out, _ = tabbook("status", "first", "--explain")
    assert "first · jax — up to date" in out
    edit(book, "return 2 * x", "return x + x")
    status, out, err = tabbook("status", "--explain")
    assert status == 1
    assert re.search(r"first · jax — code of cell 3 changed \(chapters/first\.md:\d+\)", out)
    assert "d2l.double changed (chapters/first.md:" in out
    assert "environment unchanged" in out
    assert "run tabbook lib" in err
    status, out, _ = tabbook("status", "--json", "--tab", "jax")
    value = json.loads(out)
    assert (status, value["ok"], value["format"]) == (1, False, 1)
    [job] = value["jobs"]
    assert job["status"] == "stale"
    assert {"code", "library"} == {reason["kind"] for reason in job["reasons"]}


def test_a_failure_is_remembered_until_a_retry(tabbook: Run, book: Path) -> None:
    edit(book, "print(name", "raise OSError('no')\nprint(name")
    assert tabbook("run", "--tab", "jax")[0] == 1
    status, out, err = tabbook("run", "--tab", "jax")
    assert status == 1
    assert "0 to execute" in out
    assert "failed (remembered)" in out
    assert "OSError: no" in err
    _, out, _ = tabbook("status", "--explain", "--tab", "jax")
    assert "first · jax — failed before (chapters/first.md:" in out
    status, out, _ = tabbook("run", "--tab", "jax", "--retry")
    assert status == 1
    assert "1 to execute" in out


def test_a_hand_edit_of_the_library_is_found_and_shown(tabbook: Run, book: Path) -> None:
    assert tabbook("lib")[0] == 0
    assert tabbook("lib", "--check")[0] == 0
    edit(book, "return 2 * x", "return 3 * x", "d2l_lib/d2l/jax.py")
    status, out, err = tabbook("lib", "--check")
    assert status == 1
    assert "-    return 3 * x" in out
    assert "+    return 2 * x" in out
    assert "run tabbook lib" in err
    status, out, _ = tabbook("lib")
    assert (status, out) == (0, "wrote d2l_lib/d2l/jax.py\n")


def test_a_library_that_cannot_be_imported_replaces_nothing(tabbook: Run, book: Path) -> None:
    assert tabbook("lib")[0] == 0
    before = (book / "d2l_lib/d2l/jax.py").read_bytes()
    edit(book, "def double(x):  #@save", "import no_such_thing  #@save\n\ndef double(x):  #@save")
    status, _, err = tabbook("lib")
    assert status == 1
    assert "cannot be imported in the jax environment: ModuleNotFoundError" in err
    assert (book / "d2l_lib/d2l/jax.py").read_bytes() == before


def test_all_faults_are_told_together_and_nothing_is_written(tabbook: Run, book: Path) -> None:
    edit(book, "%%tab jax", "%%tab jaxx")
    (book / "chapters/index.md").write_text("No title\n")
    for command in ("check", "lib", "run", "build", "status"):
        status, _, err = tabbook(command)
        assert status == 1
        assert "chapters/index.md:1: there is no title" in err
        assert "chapters/first.md:15: unknown tab 'jaxx'; perhaps you meant 'jax'" in err
        assert "tabbook: 2 faults" in err
    assert not (book / "d2l_lib").exists()


SECOND = SECTION.replace("# First", "# Second").replace("double", "twice")
BROKEN = {
    "never closed": ("return 2 * x\n", "return 2 * x\n\nText.\n\n```{code-cell} python\n"),
    "not Python": ("return 2 * x", "return 2 * ("),
    "no key": ("tabbook: {}\n", ""),
    "an unknown tab": ("%%tab jax", "%%tab jaxx"),
    "a mark that saves nothing": ("return 2 * x", "return 2 * x  #@save"),
    "no title": ("# Second", "Second"),
}


def add(book: Path, name: str, text: str) -> None:
    """Give the book another section."""
    (book / f"chapters/{name}.md").write_text(text)
    entry = "- file: chapters/first\n"
    edit(book, entry, f"{entry}- file: chapters/{name}\n", "_toc.yml")


def test_sections_with_faults_stop_no_other(tabbook: Run, book: Path) -> None:
    assert tabbook("lib")[0] == 0
    before = (book / "d2l_lib/d2l/jax.py").read_bytes()
    for kind, (old, new) in BROKEN.items():
        assert old in SECOND
        add(book, kind.replace(" ", "-"), SECOND.replace(old, new, 1))
    status, out, err = tabbook("build")
    assert status == 1
    for kind in BROKEN:
        path = f"chapters/{kind.replace(' ', '-')}.md"
        assert re.search(rf"^faults in .*{path}.*: the library stays as it was", err, re.MULTILINE)
        assert re.search(rf"^{path}:\d+: ", err, re.MULTILINE)
        if kind != "a mark that saves nothing":  # which is no concern of readers
            page = book / "_build/html" / Path(path).with_suffix(".html")
            assert "This page cannot be shown" in page.read_text()
    assert "tabbook: 6 faults" in err
    assert "first" in out and "executed" in out
    assert (book / "d2l_lib/d2l/jax.py").read_bytes() == before
    assert "jax 42 True" in (book / "_build/html/chapters/first.html").read_text()
    (book / "chapters/not-Python.md").write_text(SECOND)
    status, out, err = tabbook("run", "not-Python")
    assert status == 1, "the others have faults still"
    assert "not-Python" in out and "executed" not in out, "its d2l.twice is in no library yet"


def test_of_sections_that_are_named_the_sound_ones_are_executed(tabbook: Run, book: Path) -> None:
    assert tabbook("lib")[0] == 0
    add(book, "second", SECOND.replace("tabbook: {}\n", ""))
    status, out, err = tabbook("run", "first", "--strict-data")
    assert status == 1
    assert "executed" in out
    assert "chapters/second.md:1: a section with code has no key 'tabbook'" in err
    for command in ("run", "build", "status", "check", "lib"):
        status, out, err = tabbook(command, *(["second"] if command in ("run", "build", "status") else []))
        assert status == 1
        assert "chapters/second.md:1: a section with code has no key 'tabbook'" in err
        assert "executed" not in out


def test_saved_code_that_cannot_be_imported_leaves_the_library_and_stops_no_job(
    tabbook: Run, book: Path
) -> None:
    assert tabbook("lib")[0] == 0
    before = (book / "d2l_lib/d2l/jax.py").read_bytes()
    edit(book, "def double(x):  #@save", "1 / 0  #@save\n\ndef double(x):  #@save")
    edit(book, "1 / 0  #@save", "zero = 1 / 0  #@save")
    add(book, "second", SECOND.replace("d2l.twice(21)", "42"))
    status, out, err = tabbook("run", "second")
    assert status == 1
    assert "ZeroDivisionError" in err
    assert "executed" in out
    assert (book / "d2l_lib/d2l/jax.py").read_bytes() == before


def test_without_a_library_nothing_is_executed_and_the_pages_are_built(tabbook: Run, book: Path) -> None:
    add(book, "second", SECOND.replace("tabbook: {}\n", ""))
    status, out, err = tabbook("build")
    assert status == 1
    assert "there is no library yet, so nothing is executed" in err
    assert "executed" not in out
    assert "A Book" in (book / "_build/html/chapters/index.html").read_text()
    assert not (book / "d2l_lib").exists()


def test_a_fault_of_the_contents_stops_everything(tabbook: Run, book: Path) -> None:
    assert tabbook("lib")[0] == 0
    (book / "chapters/second.md").write_text(SECOND)
    edit(book, "%%tab jax", "%%tab jaxx")
    for command in ("run", "build"):
        status, out, err = tabbook(command)
        assert status == 1
        assert "chapters/second.md: no entry of _toc.yml names this section" in err
        assert "chapters/first.md:15: unknown tab 'jaxx'" in err
        assert "executed" not in out and not (book / "_build").exists()


def test_an_environment_that_is_missing_leaves_its_tabs_not_executed(tabbook: Run, book: Path) -> None:
    (book / ".tabbook/environments/jax" / STAMP_FILE).unlink()
    status, out, err = tabbook("build")
    assert status == 1
    assert "not executed" in out
    assert "jax: not executed" in err
    page = (book / "_build/html/chapters/first.html").read_text()
    assert "torch 42 True" in page
    assert "not executed" in page.lower()


def test_an_environment_that_cannot_be_made_says_why_and_the_others_go_on(tabbook: Run, book: Path) -> None:
    (book / "requirements/jax.txt").write_text("./no-such-wheel-1.0-py3-none-any.whl\n")
    (book / ".tabbook/environments/pytorch" / STAMP_FILE).unlink()
    status, out, _ = tabbook("env", "make")
    assert status == 1
    assert "no-such-wheel" in out
    assert "failed" in out
    assert "made" in out
    status, out, _ = tabbook("env")
    assert status == 1
    assert "ready" in out
    assert "missing" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "second"), "there is no section 'second'"),
        (("run", "--tab", "mxnet"), "there is no tab 'mxnet'; the tabs are pytorch, jax"),
        (("run", "-j", "0"), "-j"),
        (("serve",), "build it first"),
        (("rum",), "No such command 'rum'"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_does_nothing(
    tabbook: Run, book: Path, arguments: tuple[str, ...], message: str
) -> None:
    status, out, err = tabbook(*arguments)
    assert status == 2
    assert message in err
    assert out == ""
    assert not (book / "d2l_lib").exists()


def test_outside_a_book_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--book", str(tmp_path)]) == 2
    assert "name one with --book" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["env", "lib", "run", "status", "build", "serve", "check"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert "--book" in capsys.readouterr().out


def test_help_does_not_import_what_it_does_not_need() -> None:
    code = (
        "import sys; from tabbook.cli import main; main(['--help']); "
        "unneeded = {'sphinx', 'nbclient', 'pydantic', 'markdown_it'}; "
        "print(sorted(unneeded & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_server_gives_the_site_to_this_machine_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello")
    with server(tmp_path, 0) as running:
        assert running.server_address[0] == "127.0.0.1"
        threading.Thread(target=running.serve_forever, daemon=True).start()
        with urllib.request.urlopen(f"http://127.0.0.1:{running.server_port}/") as answer:
            assert answer.read() == b"hello"
            assert answer.headers["Cache-Control"] == "no-cache"
        running.shutdown()


def test_python_m_tabbook_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tabbook", "check", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "Check every section" in done.stdout
