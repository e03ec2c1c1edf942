"""ReStructuredText in books: whole pages of it, and contents and labels in blocks of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from import_helpers import CONFIG, imported

from tabbook.book import Book
from tabbook.render.site import build_site

RSTS = CONFIG.replace("[build]", "[build]\nrsts = *.rst **/*.rst\nsphinx_extensions = numpydoc\n")
FILES = {
    "index.rst": "The Book\n========\n\n.. include:: install.rst\n\n.. raw:: html\n   :file: x.html\n\n"
    ".. container:: cards\n\n   .. card::\n      :title: A card\n      :link: a.html\n\n      Its text.\n\n"
    "See :ref:`sec_a` and :numref:`sec_a`.\n\n"
    ".. toctree::\n   :numbered:\n\n   a\n   api/one.rst\n   Titled <api/two>\n",
    "install.rst": "Installed by *this*.\n",
    "x.html": "<b>raw html</b>",
    "a.md": "# A\n:label:`sec_a`\n\nSee :ref:`sec_one`, :numref:`sec_two`, "
    "[one](/api/one.html#x), [two](api/two.html).\n",
    "api/one.rst": "One\n===\n\n.. _sec_one:\n\nPart\n----\n\n.. image:: ../img/a.svg\n",
    "api/two.rst": ".. _sec_two:\n\nTwo\n===\n\n.. toctree::\n   :hidden:\n   :glob:\n\n   deep/*\n",
    "api/deep/b.md": "# B\n",
    "api/deep/c.md": "# C\n",
    "img/a.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
}


def contents(book: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))
    return data


def test_pages_of_restructuredtext_are_pages(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    book, report = imported(tmp_path, FILES, RSTS)
    assert report.faults == ()
    assert {note.message for note in report.notes} >= {
        "no contents list this page",
        "sphinx_extensions: numpydoc",
    }
    deep = [{"file": "api/deep/b"}, {"file": "api/deep/c"}]
    assert contents(book)["root"] == "index"
    assert contents(book)["chapters"] == [
        {"file": "a"},
        {"file": "api/one"},
        {"file": "api/two", "title": "Titled", "sections": deep},
    ]
    site = build_site(Book.load(book), jobs=1, quiet=True)
    assert (site.status, capfd.readouterr().err) == (0, "")
    page = (book / "_build/html/index.html").read_text(encoding="utf-8")
    for shown in ("Installed by <em>this</em>", "<b>raw html</b>", "A card", " 1</span></a>.", ">A</"):
        assert shown in page
    page = (book / "_build/html/a.html").read_text(encoding="utf-8")
    for shown in (">Part</span>", " 3</span></a>, ", 'href="api/one.html"', 'href="api/two.html"'):
        assert shown in page
    assert "_images/a.svg" in (book / "_build/html/api/one.html").read_text(encoding="utf-8")
    assert not (book / "_build/html/install.html").exists()


def test_contents_and_labels_in_blocks_of_restructuredtext_count(tmp_path: Path) -> None:
    """Older books list their pages so."""
    block = "```eval_rst\n\n.. toctree::\n   :maxdepth: 2\n\n   a\n   b\n\n```\n\n"
    block += "```eval_rst\n.. _here:\n\n```\n\n## Here\n"
    pages = {"index.md": f"# Book\n\n{block}\nSee :ref:`here`.\n", "a.md": "# A\n", "b.md": "# B\n"}
    book, report = imported(tmp_path, pages)
    assert (report.faults, report.notes) == ((), ())
    assert contents(book)["chapters"] == [{"file": "a"}, {"file": "b"}]
    text = (book / "index.md").read_text()
    assert ".. tableofcontents::" in text
    assert "toctree" not in text
    site = build_site(Book.load(book), jobs=1, quiet=True)
    assert site.status == 0
    page = (book / "_build/html/index.html").read_text(encoding="utf-8")
    assert page.count('<a class="reference internal" href="a.html"') >= 2, "in the bar, and on the page"


def test_a_page_without_pages_below_shows_no_contents(tmp_path: Path) -> None:
    pages = {"index.md": "# Book\n\n```toc\na\n```\n", "a.md": "# A\n\n```toc\n:maxdepth: 1\n\nnone\n```\n"}
    book, _ = imported(tmp_path, pages)
    assert (book / "a.md").read_text() == "# A\n"
    assert "{tableofcontents}" in (book / "index.md").read_text()


def test_links_of_the_head_that_lead_nowhere_are_noted(tmp_path: Path) -> None:
    links = "header_links = A, ###_ROOT_###/a.html, fas fa-a,\n  B, https://b.org, fas fa-b, C\n"
    book, report = imported(tmp_path, {"index.md": "# Book\n"}, f"{CONFIG}[html]\n{links}")
    assert [note.message for note in report.notes if "header" in note.message] == [
        "header_links: A leads to '###_ROOT_###/a.html', which is not an address",
        "header_links: not every link has a name, an address and an icon",
    ]
    assert "https://b.org" in (book / "_config.yml").read_text()


def test_a_comma_that_ends_the_links_of_the_head_is_none_to_note(tmp_path: Path) -> None:
    links = "header_links = A, https://a.org, fas fa-a,\n  B, https://b.org, fas fa-b,\n"
    book, report = imported(tmp_path, {"index.md": "# Book\n"}, f"{CONFIG}[html]\n{links}")
    assert not [note.message for note in report.notes if "header" in note.message]
    assert "https://b.org" in (book / "_config.yml").read_text()
