"""A book on disk: what it reads, what it finds by name, where its things are."""

import shutil
from pathlib import Path

import pytest
from core_helpers import SMALL

from tabbook.book import Book
from tabbook.errors import ConfigError, ReadError, TabbookError, UsageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a copy of the small book."""
    return Path(shutil.copytree(SMALL, tmp_path / "book"))


def test_loading_from_a_folder_inside(root: Path) -> None:
    book = Book.load(root / "chapters")
    assert book.root == root.resolve()
    assert book.files == ("chapters/index.md", "chapters/basics.md", "chapters/models.md")
    assert [section.name for section in book.sections] == ["index", "basics", "models"]
    book.check()


def test_a_book_without_contents(root: Path) -> None:
    (root / "_toc.yml").unlink()
    with pytest.raises(ConfigError, match=r"_toc.yml: there is no table of contents; add _toc.yml"):
        Book.load(root)


def test_a_way_that_is_none_stops_the_loading(root: Path) -> None:
    path = root / "_config.yml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("mxnet: math.tanh", "mxnet: tanh"), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"_config.yml:14: .*names.tanh.mxnet: 'tanh' is not an attribute"):
        Book.load(root)


def test_faults_of_all_files_come_together(root: Path) -> None:
    (root / "chapters" / "index.md").unlink()
    (root / "chapters" / "basics.md").write_bytes(b"# T\n\n\xff\n")
    (root / "chapters" / "models.md").write_text("No title.\n", encoding="utf-8")
    book = Book.load(root)
    expected = [
        "_toc.yml:2: chapters/index.md does not exist; add it, or remove it from the contents",
        "chapters/basics.md:3: not UTF-8; save the file as UTF-8",
        "chapters/models.md:1: there is no title; begin the section with one level-1 heading: '# Title'",
    ]
    with pytest.raises(ReadError) as caught:
        _ = book.sections
    assert [str(fault) for fault in caught.value.faults] == expected
    with pytest.raises(TabbookError) as checked:
        book.check()
    assert [str(fault) for fault in checked.value.faults] == expected


def test_imports_of_pages_matter_to_pages_alone(root: Path) -> None:
    path = root / "chapters" / "models.md"
    path.write_text(path.read_text(encoding="utf-8").replace("import cmath\n", "", 1), encoding="utf-8")
    book = Book.load(root)
    book.check(imports=False)
    with pytest.raises(TabbookError, match=r"models.md:\d+: d2l.tanh becomes cmath.tanh for jax"):
        book.check()


def test_projections_are_made_once(root: Path) -> None:
    book = Book.load(root)
    section = book.sections[1]
    assert book.project(section, "jax") is book.project(section, "jax")
    again = book.read(section.path)
    assert book.project(again, "jax").section is again  # a page that was read anew is projected anew


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), ["index", "basics", "models"]),
        (("models", "index"), ["index", "models"]),
        (("chapters/models.md",), ["models"]),
        (("chapters/models", "models.md"), ["models"]),
    ],
)
def test_sections_by_name(root: Path, names: tuple[str, ...], found: list[str]) -> None:
    assert [section.name for section in Book.load(root).find(names)] == found


def test_sections_by_path_from_where_one_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "chapters")
    assert [section.name for section in Book.load(root).find(("./basics.md",))] == ["basics"]


def test_names_that_mean_no_section_or_several(root: Path) -> None:
    with pytest.raises(UsageError, match="there is no section 'model'; tabbook status lists the sections"):
        Book.load(root).find(("model",))
    (root / "other").mkdir()
    shutil.copy(root / "chapters" / "basics.md", root / "other")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: chapters/basics\n"
        "chapters: [{file: other/basics}, {file: chapters/index}, {file: chapters/models}]\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match=r"basics may be chapters/basics.md or other/basics.md"):
        Book.load(root).find(("basics",))


def test_tabs_by_name(root: Path) -> None:
    book = Book.load(root)
    assert book.tabs(()) == ("pytorch", "jax", "mxnet")
    assert book.tabs(("mxnet", "pytorch")) == ("pytorch", "mxnet")
    with pytest.raises(UsageError, match="there is no tab 'torch'; the tabs are pytorch, jax, mxnet"):
        book.tabs(("torch",))


def test_where_things_are(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book.load(root)
    places = [book.outputs, book.reports, book.venv("jax"), book.library_folder, book.library_file("pytorch")]
    assert [
        place.relative_to(root).as_posix() for place in [*places, book.requirements("jax"), book.site]
    ] == [
        ".tabbook/outputs",
        ".tabbook/reports",
        ".tabbook/environments/jax",
        "d2l_lib",
        "d2l_lib/d2l/torch.py",
        "requirements.txt",
        "_build/html",
    ]
    assert book.python("jax") == book.venv("jax") / "bin" / "python"
    monkeypatch.setattr("sys.platform", "win32")
    assert book.python("jax") == book.venv("jax") / "Scripts" / "python.exe"
