"""The table of contents and the files: what is not understood is a fault, never left out in silence."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from core_helpers import DECLARED, SMALL
from hypothesis import assume, given
from hypothesis import strategies as st
from sphinx.util.matching import Matcher
from sphinx_external_toc.api import SiteMap
from sphinx_external_toc.parsing import parse_toc_data

from tabbook.book import Book
from tabbook.book_files import is_excluded
from tabbook.config import read_settings
from tabbook.contents import read_contents
from tabbook.errors import ConfigError, TabbookError

SECTION = f"{DECLARED}# A section\n\n```{{code-cell}} python\na = 1\n```\n"


def files(text: str) -> tuple[str, ...]:
    return tuple(page.file for page in read_contents(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("root: a", "a"),
        ("format: jb-book\nroot: a.md\nchapters: [{file: b.md}, {file: c/d}]", "a b c/d"),
        (
            "format: jb-book\nroot: a\noptions: {numbered: true}\n"
            "chapters: [{file: b, sections: [{file: c, title: T}]}, {file: d}]",
            "a b c d",
        ),
        (
            "format: jb-book\nroot: a\nparts: [{caption: P, numbered: 2, chapters: [{file: b, subtrees: "
            "[{sections: [{file: c}]}, {maxdepth: 1, sections: [{file: d}]}]}]}]",
            "a b c d",
        ),
        ("format: jb-book\nchapters:\n- sections: [{file: c}]\n  file: b\nroot: a", "a b c"),
        ("root: a\nsubtrees: [{entries: [{file: b}, {url: 'http://x', title: X}]}]", "a b"),
        (
            "format: jb-article\nroot: a\nmeta: {x: 1}\nsections: [{file: v1.2}, {file: r.rst}, {file: b}]",
            "a v1.2 b",
        ),
        (
            "format: jb-article\nroot: a\noptions: {reversed: true, style: [romanupper]}\n"
            "sections: [{file: b}, {file: c, sections: [{file: d}, {file: e}]}, {file: f}]",
            "a f c d e b",
        ),
        (
            "root: a\ndefaults: {reversed: true, titlesonly: false}\n"
            "subtrees: [{reversed: false, entries: [{file: b}, {file: c}]},\n"
            "  {entries: [{file: d}, {file: e}]}]",
            "a b c e d",
        ),
    ],
)
def test_the_order_in_which_pages_are_read(text: str, expected: str) -> None:
    assert files(text) == tuple(f"{name}.md" for name in expected.split())
    assert [page.line for page in read_contents(text)] == [
        next(n for n, line in enumerate(text.split("\n"), 1) if f": {name}" in line)
        for name in expected.split()
    ]


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "caption": st.sampled_from(["C", None]),
        "numbered": st.sampled_from([True, 2]),
        "reversed": st.booleans(),
        "style": st.sampled_from(["numerical", ["romanlower"]]),
    },
)
KEYS = {
    "": ("subtrees", "entries", "entries"),
    "jb-book": ("parts", "chapters", "sections"),
    "jb-article": ("subtrees", "sections", "sections"),
}
"""For each format the keys of groups and of entries at the top, and of entries below it."""
NAMES = st.integers(0, 40).map(lambda number: f"{chr(97 + number % 26)}{number}{'.md' * (number % 7 == 0)}")
LINKS = st.sampled_from([{"url": "https://x.org"}, {"url": "https://x.org", "title": "X"}])
MISTAKES = (
    {"section": []},
    {"glob": "*"},
    {"captoin": "C"},
    {"numbered": "x"},
    {"title": 1},
    {"style": "odd"},
)


def page(key: str, groups: str, mine: str, *below: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return pages of which each may have groups or entries, with what may stand in them."""
    deeper = page("file", "subtrees", *below) if below else st.builds(lambda name: {"file": name}, NAMES)
    items = st.lists(deeper | LINKS, min_size=1, max_size=3)
    grouped = st.lists(
        st.builds(lambda own, held: {**own, mine: held}, OPTIONS, items), min_size=1, max_size=2
    )
    held = st.builds(lambda v: {groups: v}, grouped) | st.builds(lambda v: {mine: v}, items)
    return st.builds(lambda name, own, more: {key: name, "options": own, **more}, NAMES, OPTIONS, held)


def contents(form: str) -> st.SearchStrategy[dict[str, Any]]:
    head = {"format": form} if form else {"defaults": {"reversed": True, "titlesonly": True}}
    return page("root", *KEYS[form]).map(lambda top: head | top)


CONTENTS = st.one_of(*map(contents, KEYS))


def order(contents: SiteMap, name: str) -> Iterator[str]:
    """Yield the files below a page as the table of contents shows them."""
    yield name
    for tree in contents[name].subtrees:
        for item in reversed(tree.items) if tree.reversed else tree.items:
            if isinstance(item, str):
                yield from order(contents, str(item))


@given(CONTENTS)
def test_what_is_read_jupyter_book_reads_in_the_same_order(data: dict[str, Any]) -> None:
    """What it would refuse, we refuse; of what it takes, we refuse what it passes over in silence."""
    try:
        found = files(yaml.safe_dump(data, sort_keys=False))
    except ConfigError:
        return
    parsed = parse_toc_data(data)
    names = order(parsed, parsed.root.docname)
    assert found == tuple(f"{name.removesuffix('.md')}.md" for name in names)


def parts(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping in the contents."""
    if isinstance(data, dict):
        yield data
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from parts(value)


@given(CONTENTS, st.integers(0, 100), st.sampled_from(MISTAKES))
def test_a_mistake_anywhere_is_a_fault_with_its_line(
    data: dict[str, Any], place: int, mistake: dict[str, Any]
) -> None:
    """Also where Jupyter Book passes over it in silence."""
    data = copy.deepcopy(data)  # what was drawn twice is one object otherwise
    where = [*parts(data)]
    where[place % len(where)].update(mistake)
    text = yaml.safe_dump(data, sort_keys=False)
    assume(not (text.count("title: 1") and {"url", "file", "root"}.isdisjoint(where[place % len(where)])))
    with pytest.raises(ConfigError) as caught:
        read_contents(text)
    assert all(fault.path == "_toc.yml" and fault.line for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("root: a\nformat: [jb-book]", 2),
        ("root: a\nformat: {jb-book: 1}", 2),
        ("root: a\n? [b]\n: c", 2),
        ("root: a\nentries: !files\n- file: b", 2),
    ],
)
def test_yaml_that_jupyter_book_cannot_read_is_a_fault(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        read_contents(text)
    assert [fault.line for fault in caught.value.faults] == [line]


@pytest.mark.filterwarnings("ignore:Possible nested set")
@given(
    st.lists(
        st.sampled_from(["**", "*", "?", "[ab]", "[!a]", "a", "/", ".", "b", "[", "(", "é"]), max_size=6
    ),
    st.lists(st.sampled_from(["a", "b", ".", "c/", "(", "[", "é"]), min_size=1, max_size=6),
)
def test_patterns_are_those_of_sphinx(pattern: list[str], path: list[str]) -> None:
    one, name = "".join(pattern), "".join(path).rstrip("/")
    parts = name.split("/")
    assume(all(parts) and name not in (".", "..") and "." not in parts and ".." not in parts)
    matcher = Matcher([one])
    expected = any(matcher("/".join(parts[: n + 1])) for n in range(len(parts)))
    assert is_excluded(name, [one]) == expected


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A book of two pages in a folder."""
    (tmp_path / "_config.yml").write_text(
        (SMALL / "_config.yml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    contents = "format: jb-book\nroot: chapters/index\nchapters:\n- file: chapters/one\n"
    (tmp_path / "_toc.yml").write_text(contents, encoding="utf-8")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters/index.md").write_text("# A book\n", encoding="utf-8")
    (tmp_path / "chapters/one.md").write_text(SECTION, encoding="utf-8")
    return tmp_path


def told(root: Path) -> list[str]:
    """Return the faults of a book."""
    try:
        Book.load(root).check()
    except TabbookError as error:
        return [str(fault) for fault in error.faults]
    return []


def configure(root: Path, text: str) -> None:
    path = root / "_config.yml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


UNLISTED = (
    "{}: no entry of _toc.yml names this section; "
    "add it, or keep it out of the book with exclude_patterns in _config.yml"
)


@pytest.mark.parametrize("where", ["chapters/two.md", "chapters/deep/er/two.md"])
@pytest.mark.parametrize(
    "text", [SECTION, "# No front matter\n\n~~~{code-cell}\na\n~~~\n", "---\nfile_format: mystnb\n---\n# T\n"]
)
@pytest.mark.parametrize("every_page", [True, False])
def test_a_section_in_no_entry_is_a_fault(root: Path, where: str, text: str, every_page: bool) -> None:
    (root / where).parent.mkdir(parents=True, exist_ok=True)
    (root / where).write_text(text, encoding="utf-8")
    configure(root, f"only_build_toc_files: {'false' if every_page else 'true'}\n")
    assert told(root) == [UNLISTED.format(where)]
    configure(root, "exclude_patterns: ['**/two.md']\n")
    assert told(root) == []


def test_what_is_no_page_may_be_in_no_entry(root: Path) -> None:
    others = {
        "chapters/README.md": "# How\n\n````markdown\n```{code-cell} python\na\n```\n````\n\nA `mystnb`.\n",
        "chapters/.ipynb_checkpoints/one-checkpoint.md": SECTION,
        "_build/jupyter_execute/one.md": SECTION,
        "docs/example.md": SECTION,
    }
    for name, text in others.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    assert told(root) == [UNLISTED.format("docs/example.md")], "Jupyter Book would show it"
    configure(root, "only_build_toc_files: true\n")
    assert told(root) == []


def test_entries_without_a_page_are_told_with_their_lines_and_what_may_be_meant(root: Path) -> None:
    entries = "".join(f"- file: {name}\n" for name in ("chapters/One", "nowhere/a", "b", "c"))
    contents = f"format: jb-book\nroot: chapters/index\nchapters:\n{entries}"
    (root / "_toc.yml").write_text(contents, encoding="utf-8")
    (root / "b.ipynb").write_text("{}", encoding="utf-8")
    (root / "c.rst").write_text("C\n=\n", encoding="utf-8")
    assert told(root) == [
        "_toc.yml:4: chapters/One.md does not exist; "
        "perhaps you meant 'chapters/one'; add it, or remove it from the contents",
        "_toc.yml:5: nowhere/a.md does not exist; add it, or remove it from the contents",
        "_toc.yml:6: tabbook does not execute b.ipynb, and Jupyter Book would publish it as it is; "
        "save it as a section in Markdown",
        UNLISTED.format("chapters/one.md"),
    ]
    assert Book.load(root).files == ("chapters/index.md", "chapters/One.md", "nowhere/a.md", "b.md")


def test_an_entry_that_jupyter_book_leaves_out_is_a_fault(root: Path) -> None:
    configure(root, "exclude_patterns: [chapters/o*]\n")
    assert told(root) == [
        "_toc.yml:4: Jupyter Book leaves out chapters/one.md: it matches exclude_patterns of _config.yml; "
        "change the patterns, or remove the entry"
    ]


@pytest.mark.parametrize("read", [read_contents, read_settings], ids=["contents", "settings"])
def test_a_date_that_no_calendar_has_is_a_fault(read: Callable[[str], object]) -> None:
    """YAML's loader makes a date of it, and ended in a traceback."""
    with pytest.raises(ConfigError, match="not valid YAML"):
        read("root: index\nwhen: 2020-13-45\n")
