"""What the site offers to take away, and the links to it."""

import importlib.metadata
import itertools
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from export_helpers import TOKENS, make_book

from tabbook.book import Book
from tabbook.export import decks, make
from tabbook.export.write import archives
from tabbook.render import site_exports
from tabbook.render.links import links_of
from tabbook.render.site import build_site

# What Jupyter Book's own parts warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")


def build(book: Book) -> Path:
    site = build_site(Book.load(book.root), jobs=1, quiet=True, warnings_as_errors=False)
    assert site.status == 0
    for fault in site.faults:
        print(fault, file=sys.stderr)
    return site.page.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site") / "book"
    book = make_book(root, exports=True, repository={"url": "https://github.com/o/r"})
    return build(book)


def addresses(page: Path) -> list[tuple[str, str]]:
    lines = re.findall(r'<p class="tabbook-links" data-tabs="(\w+)">(.*?)</p>', page.read_text(), re.DOTALL)
    return [(tab, address) for tab, line in lines for address in re.findall(r'href="([^"]+)"', line)]


def test_each_page_links_to_its_own_notebook_and_slides_in_each_framework(built: Path) -> None:
    found = addresses(built / "part/first.html")
    assert [tab for tab, _ in found] == [tab for tab in TOKENS for _ in range(4)]
    for tab, address in found:
        if address.startswith("https:"):
            assert f"notebooks-{tab}" in address and "part/first.ipynb" in address
        else:
            assert f"/{tab}/part/first." in address
            assert (built / "part" / address).resolve().is_file()


def test_the_landing_page_links_to_the_archives_alone(built: Path) -> None:
    assert addresses(built / "index.html") == [(tab, f"_exports/ipynb/{tab}.zip") for tab in TOKENS]
    assert all((built / f"_exports/ipynb/{tab}.zip").is_file() for tab in TOKENS)


def test_notebooks_have_the_numbers_of_the_pages(built: Path) -> None:
    notebook = json.loads((built / "_exports/ipynb/jax/part/first.ipynb").read_text())
    (text,) = ["".join(cell["source"]) for cell in notebook["cells"] if cell["id"] == "text-start"]
    page = (built / "part/first.html").read_text()
    (number,) = re.findall(r'<span class="eqno">\(([\d.]+)\)', page)
    assert f"\\tag{{{number}}}" in text
    (section,) = re.findall(r'<span class="std std-numref">(Section [\d.]+)</span>', page)
    assert f"[{section}](other.ipynb)" in text
    (figure,) = set(re.findall(r'<span class="caption-number">(Fig. [\d.]+) </span>', page))
    (caption,) = ["".join(cell["source"]) for cell in notebook["cells"] if cell["id"].startswith("caption-")]
    assert caption == f"**{figure}.** What it drew."


def test_no_panel_of_a_page_shows_another_framework(built: Path) -> None:
    page = (built / "part/first.html").read_text()
    starts = [found.start() for found in re.finditer(r'<div [^>]*class="tabbook-panel"', page)]
    assert len(starts) >= 12
    seen = 0
    for start, end in itertools.pairwise([*starts, len(page)]):
        # A panel ends before the code for all that follows it; that tells of nobody.
        (shown,) = re.findall(r'data-tabs="([\w ]+)"', page[start:end])[:1]
        for tab, token in TOKENS.items():
            if tab == shown:
                seen += token.lower() in page[start:end].lower()
            else:
                assert token.lower() not in page[start:end].lower(), f"the panel of {shown} tells of {tab}"
    assert seen >= 6


def test_a_second_build_makes_no_deck_again(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = {path: path.stat().st_mtime_ns for path in (built / "_exports").rglob("*") if path.is_file()}
    made = []
    monkeypatch.setattr("tabbook.export.decks.deck", lambda *_args: made.append(1))
    build(Book.load(built.parents[1]))
    after = {path: path.stat().st_mtime_ns for path in (built / "_exports").rglob("*") if path.is_file()}
    assert made == [] and after == times


def test_what_a_section_left_goes_with_it(tmp_path: Path) -> None:
    book = make_book(tmp_path / "book", exports=True)
    site = build(book)
    assert (site / "_exports/slides/jax/part/other.slides.html").is_file()
    for file in ("_toc.yml", "part/first.md"):
        path = book.root / file
        text = path.read_text().replace("- file: part/other\n", "").replace("See {numref}`sec_other`.", "")
        path.write_text(text)
    (book.root / "part/other.md").unlink()
    build(book)
    left = [
        path.relative_to(site).as_posix() for path in (site / "_exports").rglob("*") if "other" in path.name
    ]
    assert left == []
    assert (site / "_exports/slides/jax/part/first.slides.html").is_file()


def states(folder: Path) -> dict[str, int]:
    """Return when each file was written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in files}


def test_an_edited_section_alone_is_exported_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = make_book(tmp_path / "book", exports=True)
    exports = build(book) / "_exports"
    before = states(exports)
    made = []
    one = make.export_section
    monkeypatch.setattr(
        site_exports, "export_section", lambda *args: made.append((args[2], args[3].path)) or one(*args)
    )
    path = book.root / "part/other.md"
    path.write_text(path.read_text() + "\nOne more remark.\n")
    build(book)
    assert {section for _, section in made} == {"part/other.md"}
    assert len(made) == 2 * len(TOKENS), "its notebooks and its decks"
    changed = {name for name, when in states(exports).items() if before.get(name) != when}
    assert changed == {
        *(f"ipynb/{tab}{name}" for tab in TOKENS for name in (".zip", "/part/other.ipynb")),
        *(name for name in changed if name.startswith("slides/") and "/part/other." in name),
    }
    with zipfile.ZipFile(exports / "ipynb/jax.zip") as archive:
        assert b"One more remark." in archive.read("part/other.ipynb")


def test_archives_are_those_that_the_command_makes(built: Path) -> None:
    folder = built / "_exports/ipynb"
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    made = archives({name: path.read_bytes() for name, path in files.items() if "/" in name})
    assert made == {name: path.read_bytes() for name, path in files.items() if "/" not in name}


@pytest.mark.parametrize("memory", ["[", "[]", None], ids=["broken", "another", "none"])
def test_without_a_memory_all_exports_are_as_before(tmp_path: Path, memory: str | None) -> None:
    book = make_book(tmp_path / "book", exports=True)
    site = build(book)
    file, exports = site.parent / ".doctrees" / site_exports.EXPORTS_FILE, site / "_exports"
    before = {name: (exports / name).read_bytes() for name in states(exports)}
    if memory is None:
        file.unlink()
    else:
        file.write_text(memory)
    (exports / "ipynb/jax/part/first.ipynb").unlink()
    build(book)
    assert {name: (exports / name).read_bytes() for name in states(exports)} == before
    assert "ipynb/jax/part/first.md" in json.loads(file.read_text())


def test_without_the_setting_pages_have_no_links(tmp_path: Path) -> None:
    site = build(make_book(tmp_path / "book"))
    assert addresses(site / "part/first.html") == [] and not (site / "_exports").exists()


def test_links_are_for_what_there_is(tmp_path: Path) -> None:
    book = make_book(tmp_path / "book", exports=True)
    (index,) = book.find(("index",))
    (first,) = book.find(("first",))
    assert links_of(index, "jax", book.settings, "") == []
    names: Any = [name for name, _ in links_of(first, "jax", book.settings, "../")]
    assert names == ["Notebook", "Slides"], "no Colab, no Binder without a repository"


def test_a_missing_picture_is_a_warning_and_the_pages_stay(tmp_path: Path, capsys) -> None:
    book = make_book(tmp_path / "book", exports=True)
    (book.root / "part/img/net.png").unlink()
    site = build(book)
    assert "in the exports: there is no picture part/img/net.png" in capsys.readouterr().err
    assert (site / "part/first.html").is_file()
    assert (site / "_exports/ipynb/jax/part/first.ipynb").is_file(), "with all else that it has"
    assert (site / "_exports/slides/jax/part/first.slides.html").is_file()


def test_without_what_slides_need_the_site_has_its_notebooks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is said by a warning; asking for its version ended the build."""
    version = importlib.metadata.version

    def without_nbconvert(name: str) -> str:
        if name == "nbconvert":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr("importlib.metadata.version", without_nbconvert)
    monkeypatch.setitem(sys.modules, "nbconvert.exporters", None)
    decks._exporter.cache_clear()
    site = build(make_book(tmp_path / "book", exports=True))
    assert (site / "_exports/ipynb/jax/part/first.ipynb").is_file()
    said = capsys.readouterr().err
    assert "slides need nbconvert" in said


def test_a_section_that_is_inserted_renumbers_the_notebooks_of_others(tmp_path: Path) -> None:
    """Their sources are as before: what changed is what Sphinx has worked out."""
    book = make_book(tmp_path / "book", exports=True)
    first = build(book) / "_exports/ipynb/jax/part/first.ipynb"
    assert "[Section 2](other.ipynb)" in first.read_text() and "\\\\tag{1.1}" in first.read_text()
    (book.root / "new.md").write_text("# New\n\nText.\n")
    toc = book.root / "_toc.yml"
    toc.write_text(toc.read_text().replace("chapters:\n", "chapters:\n- file: new\n"))
    build(book)
    assert "[Section 3](other.ipynb)" in first.read_text() and "\\\\tag{2.1}" in first.read_text()
