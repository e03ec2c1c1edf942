"""Sources that are not as they should be, or bigger: configuration, library, files, many cells."""

# ruff: noqa: E501 - a source and what it becomes stand on one line, to be compared

from pathlib import Path

import pytest
import yaml
from import_helpers import CONFIG, cell, convert, imported, project

from tabbook.book import Book
from tabbook.errors import UsageError
from tabbook_d2lbook import book as importing
from tabbook_d2lbook import import_book

INDEX = {"index.md": "# B\n"}
LIBRARY = f"{CONFIG}[library-mxnet]\nlib_file = d2l/mxnet.py\nlib_name = np\n"
WARNING = "#################   WARNING   ################\n"


@pytest.mark.parametrize(
    ("config", "files", "fault"),
    [
        ("[build\n", {}, "config.ini:1: cannot be read"),
        (
            f"{CONFIG}[library-mxnet]\nsimple_alias = ones\n",
            {},
            "library-mxnet: there are aliases, but no lib_name that they belong to",
        ),
        (f"{LIBRARY}simple_alias = a b\n", {}, "library-mxnet: 'a b' is not a name"),
        (f"{LIBRARY}fluent_alias = a -> b(\n", {}, "library-mxnet: 'x.b((...)' is not Python"),
        (
            f"{LIBRARY}args_alias =\n  f(1 -> g(1)\n",
            {},
            "library-mxnet: 'f(1' is not a function with its arguments",
        ),
        (
            LIBRARY,
            {"d2l/mxnet.py": f"def f(:\n{WARNING}"},
            "d2l/mxnet.py:1: the hand-written part is not valid Python",
        ),
        (CONFIG.replace("pytorch", "pytorch, C++"), {}, "config.ini: 'c++' cannot be the name of a tab"),
        (f"{CONFIG}[html]\nhtml_logo = no.png\n", {}, "config.ini: the html_logo no.png is missing"),
        (CONFIG, {"setup.py": "x ="}, "setup.py:1: not valid Python"),
    ],
)
def test_faults_of_the_project(tmp_path: Path, config: str, files: dict[str, str], fault: str) -> None:
    _, report = imported(tmp_path, {**INDEX, **files}, config)
    assert [fault in str(found) for found in report.faults] == [True], report.faults


@pytest.mark.parametrize(
    ("config", "files", "note"),
    [
        (LIBRARY, {"d2l/mxnet.py": "x = 1\n"}, "the library has no WARNING line"),
        (LIBRARY, {}, "the library of mxnet has no file"),
        (
            CONFIG.replace("[library]", "[library]\nsave_patterns = a b"),
            {},
            "save_patterns of older editions",
        ),
        (CONFIG.replace("[build]", "[build]\nsphinx_configs = a ="), {}, "sphinx_configs: cannot be read"),
        (
            f"{CONFIG}[library-mxnet]\nlib_file = a/mxnet.py\n[library-pytorch]\nlib_file = b/torch.py\n",
            {},
            "several packages: a, b",
        ),
    ],
)
def test_what_is_only_noted(tmp_path: Path, config: str, files: dict[str, str], note: str) -> None:
    _, report = imported(tmp_path, {**INDEX, **files}, config)
    assert report.faults == ()
    assert any(note in str(found) for found in report.notes), report.notes


def test_the_head_of_the_pages_keeps_its_links_and_pictures(tmp_path: Path) -> None:
    config = f"{CONFIG}[html]\nheader_links = PDF, ##X##, fas fa-pdf,\n    Code, https://x.y, fab fa-github\nhtml_logo = l.png\nfavicon = f.ico\n"
    book, report = imported(tmp_path, {**INDEX, "l.png": "x", "f.ico": "x"}, config)
    settings = yaml.safe_load((book / "_config.yml").read_text())
    assert report.faults == ()
    assert settings["logo"] == "l.png"
    assert settings["html"]["favicon"] == "f.ico"
    links = settings["sphinx"]["config"]["html_theme_options"]["icon_links"]
    assert links == [{"name": "Code", "url": "https://x.y", "icon": "fab fa-github"}]
    assert (book / "l.png").exists()


def test_requirements_come_from_everywhere_that_tells(tmp_path: Path) -> None:
    config = f"{CONFIG}[colab]\nlibs = mxnet, mxnet, -U mxnet-cu112==1.9.1\n    pytorch, syne_tune, syne-tune[gpsearchers]\n    pytorch, d2l, d2l==RELEASE\n"
    page = cell("%load_ext d2lbook.tab\n#required_libs('gym==0.21.0')") + cell(
        "%%tab pytorch\nimport PIL.Image, os\nfrom d2l import torch as d2l\nfrom torchvision import models"
    )
    setup = "setup(install_requires=['requests==2.31.0', 'numpy'])"
    book, _ = imported(tmp_path, {"index.md": f"# B\n\n{page}", "setup.py": setup}, config)
    wanted = (book / "requirements/pytorch.txt").read_text().splitlines()[1:]
    assert wanted == [
        "gym==0.21.0", "ipykernel", "matplotlib", "matplotlib-inline", "numpy", "pillow", "requests==2.31.0",
        "syne-tune[gpsearchers]", "torch", "torchvision",
    ]  # fmt: skip
    assert "numpy==1.23.5" in (book / "requirements/mxnet.txt").read_text()


def test_a_project_without_configuration_or_index_page(tmp_path: Path) -> None:
    source = project(tmp_path / "source", {"index.md": "# B\n\n" + cell("import torch\nx")})
    (source / "config.ini").unlink()
    report = import_book(source, tmp_path / "book")
    assert [note.kind for note in report.notes] == ["configuration"]
    assert list(Book.load(tmp_path / "book").settings.tabs) == ["pytorch"]
    (source / "index.md").rename(source / "other.md")
    with pytest.raises(UsageError, match=r"neither config.ini nor index.md"):
        import_book(source, tmp_path / "none")
    book, report = imported(tmp_path / "second", {"first.md": "# F\n"})
    assert [str(fault).split(";")[0] for fault in report.faults] == ["index.md: there is no index page"]
    assert yaml.safe_load((book / "_toc.yml").read_text())["root"] == "first"


def test_a_page_that_is_not_utf_8(tmp_path: Path) -> None:
    source = project(tmp_path / "source", INDEX)
    (source / "index.md").write_bytes(b"# B\n\ncaf\xe9\n")
    report = import_book(source, tmp_path / "book")
    assert [str(fault).split(";")[0] for fault in report.faults] == ["index.md:3: not UTF-8"]


def test_a_lone_page_of_a_project_brings_its_configuration(tmp_path: Path) -> None:
    source = project(
        tmp_path / "source", {**INDEX, "one/a.md": "# A\n\n![C](../i.png)\n\n" + cell("x"), "i.png": "x"}
    )
    report = import_book(source / "one/a.md", tmp_path / "book")
    assert report.faults == ()
    assert Book.load(tmp_path / "book").files == ("one/a.md",)
    assert (tmp_path / "book/i.png").exists()


def test_many_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {
        f"p{n}.md": f"# P\n\n{cell('x = 1  #@save')}{cell('def f(:')}{cell('%%tab xx' + chr(10) + 'y')}"
        for n in range(6)
    }
    names = "\n".join(f"p{n}" for n in range(6))
    files = {"index.md": f"# B\n\n```toc\n{names}\n```\n", **pages}
    one = imported(tmp_path / "one", files)
    monkeypatch.setattr(importing, "_MIN_PARALLEL_CELLS", 1)
    monkeypatch.setattr(importing, "cores", lambda: 2)
    many = imported(tmp_path / "many", files)
    assert many[1] == one[1]
    assert len(many[1].faults) == 12
    read = [{p.name: p.read_bytes() for p in book.rglob("*.md")} for book in (one[0], many[0])]
    assert read[0] == read[1]


def test_an_equation_with_blank_lines_is_one() -> None:
    source = (
        "# Title\n\n$$\na = b\n\n+ c\n$$\n:eqlabel:`e`\n\ntext\n\n$$\nopen\n\nwords and words\n\n$$\nx\n$$\n"
    )
    result = convert(source)
    assert result.body.startswith("$$\na = b\n+ c\n$$ (e)\n")
    assert r"\$\$" in result.body


def test_modules_have_names_that_python_allows(tmp_path: Path) -> None:
    config = (
        f"{CONFIG}[library-mxnet]\nlib_file = my-lib/1 mx.py\n[library-pytorch]\nlib_file = my-lib/torch.py\n"
    )
    book, _ = imported(tmp_path, INDEX, config)
    settings = Book.load(book).settings
    assert (settings.library.package, settings.tabs["mxnet"].module) == ("my_lib", "_1_mx")
