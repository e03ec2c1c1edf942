"""Pages share what is the same for all, and look as the theme and Sphinx make them."""

import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydata_sphinx_theme.toctree
import pytest
import yaml
from jinja2 import Environment
from pygments.formatters.html import HtmlFormatter
from render_helpers import png, sphinx

from tabbook.book import Book
from tabbook.render.navigation import make_tree
from tabbook.render.site import build_site

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

PAGES = {
    "index": "# A *deep* book\n\nText.\n",
    "a/index": "# Über $x < y$ & **more**\n\n## A part {ref}`of <below>` it\n\n### Deeper\n\n#### Deepest\n",
    "a/one": "# \"Quotes\" and 'quotes' `<b>code</b>`\n\n## Twice\n\n## Twice\n",
    "a/two/two": "---\ntocdepth: 1\n---\n\n# H{sub}`2`O ![a picture](../../grey.png) <i>tags</i>\n\n## Two\n",
    "a/two/deep/three": "# Three\n\n(below)=\n## A heading\n\nSee {doc}`/a/one`.\n",
    "a/two/deep/four": '# href="tabbook-page-1"\n\n## tabbook-page-2\n',
    "über uns": "# About us\n\n(other)=\n## Another\n",
    "b": "# B\n\n## B one\n",
    "b1": "# Another title stands in the contents\n\n"
    + "```{code-block} python\n:linenos:\n:lineno-start: 3\n:emphasize-lines: 2\na = '<'\nb = 1\n```\n\n"
    + "```python\nx = 1\n```\n\n" * 20
    + "```{code-block} c\n:emphasize-lines: 1\nint a;\nint b;\n```\n",
    "outside": "---\norphan: true\n---\n\n# Outside of the contents\n",
}
PARTS = [
    {
        "chapters": [
            {
                "file": "a/index",
                "sections": [
                    {"file": "a/one"},
                    {
                        "file": "a/two/two",
                        "sections": [{"file": "a/two/deep/three", "sections": [{"file": "a/two/deep/four"}]}],
                    },
                ],
            },
            {"url": 'https://example.org/?a=1&b="2"#c', "title": 'Elsewhere, "quoted" & <far>'},
        ],
        "numbered": True,
    },
    {"caption": "Part 'two' & <three>", "chapters": [{"file": "über uns"}]},
    {
        "caption": "The end",
        "numbered": 1,
        "chapters": [{"file": "b", "sections": [{"file": "b1", "title": "B, *one*"}]}],
    },
]
Folder = tuple[Path, dict[str, Any]]


@pytest.fixture
def book(tmp_path: Path) -> Folder:
    """Write a deep book without code; return its folder and its configuration."""
    config = {
        "title": "Deep",
        "logo": "grey.png",
        "only_build_toc_files": False,
        "exclude_patterns": ["_build", "site", "other"],
        "execute": {"execute_notebooks": "off"},
        "sphinx": {
            "extra_extensions": ["tabbook.render"],
            "recursive_update": True,
            "config": {
                "nb_custom_formats": {".md": ["tabbook.render.read_page", {}, False]},
                "html_theme_options": {"logo": {"image_light": "grey.png", "image_dark": "dark.png"}},
                "html_permalinks": False,
                "tabbook": {"tabs": {"jax": {"name": "JAX", "module": "jax", "requirements": "jax.txt"}}},
            },
        },
    }
    for name, text in PAGES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    for name, shade in (("grey", 99), ("dark", 9)):
        (tmp_path / f"{name}.png").write_bytes(base64.b64decode(png(8, 8, shade)))
    toc = {"format": "jb-book", "root": "index", "parts": PARTS}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc, allow_unicode=True), encoding="utf-8")
    return tmp_path, config


@pytest.fixture
def trees(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Count the trees that the theme makes."""
    made, own = [0], pydata_sphinx_theme.toctree.add_collapse_checkboxes

    def counted(soup: object) -> None:
        made[0] += 1
        own(soup)

    monkeypatch.setattr(pydata_sphinx_theme.toctree, "add_collapse_checkboxes", counted)
    yield made


def build(book: Folder, *, shared: bool, jobs: int = 1) -> dict[str, bytes]:
    """Build the book as `tabbook build` or `jupyter-book build` does; return its pages."""
    root, config = book
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    out = root / "site" / f"{shared}"
    assert sphinx(root, out, doctrees=root / "other", jobs=jobs, tabbook_sharing=shared) == 0
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.html"))}


def assert_same(ours: dict[str, bytes], theirs: dict[str, bytes]) -> None:
    assert ours.keys() == theirs.keys()
    assert {"search.html", "genindex.html", "outside.html", "a/two/deep/four.html"} <= ours.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "numbers that go on": {"html": {"use_multitoc_numbering": True}},
    "parts that fold": {"theme": {"show_navbar_depth": 0}},
    "two levels unfolded": {"theme": {"show_navbar_depth": 2, "navbar_persistent": []}},
    "the root in the tree": {"html": {"home_page_in_navbar": True, "use_multitoc_numbering": False}},
    "two levels in all": {"theme": {"max_navbar_depth": 2}},
    "a sidebar of one's own": {"sphinx": {"html_sidebars": {"**": ["sbt-sidebar-nav", "icon-links"]}}},
    "one without a tree": {"sphinx": {"html_sidebars": {"b*": ["search-button-field.html"]}}},
}
OTHERWISE: dict[str, dict[str, Any]] = {
    "folded branches": {"theme": {"collapse_navbar": True}},
    "another theme": {"sphinx": {"html_theme": "pydata_sphinx_theme"}},
}


def set_options(config: dict[str, Any], options: dict[str, Any]) -> None:
    config.setdefault("html", {}).update(options.get("html", {}))
    config["sphinx"]["config"].update(options.get("sphinx", {}))
    config["sphinx"]["config"]["html_theme_options"].update(options.get("theme", {}))


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_all_pages_are_byte_for_byte_those_of_the_theme(
    book: Folder, trees: list[int], options: dict[str, Any]
) -> None:
    set_options(book[1], options)
    theirs = build(book, shared=False)
    by_theme = trees[0]
    assert by_theme >= len(PAGES) - 2  # each page has its own; "one without a tree" lacks two
    assert_same(build(book, shared=True), theirs)
    assert trees[0] - by_theme == 2


@pytest.mark.parametrize("options", OTHERWISE.values(), ids=OTHERWISE)
def test_where_pages_differ_in_other_ways_the_theme_makes_each_tree(
    book: Folder, options: dict[str, Any]
) -> None:
    set_options(book[1], options)
    assert_same(build(book, shared=True), build(book, shared=False))


def test_contents_that_depend_on_conditions_are_made_by_the_theme(book: Folder, trees: list[int]) -> None:
    """Sphinx leaves the parts of `only` directives out of the branch with the page."""
    (book[0] / "a/one.md").write_text(
        "# One\n\n```{eval-rst}\n.. only:: html\n\n   Only here\n   ---------\n\n   Text.\n```\n\n## Two\n"
    )
    set_options(book[1], {"theme": {"max_navbar_depth": 9}})
    theirs = build(book, shared=False)
    by_theme = trees[0]
    assert_same(build(book, shared=True), theirs)
    assert trees[0] == 2 * by_theme


EXTENSIONS = {
    "contents of its own": """
def replace(app, page, template, context, doctree):
    context["toctree"] = lambda **_: f"<ul><li><a href='#'>{page}</a></li></ul>"

def setup(app):
    app.connect("html-page-context", replace, priority=450)
""",
    "titles that are not the same on all pages": """
from docutils import nodes

class where(nodes.Inline, nodes.TextElement):
    pass

def visit(self, node):
    self.body.append(f"<i>{self.builder.current_docname}</i>")
    raise nodes.SkipNode

def role(name, rawtext, text, lineno, inliner, options={}, content=[]):
    return [where(text, text)], []

def setup(app):
    app.add_node(where, html=(visit, None))
    app.add_role("where", role)
""",
}


@pytest.mark.parametrize("code", EXTENSIONS.values(), ids=EXTENSIONS)
def test_an_authors_extension_has_the_last_word(
    book: Folder, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, config = book
    (root / "own_extension.py").write_text(code)
    monkeypatch.syspath_prepend(root)
    monkeypatch.delitem(sys.modules, "own_extension", raising=False)
    config["sphinx"]["extra_extensions"].append("own_extension")
    if "where" in code:
        (root / "b.md").write_text("# It is {where}`here`\n\nText.\n")
    theirs = build(book, shared=False)
    assert len({page.partition(b"bd-docs-nav")[2].partition(b"</nav>")[0] for page in theirs.values()}) > 9
    assert_same(build(book, shared=True), theirs)


def test_code_shares_its_formatters(book: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    made, own = [0], HtmlFormatter.__init__

    def counted(self: object, **options: object) -> None:
        made[0] += 1
        own(self, **options)

    monkeypatch.setattr(HtmlFormatter, "__init__", counted)
    build(book, shared=False)
    each, made[0] = made[0], 0
    build(book, shared=True)
    assert each - made[0] == 19, "one for the 20 pieces of code with the same options"


def test_templates_are_compiled_once(book: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling them is a tenth of a build with one page changed."""
    compiled, own = set(), Environment._generate

    def noted(self: Environment, source: Any, name: str | None, *more: Any, **options: Any) -> str:
        compiled.add(name)
        return own(self, source, name, *more, **options)

    monkeypatch.setattr(Environment, "_generate", noted)
    first = build(book, shared=True)
    assert "page.html" in compiled
    compiled.clear()
    assert_same(build(book, shared=True), first)
    assert compiled <= {None}, "of text that is no file"


def test_processes_share_the_tree_and_the_next_build_makes_a_new_one(book: Folder, trees: list[int]) -> None:
    assert_same(build(book, shared=True, jobs=3), build(book, shared=False))
    (book[0] / "b.md").write_text("# It has a new name\n\nText.\n")
    before = trees[0]
    changed = build(book, shared=True)
    assert trees[0] == before + 2
    assert b"It has a new name</a>" in changed["index.html"]


def test_a_title_that_is_missing_is_a_warning_once(book: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    (book[0] / "b.md").write_text("Just text.\n")
    toc = {"format": "jb-book", "root": "index", "chapters": [{"file": "a/one"}, {"file": "b"}]}
    (book[0] / "_toc.yml").write_text(yaml.safe_dump(toc))
    build(book, shared=True)
    assert capsys.readouterr().err.count("doesn't have a title") == 1


def test_tabbook_shares_and_jupyter_book_does_not(book: Folder, trees: list[int]) -> None:
    root, config = book
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    assert build_site(Book.load(root), jobs=1, quiet=True, warnings_as_errors=False).status == 0
    assert trees[0] == 2


@pytest.mark.parametrize(
    "other",
    [
        "<ul></ul>",
        "<ul><li>b</li></ul>",
        "<ol><li>a</li></ol>",
        "<ul><li>a</li></ul> ",
        "<ul><li>a</ul></li>",
    ],
)
def test_trees_that_do_not_match_are_none(other: str) -> None:
    assert make_tree("<ul><li>a</li></ul>", other, []) is None


@pytest.mark.parametrize("html", ["<ul><b></ul></b>", "</ul>", "<ul>", "<script>a<b; c>d</script>"])
def test_what_only_looks_like_tags_makes_no_tree(html: str) -> None:
    assert make_tree(html, html, []) is None


def test_a_page_takes_the_tags_of_its_branch_and_nothing_else() -> None:
    def html(current: str, opened: str) -> str:
        return (
            f'<ul{current}><li{current}><a{current} href="tabbook-page-0">A &lt; <br/></a>'
            f'<details{opened}><ul{current}><li{current}><a{current} href="tabbook-page-1">B</a></li></ul>'
            f'</details></li><li{current}><a{current} href="https://example.org">C</a></li></ul>'
        )

    tree = make_tree(html("", ""), html(' class="current"', ' open="open"'), ["a", "b"])
    assert tree is not None
    on_a = tree.on("a", {"a": "", "b": "b.html"}.__getitem__)
    assert on_a == (
        '<ul class="current"><li class="current"><a class="current" href="#">A &lt; <br/></a>'
        '<details open="open"><ul><li><a href="b.html">B</a></li></ul></details></li>'
        '<li><a href="https://example.org">C</a></li></ul>'
    )
    assert tree.on("elsewhere", lambda page: f"../{page}.html") == html("", "").replace(
        "tabbook-page-0", "../a.html"
    ).replace("tabbook-page-1", "../b.html")
    assert tree.on("a", lambda page: f'{page}".html') is None
