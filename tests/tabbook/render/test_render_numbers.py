"""Numbers of sections: with pages that have no title, and from one build to the next."""

import re
from pathlib import Path

import pytest
import yaml
from build_helpers import Builds, make

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

FIRST = {"caption": "A", "numbered": True}
CHAPTERS = [{"file": "more0", "sections": [{"file": "more1"}]}, {"file": "more2"}]


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    return make(tmp_path / "book")


def contents(builds: Builds, *parts: dict[str, object], multitoc: bool = True) -> None:
    toc = {"format": "jb-book", "root": "index", "parts": parts}
    (builds.root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    path = builds.root / "_config.yml"
    config = yaml.safe_load(path.read_text())
    config["sphinx"]["config"]["use_multitoc_numbering"] = multitoc
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def html(builds: Builds, page: str) -> str:
    return (builds.root / f"_build/html/{page}.html").read_text()


@pytest.mark.parametrize(
    ("page", "untitled", "multitoc"),
    [("more0", "Text.\n", True), ("more0", "", False), ("more1", "", True), ("more2", "Text.\n", False)],
)
def test_a_page_without_a_title_costs_no_other_page(
    builds: Builds, page: str, untitled: str, multitoc: bool
) -> None:
    """The numbers of its children were looked for at another page: a ``KeyError`` ended the build."""
    last = {"caption": "B", "chapters": [{"file": "one"}, {"file": "two"}]}
    contents(builds, {**FIRST, "chapters": CHAPTERS}, last, multitoc=multitoc)
    (builds.root / f"{page}.md").write_text(untitled)
    found = builds()
    assert builds.status != 2, found
    assert all("doesn't have a title" in fault for fault in found)
    assert builds() == found
    if page != "more2":
        assert '<span class="section-number">' in html(builds, "more2")


@pytest.mark.parametrize(
    ("style", "multitoc"),
    [("numerical", True), ("numerical", False), (["alphaupper", "romanlower"], False)],
)
def test_nothing_is_written_where_no_number_changed(builds: Builds, style: object, multitoc: bool) -> None:
    """The numbers of a part's style were compared with those before: all pages were written in each build."""
    second = {
        "caption": "B",
        "numbered": True,
        "style": style,
        "chapters": [{"file": "one"}, {"file": "two"}],
    }
    contents(builds, {**FIRST, "style": style, "chapters": CHAPTERS}, second, multitoc=multitoc)
    assert builds() == []
    pages = {page: html(builds, page) for page in ("one", "two", "more1")}
    assert builds() == []
    assert (builds.read, builds.written) == (set(), set())
    builds.add("more2", "Another line.")
    assert builds() == []
    assert builds.written == {"more2", "index"}
    builds.from_nothing()
    assert pages == {page: html(builds, page) for page in pages}


def test_numbers_go_with_the_word_that_asks_for_them(builds: Builds) -> None:
    """Sphinx left the old ones in titles and contents."""
    contents(builds, {**FIRST, "chapters": CHAPTERS})
    builds()
    assert '<span class="section-number">1.1. </span>' in html(builds, "more1")
    contents(builds, {"caption": "A", "chapters": CHAPTERS})
    builds()
    pages = {page: html(builds, page) for page in ("more0", "more1", "more2")}
    assert "section-number" not in "".join(pages.values())
    builds.from_nothing()
    assert pages == {page: html(builds, page) for page in pages}


FIGURE = "```{{figure}} one.png\n:name: fig_{0}\n\nA caption.\n```"


def caption(builds: Builds, page: str) -> list[str]:
    """Return the numbers in the captions of a page."""
    return re.findall(r'<span class="caption-number">([^<]*)</span>', html(builds, page))


def test_figures_are_numbered_where_something_changed_and_keep_their_numbers_elsewhere(
    builds: Builds,
) -> None:
    """Sphinx forgets the numbers of a page that it reads, and counts those of all pages again."""
    contents(builds, {"numbered": True, "chapters": [*CHAPTERS, {"file": "one"}, {"file": "two"}]})
    for page in ("more0", "more1", "more2"):
        builds.add(page, FIGURE.format(page))
    builds.add("two", "See {numref}`fig_more1`.")
    assert not builds()
    first = caption(builds, "more1")
    builds.add("more1", "A line.")
    assert not builds()
    assert (caption(builds, "more1"), builds.read) == (first, {"more1"})
    builds.add("more0", FIGURE.format("new"))
    assert not builds()
    assert {"more1", "two"} <= builds.written
    later = {page: html(builds, page) for page in ("more0", "more1", "more2", "one", "two")}
    builds.from_nothing()
    assert {page: html(builds, page) for page in later} == later


def test_a_setting_of_numbers_numbers_all_figures(builds: Builds) -> None:
    """What pages have to be numbered is the same then."""
    contents(builds, {"numbered": True, "chapters": CHAPTERS})
    builds.add("more1", FIGURE.format("more1"))
    builds()
    first = caption(builds, "more1")
    path = builds.root / "_config.yml"
    config = yaml.safe_load(path.read_text())
    config["sphinx"]["config"]["numfig_secnum_depth"] = 0
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    builds()
    assert (first, caption(builds, "more1")) == (["Fig. 1.1 "], ["Fig. 1 "])


def test_trees_of_pages_that_did_not_change_are_not_loaded(builds: Builds) -> None:
    """Sphinx loads those of all pages in every build, to count what is in them."""
    builds()
    (builds.root / "_build/.doctrees/more3.doctree").write_bytes(b"not a tree")
    builds.add("more1", "A line.")
    assert builds() == []
    assert builds.status == 0
