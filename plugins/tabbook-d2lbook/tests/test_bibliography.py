"""Lists of works: which page of an imported book shows which, as its readers see it."""

import html
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from import_helpers import CONFIG, imported

from tabbook.importers.report import Report


def work(key: str, author: str, title: str = "A title") -> str:
    fields = f"title={{{title}}},\n  author={{{author}}},\n  journal={{J}}, year={{2001}}"
    return f"@article{{{key},\n  {fields}\n}}\n"


def book_of(folder: Path, files: Mapping[str, str], config: str = CONFIG) -> tuple[Path, Report]:
    """Import a book of these files; the contents list its pages."""
    pages = [name.removesuffix(".md") for name in files if name.endswith(".md")]
    contents = "\n".join(["# Book", "", "```toc", *pages, "```", ""])
    return imported(folder, {"index.md": contents, **files}, config)


def built(book: Path) -> dict[str, str]:
    """Return the text of each page as plain Jupyter Book shows it, without a warning."""
    program = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run(
        [program, "build", "-W", "--keep-going", book], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    site = book / "_build" / "html"
    return {
        file.relative_to(site).with_suffix("").as_posix(): text_of(file)
        for file in sorted(site.rglob("*.html"))
    }


def text_of(file: Path) -> str:
    source = file.read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", source)).split())


def bibfiles(book: Path) -> list[str]:
    names: list[str] = yaml.safe_load((book / "_config.yml").read_text())["bibtex_bibfiles"]
    return names


def cites(*keys: str, end: str = "") -> str:
    return f"# Page\n\nSee :cite:`{','.join(keys)}`.\n\n{end}\n"


def test_each_chapter_lists_the_file_that_it_names(tmp_path: Path) -> None:
    """It was not registered: every page listed the works of the whole book, and citations showed []."""
    files = {
        "one/a.md": cites("Ada", end=":bibliography:`../refs/one.bib`"),
        "two/a.md": cites("Bob", "Cleo", end=":bibliography:`../refs/two.bib`"),
        "three.md": cites("Ada", "Bob"),
        "refs/one.bib": work("Ada", "Ada, A") + work("Never", "Never, N"),
        "refs/two.bib": work("Bob", "Bob, B") + work("Cleo", "Cleo, C"),
    }
    book, report = book_of(tmp_path, files)
    assert report.faults == ()
    assert bibfiles(book) == ["refs/one.bib", "refs/two.bib"]
    pages = built(book)
    assert "See [Ada, 2001]" in pages["one/a"]
    assert "A Ada. A title" in pages["one/a"]
    assert "B Bob" not in pages["one/a"]
    assert "N Never" not in pages["one/a"], "nobody cites it"
    assert "B Bob. A title" in pages["two/a"]
    assert "C Cleo. A title" in pages["two/a"]
    assert "See [Ada, 2001, Bob, 2001]" in pages["three"]


def test_a_page_may_list_several_files_and_files_of_the_configuration(tmp_path: Path) -> None:
    files = {
        "a.md": cites("Ada", "Bob", "Cleo"),
        "z/refs.md": "# R\n\n:bibliography:`../one.bib, ../refs/two.bib`\n\n:bibliography:`../one.bib`\n",
        "z/more.md": "# More\n\n```eval_rst\n.. bibliography:: ../three.bib\n```\n",
        "one.bib": work("Ada", "Ada, A"),
        "refs/two.bib": work("Bob", "Bob, B"),
        "three.bib": work("Cleo", "Cleo, C"),
    }
    book, report = book_of(tmp_path, files, f"{CONFIG}[pdf]\nbibfile = one.bib\n")
    assert report.faults == ()
    assert bibfiles(book) == ["one.bib", "three.bib", "refs/two.bib"]
    pages = built(book)
    assert pages["z/refs"].count("A Ada.") == 1
    assert "B Bob." in pages["z/refs"]
    assert "C Cleo." not in pages["z/refs"]
    assert "C Cleo." in pages["z/more"]


def test_pages_that_list_the_same_file_each_list_what_they_cite(tmp_path: Path) -> None:
    files = {
        "a.md": cites("Ada", "Bob", end=":bibliography:`book.bib`"),
        "b.md": cites("Bob", end=":bibliography:`book.bib`"),
        "all.md": "# All\n\n:bibliography:`book.bib`\n",
        "book.bib": work("Ada", "Ada, A") + work("Bob", "Bob, B"),
    }
    book, report = book_of(tmp_path, files)
    assert report.faults == ()
    pages = built(book)
    assert [name in pages["a"] for name in ("A Ada.", "B Bob.")] == [True, True]
    assert [name in pages["b"] for name in ("A Ada.", "B Bob.")] == [False, True]
    assert [name in pages["all"] for name in ("A Ada.", "B Bob.")] == [True, True]
    target = re.search(r'href="([^"]*)"[^>]*>\s*Bob', (book / "_build/html/b.html").read_text())
    assert target is not None
    assert target[1].startswith("#"), "a citation leads to the list of its own page"


def test_a_work_in_two_files_is_listed_with_both_and_loses_nothing_behind_it(tmp_path: Path) -> None:
    """Sphinx stops reading a file at a work that it has: the rest of the file was lost."""
    files = {
        "a.md": cites("Ada", end=":bibliography:`one.bib`"),
        "b.md": cites("Ada", "Zoe", end=":bibliography:`two.bib`"),
        "one.bib": work("Ada", "Ada, A"),
        "two.bib": work("Bob", "Bob, B (1)") + work("Ada", "Ada, A") + work("Zoe", "Zoe, Z"),
    }
    book, report = book_of(tmp_path, files)
    assert report.faults == ()
    pages = built(book)
    assert "A Ada." in pages["a"]
    assert "Z Zoe." not in pages["a"]
    assert "A Ada." in pages["b"]
    assert "Z Zoe." in pages["b"]
    assert "B Bob" not in pages["b"]


def test_a_work_that_differs_between_files_and_within_one_is_named(tmp_path: Path) -> None:
    files = {
        "a.md": cites("Ada", "Bob", end=":bibliography:`one.bib two.bib`"),
        "one.bib": work("Ada", "Ada, A", "Of {Braces} @ work")
        + work("Ada", "Other, O")
        + work("Bob", "Bob, B"),
        "two.bib": "@comment{ignored}\n\n" + work("BOB", "Bob, Another"),
    }
    book, report = book_of(tmp_path, files)
    assert list(map(str, report.faults)) == [
        "one.bib:6: another entry Ada in one.bib differs from this one; that one is used",
        "two.bib:3: another entry BOB in one.bib differs from this one; that one is used",
    ]
    text = built(book)["a"]
    assert "A Ada. Of Braces @ work" in text
    assert "B Bob." in text
    assert "Other" not in text


@pytest.mark.parametrize(
    ("role", "message"),
    [
        ("../../out.bib", "a/p.md:5: the bibliography ../../out.bib is outside of the project"),
        ("../gone.bib", "a/p.md:5: the bibliography ../gone.bib is missing"),
    ],
)
def test_a_file_that_cannot_be_taken_is_named_and_the_others_are_listed(
    tmp_path: Path, role: str, message: str
) -> None:
    files = {"a/p.md": cites("Ada", end=f":bibliography:`{role}`"), "book.bib": work("Ada", "Ada, A")}
    book, report = book_of(tmp_path, files)
    assert [str(fault).partition(";")[0] for fault in report.faults] == [message]
    assert "A Ada." in built(book)["a/p"]


def test_a_citation_whose_file_no_page_lists_is_named_once(tmp_path: Path) -> None:
    config = f"{CONFIG}[pdf]\nbibfile = one.bib gone.bib\n"
    files = {
        "a.md": cites("Ada", "Bob", end=":bibliography:`two.bib`") + cites("Ada").replace("# Page", ""),
        "one.bib": work("Ada", "Ada, A"),
        "two.bib": work("Bob", "Bob, B"),
    }
    _, report = book_of(tmp_path, files, config)
    assert [str(fault).partition(";")[0] for fault in report.faults] == [
        "a.md:3: no page shows the bibliography one.bib",
        "config.ini: the bibfile gone.bib is missing",
    ]
