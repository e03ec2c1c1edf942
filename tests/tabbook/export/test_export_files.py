"""Exports of a small book: what is in the files, and what must not be."""

import ast
import hashlib
import importlib.metadata
import io
import json
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from export_helpers import TOKENS, exported, make_book, placed

from tabbook.book import Book
from tabbook.cli import main
from tabbook.errors import UsageError
from tabbook.export import decks
from tabbook.export.folder import LIST_FILE, write_export
from tabbook.export.page import TextPiece, make_page
from tabbook.export.write import archives, write_all
from tabbook.merge.bundled import BundledCell, cell_hash, outputs_path
from tabbook.merge.bundled import dump as dump_stored
from tabbook.model import Result

FORMATS = ("ipynb", "slides", "markdown")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return make_book(tmp_path_factory.mktemp("exports") / "book")


@pytest.fixture(scope="module")
def files(book: Book) -> dict[str, dict[str, bytes]]:
    tabs = tuple(book.settings.tabs)
    return {kind: exported(book, kind, book.sections, tabs).files for kind in FORMATS}


def notebook(data: bytes) -> Any:
    found = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(found)
    return found


def test_a_notebook_is_valid_and_holds_text_code_outputs_and_pictures(book: Book, files) -> None:
    (first,) = book.find(("first",))
    found = notebook(files["ipynb"]["jax/part/first.ipynb"])
    assert (found.nbformat, found.nbformat_minor) == (4, 5)
    assert found.metadata.kernelspec.name == "python3"
    ids = [placed(first, cell.id) for cell in found.cells]
    wanted = "library text-start code-1 text-1 code-6 text-6 code-9 caption-9 code-10 code-11 code-12"
    assert ids == wanted.split()
    by_id = dict(zip(ids, found.cells, strict=True))
    assert by_id["code-1"].source == "shared = 1  #@save\nquagga = 'Quagga'"
    assert "(**" not in by_id["text-start"].source and "Said on slides" not in by_id["text-start"].source
    assert "![a net](attachment:part-img-net.png)" in by_id["text-start"].source
    assert list(by_id["text-start"].attachments["part-img-net.png"]) == ["image/png"]
    assert "[Section 2](other.ipynb)" in by_id["text-start"].source
    assert "\\tag{1.1}" in by_id["text-start"].source
    assert by_id["caption-9"].source == "**Fig. 1.1.** What it drew."
    assert [output.output_type for output in by_id["code-10"].outputs][:3] == [
        "stream",
        "display_data",
        "execute_result",
    ]
    assert by_id["code-10"].outputs[2].execution_count == by_id["code-10"].execution_count == 4
    assert by_id["code-10"].outputs[4].data == {"text/plain": "Bar(0)"}, "nobody has the widget's state"
    assert by_id["code-11"].outputs == []
    assert by_id["code-12"].outputs[0].ename == "ValueError"


def test_colab_is_asked_for_a_gpu_where_the_section_asks(files, tmp_path: Path) -> None:
    book = make_book(tmp_path / "book")
    page = book.root / "part/other.md"
    page.write_text(page.read_text().replace("tabbook: {}", "tabbook: {gpus: 2}"))
    again = Book.load(book.root)
    made = exported(again, "ipynb", again.find(("other",)), ("jax",)).files
    assert notebook(made["jax/part/other.ipynb"]).metadata.accelerator == "GPU"
    assert notebook(files["ipynb"]["jax/part/first.ipynb"]).metadata.accelerator == "GPU"
    assert "accelerator" not in notebook(files["ipynb"]["jax/part/other.ipynb"]).metadata


def test_what_the_page_folds_is_folded(tmp_path: Path) -> None:
    """Solutions and long helpers stood open in the notebook."""
    book = make_book(tmp_path / "book")
    page = book.root / "part/other.md"
    page.write_text(page.read_text().replace(":tags: [remove-output]", ":tags: [hide-cell]"))
    again = Book.load(book.root)
    made = exported(again, "ipynb", again.find(("other",)), ("jax",)).files
    cells = {cell.source: cell.metadata for cell in notebook(made["jax/part/other.ipynb"]).cells}
    assert cells["draw()"].jupyter == {"source_hidden": True}
    assert cells["quiet()"].jupyter == {"source_hidden": True, "outputs_hidden": True}
    assert "jupyter" not in cells["many()"]


def ids_after(root: Path, old: str, new: str) -> dict[str, str]:
    """Return the ids of a notebook's cells, by what the cells say, after an edit of its section."""
    path = make_book(root).root / "part/first.md"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    again = Book.load(root)
    made = exported(again, "ipynb", again.find(("first",)), ("jax",)).files
    cells = notebook(made["jax/part/first.ipynb"]).cells
    assert len({cell.id for cell in cells}) == len(cells)
    assert cells[0].id == "library"
    return {cell.source: cell.id for cell in cells[1:]}


def test_ids_stay_when_other_cells_change(tmp_path: Path) -> None:
    """What diffs and reviews of notebooks go by: an edit renames the cells that it changes, and no others."""
    before = ids_after(tmp_path / "before", "shared = 1", "shared = 1")
    prose = ids_after(tmp_path / "prose", "## No marks here", "## Something else\n\nMore.")
    assert list(prose.values()) == list(before.values()), "not even the text that was edited"
    cell = "```{code-cell} python\nfirst_of_all()\n```\n\nAnd text.\n\n"
    more = ids_after(
        tmp_path / "more", "```{code-cell} python\nshared", f"{cell}```{{code-cell}} python\nshared"
    )
    assert {source for source in before if more.get(source) != before[source]} == set()
    code = ids_after(tmp_path / "code", "many()", "many(2)")
    assert {source for source in before if code.get(source) != before[source]} == {"many()"}
    ids_after(tmp_path / "twice", "quiet()", "many()")  # code that stands there twice has two ids


def test_the_folder_of_notebooks_is_whole(files) -> None:
    names = {name.removeprefix("jax/") for name in files["ipynb"] if name.startswith("jax/")}
    (wheel,) = [name.removeprefix("d2l_lib/") for name in names if name.endswith(".whl")]
    assert wheel.startswith("d2l_small-1.2+")
    assert names == {
        f"d2l_lib/{wheel}",
        "README.md",
        "requirements.txt",
        "binder/requirements.txt",
        "binder/runtime.txt",
        "part/first.ipynb",
        "part/other.ipynb",
        "d2l_lib/pyproject.toml",
        "d2l_lib/d2l/__init__.py",
        "d2l_lib/d2l/jax.py",
    }
    assert files["ipynb"]["jax/requirements.txt"].decode() == f"numpy==1.0\n./d2l_lib/{wheel}\n"
    ast.parse(files["ipynb"]["jax/d2l_lib/d2l/jax.py"])


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_of_a_framework_is_in_what_is_exported_for_another(files, kind: str) -> None:
    for name, data in files[kind].items():
        folder = name.split("/")[0]
        for tab, token in TOKENS.items():
            if folder in TOKENS and folder != tab:
                assert token.encode() not in data, f"{name} tells of {tab}"
                assert token.lower().encode() not in data, f"{name} tells of {tab}"
    for tab, token in TOKENS.items():  # and the words that are looked for do occur
        assert any(token.encode() in data for name, data in files[kind].items() if name.startswith(tab))


def test_markdown_shows_code_outputs_and_figures(book: Book, files) -> None:
    (first,) = book.find(("first",))
    text = files["markdown"]["jax/part/first.md"].decode()
    (name,) = set(re.findall(r"first_files/(code-\w+-\d)\.png", text))
    assert placed(first, name) == "code-9-1"
    assert text.startswith(
        "# Nets of first\n\nA slide starts with (1.1) and goes on. See [Section 2](other.md)."
    )
    assert "![a net](first_files/part-img-net.png)" in text
    assert "```python\nclass Quagga: pass  #@save\n```" in text
    assert "````text\n```\nQuagga red\n````" in text, "a fence in an output does not end it"
    assert text.count(f"![Output of the code above](first_files/{name}.png)") == 2, "kept once"
    assert "```text\nResult(Quagga)\n```" in text and "\n$x$\n" in text
    assert "```text\nValueError: Quagga\n```" in text
    assert "\x1b" not in text and "never shown" not in text
    assert files["markdown"][f"jax/part/first_files/{name}.png"].startswith(b"\x89PNG")
    assert "jax/index.md" in files["markdown"]


def test_slides_follow_the_marks(book: Book, files) -> None:
    (first,) = book.find(("first",))
    found = notebook(files["slides"]["jax/part/first.slides.ipynb"])
    shown = [(placed(first, cell.id), cell.metadata.slideshow.slide_type) for cell in found.cells]
    assert shown == [
        ("title", "slide"),
        ("library", "skip"),
        ("text-start-0", "slide"),
        ("text-start-1", "-"),
        ("text-start-2", "-"),
        ("text-start-notes", "notes"),
        ("code-1", "-"),
        ("text-1-0", "slide"),
        ("text-1-notes", "notes"),
        ("code-6", "-"),
        ("code-9", "skip"),
        ("code-10", "skip"),
        ("code-11", "skip"),
        ("code-12", "skip"),
    ]
    sources = {placed(first, cell.id): cell.source for cell in found.cells}
    assert sources["title"] == "# Nets of first\n\nJAX"
    assert (sources["text-start-0"], sources["text-start-2"]) == (
        "A slide starts with (1.1)",
        "Said on slides only.",
    )


def test_decks_hold_what_is_on_slides_and_load_nothing_from_elsewhere(files) -> None:
    deck = files["slides"]["mxnet/part/first.slides.html"].decode()
    assert "Said on slides only." in deck and "okapi" in deck and "draw" not in deck
    for address in ("http://", "https://"):
        places = [deck[at : at + 60] for at in range(len(deck)) if deck.startswith(f'="{address}', at - 2)]
        assert [place for place in places if not place.startswith("http://www.w3.org")] == []
    loaded = [part.split('"')[0] for part in deck.split('src="')[1:] if part.startswith("../")]
    assert loaded and all(path.removeprefix("../../") in files["slides"] for path in loaded)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_book_gives_the_same_bytes(book: Book, files, kind: str) -> None:
    again = Book.load(book.root)
    made = exported(again, kind, again.sections, tuple(again.settings.tabs)).files
    assert made == files[kind]
    assert archives(made) == archives(files[kind])


def test_an_archive_has_the_folder(files) -> None:
    data = archives(files["ipynb"])["mxnet.zip"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("part/first.ipynb") == files["ipynb"]["mxnet/part/first.ipynb"]


def test_the_command_writes_and_then_has_nothing_to_write(book: Book, tmp_path: Path, capsys) -> None:
    arguments = ["export", "ipynb", "--book", str(book.root), "--to", str(tmp_path / "a/b")]
    assert main(arguments) == 0
    assert "new or changed" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "a/b").glob("*.zip")) == [
        "jax.zip",
        "mxnet.zip",
        "pytorch.zip",
    ]
    assert [path.name for path in (tmp_path / "a/b").glob(".*")] == [LIST_FILE], "nothing of what was staged"
    assert main(arguments) == 0
    assert ", 0 of them new" in capsys.readouterr().out
    assert main(["export", "markdown", "first", "--tab", "jax", "--book", str(book.root)]) == 0
    assert (book.root / "_build/exports/markdown/jax/part/first.md").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["docx"],
            "there is no format 'docx'; the formats are ipynb, slides, markdown, pdf, epub; or branches",
        ),
        (["ipynb", "nowhere"], "there is no section 'nowhere'"),
        (["ipynb", "--tab", "keras"], "there is no tab 'keras'"),
        (["ipynb", "index"], "index.md has no code"),
        (["slides", "index", "--tab", "jax"], "index.md has no slides for jax"),
        (["slides", "first", "--to", "FILE"], "cannot write to"),
        (["markdown", "--to", "FILE/below"], "cannot write to"),
        (["markdown", "--to", "LINK"], "cannot write to"),
        (["ipynb", "--to", "/proc/nothing"], "cannot write to"),
    ],
)
def test_a_wrong_command_says_so_in_one_line_and_writes_nothing(
    book: Book, tmp_path: Path, capsys, arguments: list[str], message: str
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    given = [argument.replace("FILE", str(file)).replace("LINK", str(link)) for argument in arguments]
    target = [] if "--to" in given else ["--to", str(tmp_path / "out")]
    assert main(["export", *given, *target, "--book", str(book.root)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1 and captured.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"] and file.read_text() == "mine"


def test_a_file_in_the_way_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "out/jax/a.md").mkdir(parents=True)
    with pytest.raises(UsageError, match="is a directory"):
        write_all(tmp_path / "out", {"jax/a.md": b"", "jax/b.md": b""})
    (tmp_path / "out/mxnet").write_text("mine")
    with pytest.raises(UsageError, match="not a directory"):
        write_all(tmp_path / "out", {"pytorch/b.md": b"", "mxnet/a.md": b""})
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["jax", "mxnet"]


def test_a_picture_that_is_missing_is_named_with_its_line(tmp_path: Path, capsys) -> None:
    book = make_book(tmp_path / "book")
    (book.root / "part/img/net.png").unlink()
    assert (
        main(["export", "ipynb", "--tab", "jax", "--book", str(book.root), "--to", str(tmp_path / "out")])
        == 1
    )
    error = capsys.readouterr().err
    assert re.search(r"part/first.md:\d+: there is no picture part/img/net.png", error)
    text = notebook((tmp_path / "out/jax/part/first.ipynb").read_bytes()).cells[1].source
    assert "![a net](part-img-net.png)" in text
    assert (
        main(["export", "slides", "--tab", "jax", "--book", str(book.root), "--to", str(tmp_path / "out")])
        == 1
    )
    assert (tmp_path / "out/jax/part/first.slides.html").is_file()


def test_a_section_with_faults_leaves_the_others(tmp_path: Path, capsys) -> None:
    book = make_book(tmp_path / "book")
    out = tmp_path / "out"
    arguments = ["export", "ipynb", "--book", str(book.root), "--to", str(out)]
    assert main(arguments) == 0
    before = (out / "jax/part/other.ipynb").read_bytes()
    page = book.root / "part/other.md"
    page.write_text(page.read_text() + "\n```{code-cell} python\nnever closed\n")
    first = book.root / "part/first.md"
    first.write_text(first.read_text().replace("## No marks here", "## Edited"))
    capsys.readouterr()
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert "part/other.md:" in error and "this code cell is never closed" in error
    assert "Edited" in (out / "jax/part/first.ipynb").read_text()
    assert (out / "jax/part/other.ipynb").read_bytes() == before, "what was there is better than nothing"
    assert main([*arguments, "first"]) == 0, "it has no faults"
    assert main([*arguments, "other"]) == 1, "it has"


def test_what_is_gone_goes_and_what_is_not_ours_stays(tmp_path: Path, capsys) -> None:
    book = make_book(tmp_path / "book")
    out = tmp_path / "out"
    arguments = ["export", "ipynb", "--book", str(book.root), "--to", str(out)]
    assert main(arguments) == 0
    for name in ("jax/part/mine.ipynb", "mine.zip"):
        (out / name).write_text("mine")
    (out / "pytorch/part/other.ipynb").write_text("my own answers")
    for file in ("_toc.yml", "part/first.md"):
        path = book.root / file
        text = path.read_text().replace("- file: part/other\n", "").replace("See {numref}`sec_other`.", "")
        path.write_text(text)
    (book.root / "part/other.md").unlink()
    assert main([*arguments, "first"]) == 0
    assert (out / "jax/part/other.ipynb").is_file(), "one section alone says nothing of others"
    assert main([*arguments, "--tab", "jax"]) == 0
    assert not (out / "jax/part/other.ipynb").exists() and (out / "mxnet/part/other.ipynb").exists()
    capsys.readouterr()
    assert main(arguments) == 0
    assert "3 others removed" in capsys.readouterr().out
    left = sorted(path.relative_to(out).as_posix() for path in out.rglob("*other*"))
    assert left == ["pytorch/part/other.ipynb"], "it was edited (two more: libraries of another day)"
    assert (out / "jax/part/mine.ipynb").is_file() and (out / "mine.zip").is_file()


@pytest.mark.parametrize("place", [".", "part", "part/below", "d2l_lib", ".tabbook/x", ".git"])
def test_no_export_goes_among_the_books_own_files(book: Book, capsys, place: str) -> None:
    before = sorted(book.root.rglob("*"))
    assert main(["export", "markdown", "--book", str(book.root), "--to", str(book.root / place)]) == 2
    captured = capsys.readouterr()
    assert "the book itself is there" in captured.err and captured.err.count("\n") == 1
    assert sorted(book.root.rglob("*")) == before


def test_a_list_that_is_no_list_removes_nothing(tmp_path: Path) -> None:
    """Whoever writes into the list cannot make an export remove files elsewhere."""
    (tmp_path / "outside").write_text("mine")
    digest = hashlib.sha256(b"mine").hexdigest()
    out = tmp_path / "out"
    (out / "jax").mkdir(parents=True)
    (out / "jax/link").symlink_to(tmp_path)
    (out / LIST_FILE).write_text(json.dumps({"jax/../../outside": digest, "jax/link/outside": digest}))
    assert write_export(out, {"jax/a.md": b""}, ["jax"]) == (1, 0)
    (out / LIST_FILE).write_text("[")
    assert write_export(out, {"jax/a.md": b""}, ["jax"]) == (0, 0)
    assert (tmp_path / "outside").read_text() == "mine"


def run_first(notebook: Any) -> str:
    """Run the first cell, and return where the library is then imported from."""
    exec(compile(notebook.cells[0].source, "first", "exec"), {"__name__": "first"})
    return str(importlib.import_module("d2l.jax").__file__)


def test_the_first_cell_brings_the_library_unless_it_is_installed(
    files, tmp_path: Path, monkeypatch, capsys
) -> None:
    found = notebook(files["ipynb"]["jax/part/first.ipynb"])
    text = files["ipynb"]["jax/d2l_lib/d2l/jax.py"]

    def forget() -> None:
        for name in [name for name in sys.modules if name.split(".")[0] == "d2l"]:
            monkeypatch.delitem(sys.modules, name)

    def installed(content: bytes) -> str:
        monkeypatch.setattr(sys, "path", [str(tmp_path), *path])
        forget()
        (tmp_path / "d2l/jax.py").write_bytes(content)
        importlib.invalidate_caches()
        return run_first(found)

    path = list(sys.path)
    monkeypatch.setattr(sys, "path", [*path])
    forget()
    place = Path(run_first(found))
    assert place.read_bytes() == text and place.parents[1].name.startswith("library-")
    assert run_first(found) == str(place), "the cell may run twice"
    assert capsys.readouterr().out == ""

    own = tmp_path / "d2l/jax.py"
    own.parent.mkdir()
    (own.parent / "__init__.py").write_text("")
    assert installed(text.replace(b"\n", b"\r\n")) == str(own), "line endings make no other library of it"
    assert capsys.readouterr().out == ""
    assert installed(b"something = 'else'\n") != str(own)
    said = f"{own} is another library. This notebook uses the one that it contains.\n"
    assert capsys.readouterr().out == said
    forget()


def test_files_of_the_library_go_with_the_notebooks_that_may_need_them(tmp_path: Path) -> None:
    """A text that stands in for a missing one is large, and useless where no data file is read."""
    data = {"novel.txt": {"url": "https://example.org/novel.txt", "sha1": 40 * "0"}}
    book = make_book(tmp_path / "book", data=data)
    (book.root / "d2l_lib/d2l").mkdir()
    (book.root / "d2l_lib/d2l/prose.txt").write_text("It was a dark night.")
    page = book.root / "part/other.md"
    page.write_text(page.read_text().replace("tabbook: {}", "tabbook: {data: [novel.txt]}"))
    made = exported(Book.load(book.root), "ipynb", Book.load(book.root).sections, ("jax",)).files
    assert made["jax/d2l_lib/d2l/prose.txt"] == b"It was a dark night."
    carrying = {
        name: "'d2l/prose.txt'" in notebook(made[name]).cells[0].source for name in made if "ipynb" in name
    }
    assert carrying == {"jax/part/first.ipynb": False, "jax/part/other.ipynb": True}


def test_a_notebook_makes_the_data_that_a_script_makes(tmp_path: Path, monkeypatch) -> None:
    program = b"import sys\nopen(sys.argv[1], 'w').write('shirts')\n"
    data = {"a.zip": {"script": "data/a.py", "sha1": hashlib.sha1(b"shirts").hexdigest()}}
    book = make_book(tmp_path / "book", data=data)
    page = book.root / "part/other.md"
    page.write_text(page.read_text().replace("tabbook: {}", "tabbook: {data: [a.zip]}"))
    monkeypatch.delenv("D2L_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def source() -> str:
        book = Book.load(tmp_path / "book")
        made = exported(book, "ipynb", book.find(("other",)), ("jax",))
        (fault, *_) = [str(fault).split(": ", 1)[1] for fault in made.faults] or [""]
        if fault:
            return fault
        cells = {cell.id: cell.source for cell in notebook(made.files["jax/part/other.ipynb"]).cells}
        return cells["data"]

    assert source() == "there is no file data/a.py; add it, or correct the path"
    (book.root / "data").mkdir()
    (book.root / "data/a.py").write_bytes(program)
    for _ in range(2):  # it is made once
        exec(source(), {})
        assert [path.name for path in (tmp_path / "d2l").iterdir()] == ["a.zip"]
        assert (tmp_path / "d2l/a.zip").read_text() == "shirts"
        (book.root / "data/a.py").write_text("raise ValueError('no shirts')")
    (tmp_path / "d2l/a.zip").write_text("other")
    with pytest.raises(OSError, match=r"a.zip could not be made: .*\n.*\n.*\nValueError: no shirts"):
        exec(source(), {})
    (book.root / "data/a.py").write_text("import sys; open(sys.argv[1], 'w')")
    with pytest.raises(OSError, match=r"a.zip could not be made: its SHA-1 differs"):
        exec(source(), {})


def test_published_pages_are_linked_with_the_framework(tmp_path: Path) -> None:
    book = make_book(tmp_path / "book")
    config = book.root / "_config.yml"
    config.write_text(config.read_text() + "html: {baseurl: 'https://book.org/'}\n")
    again = Book.load(book.root)
    made = exported(again, "ipynb", again.sections, ("jax",)).files
    text = json.dumps(notebook(made["jax/part/first.ipynb"]))
    assert "[Section 2](https://book.org/part/other.html?tab=jax#sec-other)" in text


def test_outputs_that_came_with_a_section_stand_in_for_those_of_a_run(tmp_path: Path) -> None:
    book = make_book(tmp_path / "book")
    shutil.rmtree(book.outputs)
    (section,) = book.find(("first",))
    (cell,) = [cell for cell in section.code_cells if cell.source == "draw()"]
    output = {"output_type": "stream", "name": "stdout", "text": "from elsewhere"}
    kept = BundledCell(cell_hash(cell.source), 0, ("jax",), (output,))
    (book.root / outputs_path(section.path)).write_text(dump_stored([kept]))
    made = exported(book, "markdown", [section], ("jax", "mxnet")).files
    assert b"```text\nfrom elsewhere\n```" in made["jax/part/first.md"]
    assert b"from elsewhere" not in made["mxnet/part/first.md"]


def test_a_book_that_was_never_run_is_exported_without_outputs(tmp_path: Path) -> None:
    book = make_book(tmp_path / "book")
    shutil.rmtree(book.outputs)
    made = exported(book, "ipynb", book.sections, ("jax",)).files
    cells = [cell for cell in notebook(made["jax/part/first.ipynb"]).cells if cell.cell_type == "code"]
    assert all(cell.execution_count is None and cell.outputs == [] for cell in cells)


@pytest.mark.parametrize("missing", ["sphinx-revealjs", "sphinx-mathjax-offline", "nbconvert"])
def test_a_package_that_slides_need_is_named(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, missing: str
) -> None:
    decks.assets.cache_clear()
    decks._exporter.cache_clear()
    find = importlib.metadata.files
    if missing == "nbconvert":
        monkeypatch.setitem(sys.modules, "nbconvert.exporters", None)
    elif missing == "sphinx-revealjs":
        monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    else:
        monkeypatch.setattr("importlib.metadata.files", lambda name: None if name == missing else find(name))
    arguments = ["export", "slides", "first", "--tab", "jax", "--book", str(book.root)]
    assert main([*arguments, "--to", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.endswith(f"; install {missing}\n")
    assert not (tmp_path / "out").exists()
    decks.assets.cache_clear()


def test_outputs_with_stand_in_data_are_noted_in_the_language_of_the_book(tmp_path: Path) -> None:
    book = make_book(tmp_path)
    section = book.sections[0]
    projection = book.project(section, "jax")
    outputs = tuple(() for _ in projection.code_cells)
    result = Result("0" * 64, section.path, "jax", outputs, stand_ins=("novel.txt",))
    pieces = [TextPiece("# Title"), *(cell.index for cell in projection.code_cells)]
    for language, words in (("en", "This page was made with stand-in data"), ("de", "Ersatzdaten")):
        page = make_page(projection, result, pieces, {}, language=language)
        notes = [part.source for part in page.parts if part.name == "stand-ins"]
        assert len(notes) == 1
        assert words in notes[0]
        assert "`novel.txt`" in notes[0]
