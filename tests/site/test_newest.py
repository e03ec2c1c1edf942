"""The book without Jupyter Book, under the newest Sphinx: its pages are those that `make book` builds."""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from conftest import ROOT, NewReader, Site, serve

NEWEST = ROOT / ".tabbook" / "newest" / "bin"
PAGE = "chapters/recurrent-neural-networks/rnn-scratch.html"


@pytest.fixture(scope="module")
def newest_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The book, built by `sphinx-build` from its `conf.py`, where any warning is an error."""
    if not (NEWEST / "sphinx-build").is_file():
        pytest.skip("there is no environment with the newest Sphinx: run make .tabbook/newest.stamp")
    out = tmp_path_factory.mktemp("newest")
    done = subprocess.run(
        [NEWEST / "sphinx-build", "-qW", "--keep-going", "-j2", "-d", out / "doctrees", ROOT, out / "html"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    yield from serve(out / "html")


def article(path: Path) -> Any:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find("article")


def structure(path: Path) -> dict[str, Any]:
    """Return what a page consists of: all but the addresses of its headings, of which each has several.

    Nor does it count scripts: Thebe's, which Jupyter Book brings, adds two to each page.
    """
    page = article(path)
    tags = [tag for tag in page.find_all(True) if tag.name != "script"]
    return {
        "text": re.sub(r"\s+", " ", page.get_text(" ")),
        "tags": Counter(tag.name for tag in tags),
        "classes": Counter(name for tag in tags for name in tag.get("class", ())),
        "anchors": Counter(tag["id"] for tag in tags if tag.get("id")),
        "tabs": [tag["data-tabs"] for tag in tags if tag.get("data-tabs")],
        "pictures": [tag["src"] for tag in page.find_all("img")],
        "links": [tag.get("href") for tag in page.select(".tabbook-exports a")],
    }


def test_there_is_no_jupyter_book(newest_site: Site) -> None:
    """And MyST-NB and Sphinx are newer than those that Jupyter Book goes with."""
    asked = "import sphinx; print(sphinx.version_info[0]); import jupyter_book"
    done = subprocess.run([NEWEST / "python", "-c", asked], capture_output=True, text=True, check=False)
    assert int(done.stdout) >= 9
    assert "No module named 'jupyter_book'" in done.stderr


def test_the_pages_are_the_same(book_site: Site, newest_site: Site) -> None:
    """Text, cells, outputs, tabs, numbers of equations and figures, anchors, links to exports."""
    assert newest_site.pages == book_site.pages
    pages = [name for name in book_site.pages if name.startswith("chapters/")]
    assert PAGE in pages
    for name in pages:
        assert structure(newest_site.folder / name) == structure(book_site.folder / name), name


def test_the_exports_and_the_outputs_are_the_same(book_site: Site, newest_site: Site) -> None:
    for folder in ("_exports", "_outputs"):
        ours, theirs = newest_site.folder / folder, book_site.folder / folder
        files = {path.relative_to(ours) for path in ours.rglob("*") if path.is_file()}
        assert files == {path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file()}
        assert [name for name in files if (ours / name).read_bytes() != (theirs / name).read_bytes()] == []


def test_links_between_pages_lead_somewhere(newest_site: Site) -> None:
    for name in newest_site.pages:
        path = newest_site.folder / name
        for link in (article(path) or BeautifulSoup("", "html.parser")).select("a.internal[href]"):
            file, _, anchor = link["href"].partition("#")
            target = path.parent / file if file else path
            assert target.is_file(), (name, link["href"])
            if anchor:
                assert f'id="{anchor}"' in target.read_text(encoding="utf-8"), (name, link["href"])


def test_a_framework_is_chosen_for_all_cells(newest_site: Site, reader: NewReader) -> None:
    someone = reader(newest_site)
    page = someone.open(PAGE)
    tab = page.locator('[role="tab"]:visible', has_text="JAX").first
    tab.click()
    assert tab.get_attribute("aria-selected") == "true"
    assert page.locator('[role="tabpanel"][id$="-jax"]:visible').count() > 3
    assert page.locator('[role="tabpanel"]:not([data-tabs~="jax"]):visible').count() == 0
    page.locator("mjx-container").first.wait_for()
    assert someone.complaints == []


def test_a_book_that_has_no_conf_py_is_built_by_tabbook(newest_site: Site, tmp_path: Path) -> None:
    """`tabbook check` and `tabbook build` need no Jupyter Book either."""
    root = tmp_path / "book"
    shutil.copytree(ROOT, root, ignore=lambda folder, names: [n for n in names if not _belongs(folder, n)])
    for command in (["check"], ["build", "--no-run"]):
        done = subprocess.run(
            [NEWEST / "tabbook", *command, "--book", root],
            capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    built = {path.name for path in (root / "_build" / "html" / "chapters").rglob("*.html")}
    assert {Path(name).name for name in newest_site.pages if name.startswith("chapters/")} == built


def _belongs(folder: str, name: str) -> bool:
    """Say whether a file is part of the book itself."""
    if folder == str(ROOT):
        files = ("_config.yml", "_toc.yml", "references.bib")
        folders = (".tabbook", "_static", "chapters", "d2l_lib", "data", "figures", "requirements")
        return name in (*files, *folders)
    return folder != str(ROOT / ".tabbook") or name == "outputs"
