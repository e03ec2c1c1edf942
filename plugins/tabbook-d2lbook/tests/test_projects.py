"""Whole projects: order, labels, names, library, files; and the command's promises about SRC and DEST."""

# ruff: noqa: E501 - a source and what it becomes stand on one line, to be compared

import ast
import fcntl
import json
import os
from pathlib import Path

import pytest
import yaml
from import_helpers import CONFIG, cell, imported, project

from tabbook.book import Book
from tabbook.cli import main
from tabbook.library.generator import generate
from tabbook_d2lbook import import_book
from tabbook_d2lbook.project import guess_tabs

INDEX = "Book\n====\n\n```toc\n:maxdepth: 1\n\none/index\n```\n\n```toc\n:numbered:\n\ntwo.md\nthree\n```\n"
PAGES = {
    "index.md": INDEX,
    "one/index.md": "# One\n:label:`chap_one`\n\n```toc\na\nb.md\n```\n",
    "one/a.md": "# A\n\n:numref:`chap_one` :cite:`Key`\n\n![Cap](../img/a.svg)\n:label:`fig_a`\n",
    "one/b.md": "# B\n\n:numref:`fig_a`\n\n:bibliography:`../d2l.bib`\n",
    "two.md": "# Two\n\n" + cell("%%tab mxnet\nx") + "\n" + cell("%%tab pytorch\nx"),
    "three.md": "# Three\n",
    "img/a.svg": "<svg/>",
    "d2l.bib": "@book{Key, title={T}}\n",
}
WITH_BIB = f"{CONFIG}[pdf]\nbibfile = d2l.bib\n"


def settings(book: Path) -> dict:
    return yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))


def test_the_contents_keep_order_nesting_and_numbers(tmp_path: Path) -> None:
    book, report = imported(tmp_path, PAGES, WITH_BIB)
    assert [str(fault) for fault in report.faults] == []
    assert yaml.safe_load((book / "_toc.yml").read_text()) == {
        "format": "jb-book",
        "root": "index",
        "parts": [
            {"chapters": [{"file": "one/index", "sections": [{"file": "one/a"}, {"file": "one/b"}]}]},
            {"numbered": True, "chapters": [{"file": "two"}, {"file": "three"}]},
        ],
    }
    assert Book.load(book).files == ("index.md", "one/index.md", "one/a.md", "one/b.md", "two.md", "three.md")


def test_a_reference_to_what_has_no_number_shows_its_title(tmp_path: Path) -> None:
    files = {
        **PAGES,
        "three.md": "# T\n:label:`three`\n\n:numref:`chap_one`, :numref:`Three`, :numref:`fig_a`, :numref:`in_tab`, "
        ":ref:`in_tab`, :numref:`bare`.\n\n![](img/a.svg)\n:label:`bare`\n\n:begin_tab:`mxnet`\n## For `mx`\n:label:`in_tab`\n:end_tab:\n",
    }
    book, report = imported(tmp_path, files, WITH_BIB)
    assert (
        "{ref}`chap_one`, {numref}`Three`, {numref}`fig_a`, {ref}`For mx <in_tab>`, {ref}`For mx <in_tab>`, {ref}`bare <bare>`."
        in (book / "three.md").read_text()
    )
    assert [str(fault) for fault in report.faults] == [
        "three.md:7: a figure with a label has no caption, so it has no number; references show its label"
    ]
    notes = [str(note) for note in report.notes if note.path == "three.md"]
    assert notes[-1] == (
        "three.md:4: 'in_tab' has no number: the contents do not number what it names; its title is shown"
    )


def test_labels_that_differ_in_case_alone_are_the_same_to_sphinx(tmp_path: Path) -> None:
    _, report = imported(tmp_path, {**PAGES, "three.md": "# T\n:label:`Chap_One`\n"}, WITH_BIB)
    assert [str(fault).split(";")[0] for fault in report.faults] == [
        "three.md:2: the label 'Chap_One' is already given in one/index.md:2"
    ]


def test_a_list_below_may_begin_the_numbers(tmp_path: Path) -> None:
    files = {
        **PAGES,
        "index.md": "# B\n\n```toc\none/index\n```\n",
        "one/index.md": "# O\n:label:`chap_one`\n\n```toc\n:numbered:\na\nb\n```\n",
    }
    book, _ = imported(tmp_path, files, WITH_BIB)
    assert yaml.safe_load((book / "_toc.yml").read_text())["chapters"] == [
        {
            "file": "one/index",
            "options": {"numbered": True},
            "sections": [{"file": "one/a"}, {"file": "one/b"}],
        }
    ]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (
            {"index.md": INDEX + "\n```toc\nfour\n```\n"},
            "index.md:18: the contents list 'four', which is not a page",
        ),
        ({"index.md": INDEX + "\n```toc\ntwo\n```\n"}, "index.md:18: the contents list 'two' a second time"),
        (
            {"three.md": "# T\n:label:`chap_one`\n"},
            "three.md:2: the label 'chap_one' is already given in one/index.md:2",
        ),
        ({"three.md": "# T\n\n:ref:`nowhere`\n"}, "three.md:3: unknown label 'nowhere'"),
        ({"three.md": "# T\n\n:cite:`Nobody`\n"}, "three.md:3: unknown citation 'Nobody'"),
        ({"three.md": "# T\n\n![C](img/no.png)\n"}, "three.md:3: the image img/no.png is missing"),
        (
            {"three.md": "# T\n\n```eval_rst\n.. raw:: html\n   :file: no.html\n```\n"},
            "three.md:5: the file no.html is missing",
        ),
    ],
)
def test_faults_between_pages(tmp_path: Path, files: dict[str, str], fault: str) -> None:
    _, report = imported(tmp_path, {**PAGES, **files}, WITH_BIB)
    assert [str(found).split(";")[0] for found in report.faults] == [fault]


def test_pages_in_no_list_are_orphans_and_originals_of_translations_are_left(tmp_path: Path) -> None:
    files = {**PAGES, "two_origin.md": "# Two\n", "alone.md": "# Alone\n:label:`alone`\n"}
    book, report = imported(tmp_path, files, WITH_BIB)
    assert not (book / "two_origin.md").exists()
    assert (book / "alone.md").read_text().startswith("---\norphan: true\n---\n")
    assert settings(book)["only_build_toc_files"] is False
    assert report.faults == ()
    assert [note.path for note in report.notes if note.kind == "contents"] == ["alone.md", "two_origin.md"]


def test_exclusions_are_no_pages(tmp_path: Path) -> None:
    config = WITH_BIB.replace(
        "[build]\n", "[build]\nnotebooks = *.md */*.md\nexclusions = README.md contrib/*md\n"
    )
    book, report = imported(tmp_path, {**PAGES, "README.md": "# R\n", "contrib/x.md": "# X\n"}, config)
    assert not (book / "README.md").exists()
    assert report.counts["pages"] == 6


def test_citations_need_a_page_that_shows_the_bibliography(tmp_path: Path) -> None:
    _, report = imported(tmp_path, {**PAGES, "one/b.md": "# B\n\n:cite:`Key`\n"}, WITH_BIB)
    assert [str(fault).split(";")[0] for fault in report.faults] == [
        "one/a.md:3: no page shows the bibliography d2l.bib"
    ]


def test_wildcards_name_no_hidden_files(tmp_path: Path) -> None:
    config = WITH_BIB.replace("[build]\n", "[build]\nnotebooks = *.md */*.md\nresources = img/\n")
    hidden = {".github/PULL_REQUEST_TEMPLATE.md": "# Template\n", ".draft.md": "# D\n", "img/.store": "x"}
    book, report = imported(tmp_path, {**PAGES, **hidden}, config)
    assert report.counts["pages"] == 6
    assert not [path for path in hidden if (book / path).exists()]


def test_images_and_bibliography_are_where_pages_expect_them(tmp_path: Path) -> None:
    config = WITH_BIB.replace("[build]\n", "[build]\nresources = img/ d2l/ setup.py\n")
    files = {
        **PAGES,
        "img/unused.jpg": "x",
        "d2l/torch.py": "x = 1\n",
        "setup.py": "requirements = ['numpy==1', 'jupyter']\n",
    }
    book, _ = imported(tmp_path, files, config)
    assert (book / "img/a.svg").read_text() == "<svg/>"
    assert (book / "img/unused.jpg").exists()
    assert not (book / "d2l").exists()
    assert settings(book)["bibtex_bibfiles"] == ["d2l.bib"]
    assert "numpy==1\n" in (book / "requirements/pytorch.txt").read_text()
    assert "jupyter\n" not in (book / "requirements/pytorch.txt").read_text()


def test_an_image_whose_name_has_blanks_is_found(tmp_path: Path) -> None:
    page = "# T\n\n![A](<img/my pic.svg>)\n:label:`a`\n\n![B](img/my%20pic.svg)\n\n![C](img/my pic.svg)\n"
    book, report = imported(tmp_path, {"index.md": page, "img/my pic.svg": "<svg/>"})
    assert report.faults == ()
    assert (book / "index.md").read_text().count("```{figure} img/my-pic.svg\n") == 3
    assert (book / "img/my-pic.svg").read_text() == "<svg/>"


LIBRARY = """[project]
title = B
lang = zh
[build]
tabs = mxnet, pytorch
sphinx_configs = numfig_format = {'figure': 'F%%s'}
    other = 1
[library-mxnet]
lib_file = d2l/mxnet.py
lib_name = np
simple_alias = ones, tensor -> array, log, exp(
     rand -> random.rand,
fluent_alias = reshape, numpy -> asnumpy
alias =
    size = lambda a: a.size
    sigmoid = npx.sigmoid
    odd = 3
reverse_alias =
    d2l.size\\(([\\w\\_\\d]+)\\) -> \\1.size
    d2l.sigmoid -> npx.sigmoid
args_alias =
    randn(a_size, device=None) -> np.random.randn(a_size, ctx=device)
[library-pytorch]
lib_file = d2l/torch.py
lib_name = torch
simple_alias = ones, tensor, log
fluent_alias = numpy -> detach().numpy
"""
HAND = "HUB = {}\nfrom mxnet import np, npx\n\n#################   WARNING   ################\nold = 1\n"
CODE = {
    "index.md": "# B\n\n```toc\na\nb\n```\n",
    "d2l/mxnet.py": HAND,
    "a.md": "# A\n\n"
    + cell("#@tab all\n#@save\nimport sys\nd2l = sys.modules[__name__]")
    + cell("%%tab pytorch\nimport torch  #@save")
    + cell(
        "%%tab all\nclass C:  #@save\n    def f(self):\n        return d2l.ones(1)\n\ndef log_rmse(): pass  #@save"
    )
    + cell("%%tab mxnet\nd2l.log_rmse(d2l.log(d2l.size(x))), d2l.numpy(d2l.reshape(x, 2)), d2l.sigmoid"),
    "b.md": "# B\n\n"
    + cell(
        "%%tab all\nimport torch, np, npx\n@d2l.add_to_class(d2l.C)  #@save\ndef g(self): return d2l.numpy(self)"
    )
    + cell("%%tab pytorch\nclass C:  #@save\n    pass"),
}


def test_aliases_become_portable_names_and_the_rest_stays_the_librarys(tmp_path: Path) -> None:
    book, report = imported(tmp_path, CODE, LIBRARY)
    config = settings(book)["sphinx"]["config"]
    assert config["tabbook"]["names"] == {
        "exp": {"mxnet": "np.exp"},
        "log": {"mxnet": "np.log", "pytorch": "torch.log"},
        "numpy": {"mxnet": "x.asnumpy(...)", "pytorch": "x.detach().numpy(...)"},
        "ones": {"mxnet": "np.ones", "pytorch": "torch.ones"},
        "rand": {"mxnet": "np.random.rand"},
        "randn": {"mxnet": "lambda a_size, device=None: np.random.randn(a_size, ctx=device)"},
        "reshape": {"mxnet": "x.reshape(...)"},
        "sigmoid": {"mxnet": "npx.sigmoid"},
        "size": {"mxnet": "lambda a: a.size"},
        "tensor": {"mxnet": "np.array", "pytorch": "torch.tensor"},
    }
    assert config["tabbook"]["tabs"]["mxnet"]["preamble"] == "library/mxnet.py"
    assert (config["language"], config["numfig_format"]) == ("zh_CN", {"figure": "F%s"})
    preamble = (book / "library/mxnet.py").read_text()
    assert preamble.startswith("HUB = {}\nfrom mxnet import np, npx\n")
    assert (
        "odd = 3\ndef randn(a_size, device=None):\n    return np.random.randn(a_size, ctx=device)" in preamble
    )
    assert "old" not in preamble
    assert [str(fault) for fault in report.faults] == []


def test_the_library_has_what_the_original_tool_puts_into_it(tmp_path: Path) -> None:
    book, _ = imported(tmp_path, CODE, LIBRARY)
    texts = generate(Book.load(book))
    module = ast.parse(texts["d2l_lib/d2l/mxnet.py"])
    assigned = {ast.unparse(node) for node in module.body if isinstance(node, ast.Assign)}
    assert {
        "HUB = {}", "ones = np.ones", "size = lambda a: a.size", "odd = 3",
        "numpy = lambda x, *args, **kwargs: x.asnumpy(*args, **kwargs)",
    } <= assigned  # fmt: skip
    names = [node.name for node in module.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert names == ["randn", "C", "log_rmse"]
    methods = next(node for node in module.body if isinstance(node, ast.ClassDef))
    assert [method.name for method in methods.body] == ["f", "g"]
    assert "return d2l.ones(1)" in texts["d2l_lib/d2l/mxnet.py"]


def test_a_class_keeps_a_method_that_a_later_page_defines_anew_as_with_d2lbook(tmp_path: Path) -> None:
    placeholder = cell("%%tab all\nclass Board:  #@save\n    def draw(self):\n        raise NotImplemented")
    drawn = cell("%%tab all\n@d2l.add_to_class(d2l.Board)  #@save\ndef draw(self):\n    return 1")
    book, _ = imported(tmp_path, {"index.md": f"# B\n\n{placeholder}\n{drawn}"})
    module = ast.parse(generate(Book.load(book))["d2l_lib/d2l/mxnet.py"])
    board = next(node for node in module.body if isinstance(node, ast.ClassDef))
    assert ast.unparse(board) == (
        "class Board:\n\n    def draw(self):\n        raise NotImplemented\n\n    def draw(self):\n        return 1"
    )


def test_readers_see_the_frameworks_own_idiom(tmp_path: Path) -> None:
    book = Book.load(imported(tmp_path, CODE, LIBRARY)[0])
    section = next(section for section in book.sections if section.path == "a.md")
    shown = book.project(section, "mxnet").code_cells[-1].source
    assert shown == "d2l.log_rmse(np.log(x.size)), x.reshape(2).asnumpy(), npx.sigmoid"


def test_a_method_of_a_class_that_nobody_saves_loses_its_mark_where_that_is_so(tmp_path: Path) -> None:
    page = cell("%%tab pytorch\nclass C:  #@save\n    pass") + cell(
        "%%tab mxnet, pytorch\n@d2l.add_to_class(C)  #@save\ndef g(self): pass"
    )
    book, report = imported(tmp_path, {"index.md": f"# B\n\n{page}"})
    assert [str(fault) for fault in report.faults] == [
        "index.md:10: g is saved into C, which no page before saves for mxnet; it is not saved there"
    ]
    text = (book / "index.md").read_text()
    assert "%%tab pytorch\n@d2l.add_to_class(C)  #@save\n" in text
    assert "%%tab mxnet\n@d2l.add_to_class(C)\n" in text
    assert "def g" not in generate(Book.load(book))["d2l_lib/d2l/mxnet.py"]


def test_what_is_documented_and_not_in_the_library_is_a_fault(tmp_path: Path) -> None:
    module = ":begin_tab:`mxnet`\n```eval_rst\n.. currentmodule:: d2l.mxnet\n```\n:end_tab:\n"
    objects = ".. autoclass:: C\n   :members:\n\n.. autoclass:: Gone\n\n.. autofunction:: d2l.torch.lost\n.. autodata:: HUB\n"
    page = f"# A\n\n{module}\n```eval_rst\n{objects}```\n"
    files = {**CODE, "index.md": "# B\n\n```toc\na\nb\napi\n```\n", "api.md": page}
    _, report = imported(tmp_path, files, LIBRARY)
    assert [str(fault) for fault in report.faults] == [
        "api.md:13: Gone is documented, but d2l.mxnet does not have it; the build warns of it",
        "api.md:15: lost is documented, but d2l.torch does not have it; the build warns of it",
    ]


def test_an_alias_that_stands_on_nothing_is_left_out(tmp_path: Path) -> None:
    config = f"{CONFIG}[library-mxnet]\nlib_name = np\nsimple_alias = ones\n"
    book, report = imported(tmp_path, {"index.md": "# B\n"}, config)
    assert "names" not in settings(book)["sphinx"]["config"]["tabbook"]
    assert "ones stands for np.ones, but the library never imports np" in str(report.faults[0])


@pytest.mark.parametrize(
    ("text", "tabs"),
    [
        (
            cell("from d2l import mxnet as d2l") + cell("#@tab pytorch\nx") + cell("#@tab xx\nx"),
            ("mxnet", "pytorch"),
        ),
        (cell("tab.interact_select('jax', 'caffe')") + cell("%%tab caffe\nx"), ("jax", "caffe")),
        ("```python\nimport torch\n```\n", ("pytorch",)),
        ("no code", ("python",)),
    ],
)
def test_the_tabs_of_a_lone_page(text: str, tabs: tuple[str, ...]) -> None:
    assert guess_tabs([text]) == tabs


def test_importing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    source = project(tmp_path / "source", CODE, LIBRARY)
    for name in ("one", "two"):
        import_book(source, tmp_path / name)
    one, two = (
        {p.relative_to(r): p.read_bytes() for p in r.rglob("*") if p.is_file()}
        for r in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two


def run(*arguments: object) -> int:
    return main(["import", "d2lbook", *map(str, arguments)])


def tree(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def test_the_exit_status_and_the_report_say_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = project(tmp_path / "good", PAGES, WITH_BIB)
    assert run(good, tmp_path / "book", "--report", tmp_path / "r.json") == 0
    assert json.loads((tmp_path / "r.json").read_text())["faults"] == []
    bad = project(tmp_path / "bad", {**PAGES, "three.md": "# T\n\n:ref:`x`\n"}, WITH_BIB)
    before = tree(bad)
    assert run(bad, tmp_path / "other", "--report", tmp_path / "r.json") == 1
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["clean"] is False
    assert found["faults"] == [
        {
            "file": "three.md",
            "line": 3,
            "kind": "label",
            "message": "unknown label 'x'",
            "hint": "no page has this label",
        }
    ]
    assert "three.md:3: unknown label 'x'" in capsys.readouterr().err
    assert tree(bad) == before


def test_a_destination_is_only_replaced_with_force_and_as_a_whole(tmp_path: Path) -> None:
    source, book = project(tmp_path / "source", PAGES, WITH_BIB), tmp_path / "book"
    assert run(source, book) == 0
    (book / "mine.txt").write_text("mine")
    assert run(source, book) == 2
    assert (book / "mine.txt").exists()
    assert run(source, book, "--force") == 0
    assert not (book / "mine.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "source"]


def test_nothing_is_left_of_an_import_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, book = project(tmp_path / "source", PAGES, WITH_BIB), tmp_path / "book"
    assert run(source, book) == 0
    before = tree(book)

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tabbook.importers.write.shutil.copyfile", full)
    assert run(source, book, "--force") == 2
    assert tree(book) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "source"]


@pytest.mark.parametrize(
    "places",
    [("none", "book"), ("source", "source/book"), ("source", "."), ("empty", "book"), ("source", "file")],
)
def test_a_bad_command_writes_nothing(
    tmp_path: Path, places: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path / "source", PAGES, WITH_BIB)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    before = tree(tmp_path)
    assert run(tmp_path / places[0], tmp_path / places[1]) == 2
    assert tree(tmp_path) == before
    assert capsys.readouterr().err.count("\n") == 1


def test_a_page_that_does_not_import_what_its_names_become_is_noted(tmp_path: Path) -> None:
    _, report = imported(tmp_path, CODE, LIBRARY)
    notes = [str(note).split(";")[0] for note in report.notes if note.kind == "import"]
    assert "a.md:17: d2l.ones becomes np.ones for mxnet, but no cell imports np" in notes
    assert not any("for pytorch" in note for note in notes)


def test_links_to_pages_and_files_lead_there(tmp_path: Path) -> None:
    text = "# T\n\n[a](one/a.html#x) [b](one/b.md) [c](data.txt) [d](https://x.y) [e](#t) [f](gone.md)\n"
    book, report = imported(tmp_path, {**PAGES, "three.md": text, "data.txt": "x"}, WITH_BIB)
    assert (
        "[a](one/a.md#x) [b](one/b.md) [c](data.txt) [d](https://x.y) [e](#t) [f](gone.md)"
        in (book / "three.md").read_text()
    )
    assert (book / "data.txt").exists()
    assert [str(f).split(";")[0] for f in report.faults] == [
        "three.md:3: the link leads to gone.md, which the book does not have"
    ]


def test_what_a_killed_import_left_is_put_right(tmp_path: Path) -> None:
    source, book = project(tmp_path / "source", PAGES, WITH_BIB), tmp_path / "book"
    assert run(source, book) == 0
    killed = tmp_path / ".book.import-killed"
    killed.mkdir()
    book.rename(killed / "old")  # killed between the two renames
    (killed / "new").mkdir()
    at_work = tmp_path / ".book.import-other"
    at_work.mkdir()
    lock = os.open(at_work, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert run(source, book) == 2  # the old book is back, and is not replaced unasked
    assert (book / "index.md").exists()
    assert run(source, book, "--force") == 0
    os.close(lock)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".book.import-other", "book", "source"]
    at_work.rmdir()


def test_links_to_headings_of_other_pages_lead_there(tmp_path: Path) -> None:
    """Labels are made once, of the page's path: two pages may have headings of the same words."""
    text = "# T\n\n## What is it?\n\n[a](#what-is-it)\n[b](one/c.html#What-is-it)\n[c](one/c.md#what-is-it)\n"
    other = "# C\n\n## What is it?\n\n[a](#What_is_it) [b](../three.html#what-is-it)\n"
    book, report = imported(tmp_path, {**PAGES, "three.md": text, "one/c.md": other}, WITH_BIB)
    assert (
        "## What is it?\n\n[a](#what-is-it)\n[b](#one-c:what-is-it)\n[c](one/c.md#what-is-it)"
        in (book / "three.md").read_text()
    )
    assert (
        "\n\n(one-c:what-is-it)=\n## What is it?\n\n[a](#one-c:what-is-it) [b](../three.md#what-is-it)"
        in (book / "one/c.md").read_text()
    )
    assert not report.faults
