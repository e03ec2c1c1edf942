"""Files beside a section: found by its code, part of its key, carried by its notebooks."""

import os
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from engine_helpers import code, make_book
from export_helpers import exported
from export_helpers import make_book as book_to_export

from tabbook.book import Book
from tabbook.cli import main
from tabbook.errors import ReadError, TabbookError
from tabbook.export.write import write_all
from tabbook.plan.outputs import page_result
from tabbook.plan.planner import jobs
from tabbook.render.site import build_site
from tabbook.run.progress import explanations
from tabbook.run.runner import run
from tabbook.status.overview import status

HELPER = "def answer():\n    return 42\n"
IMPORT = "from d2l import nbclient as d2l"
LIBRARY = "def f(): ...\n\ndef g(): ...\n"


def section(files: str, *cells: str) -> str:
    matter = f"---\nfile_format: mystnb\ntabbook:\n  files: {files}\n---\n"
    return matter + "".join(map(code, cells))


def book_of(root: Path, files: str, *cells: str, **contents: str | bytes):
    """Return a book with a section that declares ``files``; ``contents`` are files, by name."""
    book = make_book(root, {"a": section(files, *cells)})
    library = book.library_file("pytorch")
    library.parent.mkdir(parents=True, exist_ok=True)
    (library.parent / "__init__.py").touch()
    library.write_text(LIBRARY)
    for name, content in contents.items():
        path = root / "chapters" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return book


def go(book, **options):
    return run(book, tabs=("pytorch",), why_unusable=lambda _: "", **options)


def texts(result) -> list[str]:
    return [output.get("text") or output["data"]["text/plain"] for cell in result.outputs for output in cell]


CELLS = (
    "import helper\nhelper.answer()",
    "print(open('notes/one.txt').read(), open('../shared/deep/two.txt', 'rb').read())",
    "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-c', 'import helper; print(helper.answer())'],"
    " capture_output=True, text=True).stdout",
    "%run helper.py\nanswer()",
    "open('notes/one.txt', 'w').write('spoiled')",
)
FILES = {
    "helper.py": HELPER,
    "notes/one.txt": "one",
    "notes/.hidden": "",
    "notes/__pycache__/x.pyc": "",
    "../shared/deep/two.txt": b"\xff2",
}
DECLARED = "[helper.py, notes, ./../shared/deep/two.txt]"


def test_code_finds_the_files_and_cannot_change_them(tmp_path):
    """Nothing beside a section was there when its code ran: ``plt.imread('img.png')`` failed."""
    book = book_of(tmp_path / "book", DECLARED, *CELLS, **FILES)
    report = go(book)
    assert [job.failure for job in report.jobs] == [None]
    result = page_result(book, book.find(("a",))[0], "pytorch")
    assert texts(result) == ["42", "one b'\\xff2'\n", "'42\\n'", "42", "7"]
    assert set(result.inputs["files"]) == {"helper.py", "notes/one.txt", "../shared/deep/two.txt"}
    assert (book.root / "chapters/notes/one.txt").read_text() == "one"


def test_a_change_of_a_file_makes_outputs_stale_and_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("TABBOOK_DEVICE", "cpu")
    book = book_of(tmp_path / "book", "[notes]", "x = 1", **FILES)
    key = jobs(book, tabs=["pytorch"])[0].key("cpu")
    go(book)

    def why(**contents: str) -> str:
        again = book_of(tmp_path / "book", "[notes]", "x = 1", **contents)
        (line,) = explanations(status(again, tabs=("pytorch",), explain=True))
        return line

    assert "the file notes/one.txt changed; environment unchanged" in why(**{"notes/one.txt": "two"})
    assert "the file notes/two.txt is declared now" in why(**{"notes/one.txt": "one", "notes/two.txt": ""})
    (book.root / "chapters/notes/two.txt").unlink()
    assert jobs(book, tabs=["pytorch"])[0].key("cpu") == key
    (book.root / "chapters/notes/one.txt").rename(book.root / "chapters/notes/three.txt")
    assert "the file notes/one.txt is no longer declared" in why()


def test_a_section_without_files_keeps_its_key(tmp_path):
    book = make_book(tmp_path, {"a": code("x = 1"), "b": section("[]", "x = 1")})
    one, other = (planned.key("cpu") for planned in jobs(book, tabs=["pytorch"]))
    assert "files" not in one.record
    assert one == other


@pytest.mark.parametrize(
    ("name", "content", "library", "whole"),
    [
        ("helper.py", HELPER, set(), ""),
        ("helper.py", f"{IMPORT}\n\ndef h():\n    return d2l.f()\n", {"f"}, ""),
        ("helper.py", "from d2l.nbclient import g", {"g"}, ""),
        ("helper.py", "# import d2l", set(), ""),
        ("helper.py", f"{IMPORT}\nvars(d2l)", {"f", "g"}, "helper.py uses d2l as a value"),
        ("helper.py", "CODE = 'import d2l'", {"f", "g"}, "helper.py: a string names d2l"),
        ("helper.py", "import d2l = = 1", {"f", "g"}, "helper.py: a cell is not valid Python"),
        ("run.sh", "python -c 'import d2l.nbclient'", {"f", "g"}, "run.sh names d2l"),
        ("saved.pkl", b"\x80\x04\x8c\x0cd2l.nbclient\xff.", {"f", "g"}, "saved.pkl names d2l"),
        ("words.csv", "a,b\nd2lx,2\n", set(), ""),
        ("img.png", b"\x89PNG\xff", set(), ""),
    ],
)
def test_what_a_file_uses_of_the_library_counts(tmp_path, name, content, library, whole):
    book = book_of(tmp_path, f"[{name}]", "x = 1", **{name: content})
    (planned,) = jobs(book, tabs=["pytorch"])
    assert set(planned.library_hashes) - {"d2l.nothing_of_that_name"} == library
    assert planned.whole_because == whole


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("[/etc/passwd]", "'/etc/passwd' is not a relative path"),
        ("['~/x']", "'~/x' is not a relative path"),
        ("['C:/x']", "'C:/x' is not a relative path"),
        (r"['a\b']", "is not a relative path"),
        ("['']", "'' is not a relative path"),
        ("[../../x]", "'../../x' is outside the book"),
        ("[x/../../../y]", "is outside the book"),
        ("[.]", "'.' contains the section itself"),
        ("[..]", "'..' contains the section itself"),
        ("[a.md]", "'a.md' contains the section itself"),
        ("[gone.png]", "the file 'gone.png' does not exist; add it"),
        ("[empty]", "the file 'empty' cannot be read: it is not a file; declare"),
        ("[pipe]", "the file 'pipe' cannot be read: it is not a file"),
        ("[../.tabbook/outputs]", "'../.tabbook/outputs' is in a folder that tabbook writes"),
        ("[link]", "the file 'link' is a link to a place outside the book"),
        ("[loop]", "the file 'loop' cannot be read"),
        ("img.png", "this must be a list"),
    ],
)
def test_a_bad_declaration_is_a_fault_with_its_line(tmp_path, capsys, files, said):
    book = book_of(tmp_path / "book", files, "x = 1")
    beside = book.root / "chapters"
    (beside / "empty").mkdir()
    os.mkfifo(beside / "pipe")
    (beside / "link").symlink_to("/etc/passwd")
    (beside / "loop").symlink_to("loop")
    for command in ("check", "run", "status"):
        assert main([command, "--book", str(book.root)]) == 1
        found = capsys.readouterr()
        (line,) = [line for line in (found.err + found.out).splitlines() if said in line]
        assert line.startswith("chapters/a.md:4: ")


def test_all_missing_files_are_reported_at_their_own_lines(tmp_path):
    book = book_of(tmp_path, "\n    - one\n    - helper.py\n    - two", "x = 1", **FILES)
    with pytest.raises(TabbookError) as raised:
        book.check()
    assert [(fault.line, fault.message) for fault in raised.value.faults] == [
        (5, "the file 'one' does not exist"),
        (7, "the file 'two' does not exist"),
    ]
    book.check(imports=False)  # the library does not need them


@pytest.mark.parametrize("file", ["requirements/pytorch.txt", "d2l_lib/d2l/nbclient.py"])
@pytest.mark.parametrize("how", ["not text", "a folder"])
def test_a_file_of_the_book_that_cannot_be_read_is_a_fault(tmp_path, capsys, file, how):
    book = book_of(tmp_path, "[]", f"{IMPORT}\nd2l.f()")
    path = book.root / file
    path.unlink()
    if how == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"\xff\xfe")
    with pytest.raises(TabbookError) as raised:
        jobs(book)
    assert [(fault.path, fault.line) for fault in raised.value.faults] == [(file, 0)]
    assert "cannot be read" in raised.value.faults[0].message
    if file.startswith("requirements"):  # tabbook writes the library anew
        for command in (["status"], ["run"], ["export", "ipynb"], ["store", "gc"]):
            assert main([*command, "--book", str(book.root)]) == 1
            assert f"{file}: this file cannot be read" in capsys.readouterr().err


def test_a_file_that_changes_while_a_run_goes_on_is_never_taken_for_the_other(tmp_path, monkeypatch):
    """Outputs would be stored under the key of a file that they were not made from."""
    book = book_of(tmp_path / "book", "[helper.py]", "import helper", **FILES)
    planned = jobs(book)

    def late(*_):
        (book.root / "chapters/helper.py").write_text("changed = 1\n")
        return planned

    monkeypatch.setattr("tabbook.run.runner.jobs", late)
    report = go(book)
    assert {job.status for job in report.jobs} == {"failed"}
    assert "'helper.py' was changed during the run" in report.failures[0].failure.message
    monkeypatch.undo()
    assert {job.status for job in go(Book.load(book.root) and book).jobs} == {"executed"}


def test_a_notebook_that_is_taken_away_alone_has_its_files(tmp_path):
    """A download and Colab bring the notebook and nothing else."""
    from nbclient import NotebookClient

    book = book_of(tmp_path / "book", DECLARED, *CELLS[:3], **FILES)
    made = exported(book, "ipynb", book.find(("a",)), ("pytorch",)).files
    assert made == exported(book, "ipynb", book.find(("a",)), ("pytorch",)).files
    write_all(tmp_path / "exported", made)
    (tmp_path / "alone/here").mkdir(parents=True)
    notebook = nbformat.reads(made["pytorch/chapters/a.ipynb"].decode(), as_version=4)
    assert [cell.id for cell in notebook.cells[:2]] == ["library", "files"]
    client = NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path / "alone/here")}})

    def execute() -> list[str]:
        client.execute(env={**os.environ, "PYTHONPATH": str(tmp_path / "exported/pytorch/d2l_lib")})
        cells = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
        return texts(SimpleNamespace(outputs=cells))

    assert execute() == ["42", "one b'\\xff2'\n", "'42\\n'"]
    assert (tmp_path / "alone/shared/deep/two.txt").read_bytes() == b"\xff2"
    # What somebody has edited is kept.
    (tmp_path / "alone/here/helper.py").write_text("def answer():\n    return 4343\n")
    assert execute()[0] == "4343"


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")
def test_a_page_and_its_notebook_follow_their_files(tmp_path):
    book = book_to_export(tmp_path / "book", exports=True)
    source = book.root / "part/first.md"
    matter = "---\nfile_format: mystnb\n"
    assert source.read_text().startswith(matter)
    own = source.read_text().replace("tabbook: {", "tabbook: {files: [notes], ", 1)
    assert own != source.read_text()
    source.write_text(own)

    def build() -> tuple[str, str]:
        site = build_site(Book.load(book.root), jobs=1, quiet=True, warnings_as_errors=False)
        assert site.status == 0
        notebook = site.page.parent / "_exports/ipynb/jax/part/first.ipynb"
        said = "\n".join(map(str, site.faults))
        return (notebook.read_text() if notebook.exists() else ""), said

    _, said = build()
    assert "the file 'notes' does not exist" in said
    assert (book.site / "_exports/ipynb/jax/part/other.ipynb").exists(), "the others are exported"
    (book.root / "part/notes").mkdir()
    (book.root / "part/notes/one.txt").write_text("one")
    first, said = build()
    assert "does not exist" not in said
    assert "notes/one.txt" in first
    (book.root / "part/notes/one.txt").write_text("two")
    assert build()[0] not in (first, "")


def test_names_of_files_are_the_same_wherever_the_section_is(tmp_path):
    one = book_of(tmp_path / "one", "[helper.py]", "x = 1", **FILES)
    other = book_of(tmp_path / "elsewhere/other", "[./x/../helper.py]", "x = 1", **FILES)
    assert jobs(one)[0].key("cpu") == jobs(other)[0].key("cpu")
    with pytest.raises(ReadError):
        jobs(book_of(tmp_path / "third", "[../../one/chapters/helper.py]", "x = 1"))
