"""The Sphinx extension: what pages hold, when they are read again, and that faults are told."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from render_helpers import FRONT, NAMES, fill_store, model_page, outputs_of, sphinx, write_book

from tabbook.book import Book
from tabbook.cli import main
from tabbook.render.site import Site, build_site

# What Jupyter Book's own parts warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

PLAIN = "# Welcome\n\nRead {ref}`sec_model`.\n\n:::{tab} jax\nFor some.\n:::\n"


def pages(count: int = 1) -> dict[str, str]:
    names = ["model", *(f"model{number}" for number in range(2, count + 1))]
    return {"index": PLAIN, **{name: model_page(name) for name in names}}


def build(root: Path, jobs: int = 1, **kwargs: bool) -> Site:
    return build_site(Book.load(root), jobs=jobs, quiet=True, **kwargs)


def told(site: Site) -> str:
    return "\n".join(map(str, site.faults))


def html(site: Site, name: str = "model") -> str:
    return (site.page.parent / f"{name}.html").read_text()


def groups(text: str) -> list[str]:
    """Return the HTML of each group of a page."""
    return re.split(r'(?=<div class="tabbook-group)', text.split("<footer", maxsplit=1)[0])[1:]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Site]]:
    """A book of two pages, built once; nobody changes it."""
    root = write_book(tmp_path_factory.mktemp("book"), pages())
    fill_store(root)
    return root, build(root)


def test_the_book_builds_without_a_warning(book: tuple[Path, Site]) -> None:
    assert book[1].status == 0
    assert book[1].page == book[0] / "_build/html/index.html"


def test_each_group_lists_only_its_frameworks_in_the_books_order(book: tuple[Path, Site]) -> None:
    listed = [re.findall(r'role="tab".*?data-tab="(\w+)"', group) for group in groups(html(book[1]))]
    everyone = list(NAMES)
    assert listed == [everyone, everyone, everyone, everyone, everyone, ["pytorch"]]


def test_a_group_is_a_tab_list_with_its_panels(book: tuple[Path, Site]) -> None:
    imports, text = groups(html(book[1]))[:2]
    assert imports.count('role="tabpanel"') == 3
    assert 'role="tablist"' in imports
    assert (
        'id="tabbook-1-jax-tab" aria-controls="tabbook-1-jax" data-tab="jax" aria-selected="false"' in imports
    )
    assert 'aria-labelledby="tabbook-1-jax-tab" class="tabbook-panel' in imports
    assert '<p class="tabbook-name"><strong>JAX</strong></p>' in imports, "for readers without JavaScript"
    # A block for two frameworks is one panel with two tabs: nothing in it is there twice.
    assert text.count('role="tabpanel"') == 2
    assert text.count('aria-controls="tabbook-2-pytorch"') == 2
    assert "<strong>PyTorch, MXNet</strong>" in text
    assert "A heading inside" in text


def test_code_and_outputs_that_are_the_same_are_shown_once(book: tuple[Path, Site]) -> None:
    text = html(book[1])
    assert text.count("the same for all") == 2  # in the code and in the output
    assert "framework" not in groups(text)[2].split("tabbook-panel")[1].split("this is")[0]
    assert all(f"this is {tab}" in groups(text)[2] for tab in NAMES)


def test_a_figure_of_many_tabs_counts_once_and_has_its_number_in_each(book: tuple[Path, Site]) -> None:
    figures = groups(html(book[1]))[3]
    assert figures.count("<figure") == 3
    assert figures.count('id="fig-model"') == 1
    assert figures.count("tabbook-of-fig-model") == 2
    assert re.findall(r'caption-number">(Fig. [\d.]+)', figures) == ["Fig. 1"] * 3


def test_tags_keep_working_behind_tabs(book: tuple[Path, Site]) -> None:
    group = groups(html(book[1]))[4]
    assert group.count('<details class="admonition hide') == group.count('role="tabpanel"') > 1


def test_slide_marks_and_the_interactive_cell_are_gone(book: tuple[Path, Site]) -> None:
    text = html(book[1])
    assert "We begin." in text
    assert not re.search(r"\*\*|~~|Only on slides|interact_select", text)


def test_a_plain_page_renders_as_usual_and_may_have_tab_blocks(book: tuple[Path, Site]) -> None:
    text = html(book[1], "index")
    assert "<h1>Welcome" in text
    assert 'href="model.html#sec-model"' in text
    assert re.findall(r'data-tab="(\w+)"', groups(text)[0]) == ["jax"]


def test_scripts_are_there_once_and_decide_before_the_page_is_drawn(book: tuple[Path, Site]) -> None:
    head = html(book[1]).split("</head>")[0]
    assert re.search(r'<script data-tabs="[^"]*PyTorch[^"]*" src="_static/tabbook-early.js', head)
    assert not re.search(r"<script[^>]*(defer|async)[^>]*tabbook-early", head)
    scripts = re.findall(r"<script[^>]*>[^<]*</script>", html(book[1]))
    assert len(set(scripts)) == len(scripts), "browsers complain when a constant is declared again"


@pytest.mark.parametrize("builder", ["text", "latex", "epub"])
def test_other_builders_show_every_framework_under_its_name(book: tuple[Path, Site], builder: str) -> None:
    root, out = book[0], book[0] / "_build" / builder
    assert sphinx(root, out, builder, version="1") == 0  # which e-books must have
    (page,) = (
        file for file in out.iterdir() if file.name in ("model.txt", "model.xhtml") or file.suffix == ".tex"
    )
    text = page.read_text()
    for tab, name in NAMES.items():
        assert name in text
        assert f"this is {tab}" in text.replace("\\PYG{n}{", "").replace("}", "")
    assert "tablist" not in text
    assert "tabbook-early" not in text


def test_reading_and_writing_in_parallel_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    root = write_book(tmp_path / "book", pages(7))  # Sphinx reads in parallel from six pages on
    fill_store(root)
    for jobs in (1, 2):
        site = build(root, jobs)
        assert site.status == 0
        files = sorted(site.page.parent.rglob("*.html"))
        digests.append({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files})
        site.page.parent.parent.rename(tmp_path / f"built{jobs}")
    assert digests[0] == digests[1]
    assert len(digests[0]) >= 8


def test_a_page_is_read_again_when_its_outputs_changed_and_only_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_book(
        tmp_path, {**pages(), "other": FRONT + "# Other\n\n```{code-cell} python\nother()\n```\n"}
    )

    def read() -> set[str]:
        """Build; return the pages that were read."""
        capsys.readouterr()
        assert build_site(Book.load(root), jobs=1).status == 0
        return set(re.findall(r"reading sources.*?%\] ([a-z]+)", capsys.readouterr().out))

    assert read() == {"index", "model", "other"}
    assert read() == set()
    fill_store(root, tabs=("pytorch",))
    assert read() == {"model", "other"}
    assert "Not executed in JAX" in (root / "_build/html/model.html").read_text()
    fill_store(root)
    assert read() == {"model", "other"}
    assert "Not executed" not in (root / "_build/html/model.html").read_text()

    def changed(cell: object, tab: str) -> list[dict[str, object]]:
        if "other()" in cell.source:  # type: ignore[attr-defined]
            return [{"output_type": "stream", "name": "stdout", "text": "new\n"}]
        return outputs_of(cell, tab)  # type: ignore[arg-type]

    fill_store(root, changed)
    assert read() == {"other"}
    (root / "index.md").write_text(PLAIN + "More.\n")
    assert read() == {"index"}
    (root / "other.md").unlink()
    write_book(root, pages())
    assert "other" not in read()


def display(**data: object) -> dict[str, object]:
    named = {mime.replace("_", "/", 1).replace("__", "."): value for mime, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": named}


LOOP = FRONT + "# A\n\n```{code-cell} python\nloop()\n```\n"


def test_outputs_are_in_the_order_of_the_run_though_the_book_merges_streams(tmp_path: Path) -> None:
    """A book that sets ``nb_merge_streams`` had all its prints above all its figures."""
    root = write_book(tmp_path, {"index": LOOP})
    config = root / "_config.yml"
    config.write_text(
        config.read_text().replace("nb_custom_formats", "nb_merge_streams: true\n    nb_custom_formats")
    )
    steps = [*("epoch 1\n", "still 1\n", None, "epoch 2\n", None)]
    drawn = display(text_html="<b>figure</b>")
    outputs = [{"output_type": "stream", "name": "stdout", "text": s} if s else drawn for s in steps]
    fill_store(root, lambda cell, tab: outputs)
    text = html(build(root), "index").split("cell_output", 1)[1]
    assert re.findall(r"epoch|still|<b>figure", text) == ["epoch", "still", "<b>figure", "epoch", "<b>figure"]
    assert text.count('class="output stream') == 2, "neighbouring prints are one block"


def test_an_output_that_a_page_cannot_draw_shows_its_text(tmp_path: Path) -> None:
    """A widget left an empty tab, and a type that MyST-NB does not know ended the build with a warning."""
    root = write_book(tmp_path, {"index": LOOP})
    widget = display(**{"application_vnd.jupyter.widget-view+json": {"model_id": "a"}, "text_plain": "bar"})
    outputs = [widget, display(application_json={"a": 1}), display(application_json={}, text_plain="tree")]
    fill_store(root, lambda cell, tab: outputs)
    site = build(root)
    assert (site.status, site.faults) == (0, ())
    text = html(site, "index")
    assert all(words in text for words in ("bar", "tree", "application/json, which has no text form"))
    assert "widget-view" not in text


def test_a_picture_with_colours_for_dark_pages_is_shown_as_it_is(tmp_path: Path) -> None:
    """The theme dims pictures on dark pages and puts a white box behind them."""
    style = "<style>@media (prefers-color-scheme: dark) {path {fill: white}}</style>"
    plain, themed = (f'<svg xmlns="http://www.w3.org/2000/svg">{own}</svg>' for own in ("", style))
    figure = "```{figure} NAME.svg\n:alt: NAME\nCaption.\n```\n"
    cell = "```{code-cell} python\nloop()\n```\n"
    text = FRONT + "# A\n\n" + figure.replace("NAME", "plain") + figure.replace("NAME", "themed") + cell
    root = write_book(tmp_path, {"index": text})
    (root / "plain.svg").write_text(plain)
    (root / "themed.svg").write_text(themed)
    outputs = [display(**{"image_svg+xml": svg}) for svg in (plain, themed)]
    fill_store(root, lambda cell, tab: outputs)
    images = re.findall(r"<img[^>]*>", html(build(root), "index").split("<article", 1)[1])
    marked = ["tabbook-themed" in image and "dark-light" in image for image in images if "svg" in image]
    assert marked[:2] == [False, True]
    assert marked[2:4] == [False, True]


def test_stand_in_data_is_told_on_the_page(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": FRONT + "# A\n\n```{code-cell} python\na()\n```\n"})
    fill_store(root, stand_ins=("text.txt",))
    text = html(build(root), "index")
    assert re.search(r'class="tabbook-stand-in admonition warning"', text)
    assert text.index("<h1>") < text.index("stand-in data") < text.index("cell_input")


FAULTY = (
    FRONT + "(sec_model)=\n# A `title`\n\n:::{tab} jaxx\nText.\n:::\n\n```{code-cell} python\nif (\n```\n"
)


def test_faults_are_warnings_with_their_lines_and_the_other_pages_are_built(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PLAIN, "model": FAULTY, "other": FRONT + "# Other\n"})
    site = build(root)
    assert site.status == 1
    assert re.search(r"model\.md:10: unknown tab 'jaxx'", told(site))
    shown = html(site)
    assert "This page cannot be shown" in shown
    assert "line 10: unknown tab" in shown
    assert 'id="sec-model"' in shown, "other pages refer to it"
    assert "<h1>Other" in html(site, "other")
    assert build(root).status == 1, "nothing was corrected"
    again = build(root, warnings_as_errors=False)
    assert again.status == 0
    assert told(again) == told(site), "and it is told each time"
    (root / "model.md").write_text(FAULTY.replace("jaxx", "jax").replace("if (", "a = 1"))
    site = build(root)
    assert (site.status, site.faults) == (0, ())


def test_a_page_with_code_that_lost_its_front_matter_is_not_shown_as_a_plain_one(tmp_path: Path) -> None:
    lost = "# A `title`\n\n```{code-cell} python\na()\n```\n"
    root = write_book(tmp_path, {"index": PLAIN, "model": "(sec_model)=\n" + lost})
    site = build(root)
    assert site.status == 1
    assert re.search(r"model\.md:1: a section with code has no key 'tabbook'", told(site))
    assert "This page cannot be shown" in html(site)


def test_files_beside_the_contents_are_warnings_of_a_plain_build(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PLAIN, "model": model_page("model")})
    (root / "draft.md").write_text(FRONT + "# A draft\n\n```{code-cell} python\na()\n```\n")
    site = build(root)
    assert site.status == 1
    assert re.search(r"draft\.md:1: no entry of _toc\.yml names this section", told(site))


def test_a_fault_in_code_is_at_its_line(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PLAIN, "model": FAULTY.replace("jaxx", "jax")})
    site = build(root)
    assert site.status == 1
    assert re.search(r"model\.md:15: not valid Python", told(site))


def test_an_unknown_tab_in_a_plain_page_is_a_warning(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": "# A\n\n:::{tab} jaxx\nText.\n:::\n"})
    site = build(root)
    assert site.status == 1
    assert re.search(r"index\.md:3: unknown tab 'jaxx'.*\[tabbook\.tab\]", told(site))
    assert "Text." in html(site, "index")


def test_an_unusable_configuration_stops_the_build(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PLAIN})
    book = Book.load(root)
    config = root / "_config.yml"
    config.write_text(config.read_text().replace("module: jax", "modul: jax"))
    site = build_site(book, jobs=1, quiet=True)
    assert site.status == 2
    assert "modul: unknown key; perhaps you meant 'module'" in told(site)


@pytest.mark.parametrize(
    ("front", "shown"),
    [("", ""), ("---\nmyst:\n  substitutions: {a: b}\n---\n", ""), ("---\na: [\n---\n", "a: [")],
    ids=["none", "some", "not YAML"],
)
def test_front_matter_of_a_plain_page(tmp_path: Path, front: str, shown: str) -> None:
    site = build(write_book(tmp_path, {"index": front + "# A\n\nText.\n"}), warnings_as_errors=False)
    assert "<h1>A" in html(site, "index")
    assert shown in html(site, "index")


@pytest.mark.parametrize(
    "front", ["", FRONT, "---\nmyst: {}\n---\n\n"], ids=["plain", "section", "front matter"]
)
def test_warnings_of_sphinx_name_the_line_of_the_file(tmp_path: Path, front: str) -> None:
    role = "{nothing}`x`\n"
    blocks = f"# A\n\n{role}\n:::{{tab}} jax\nText.\n:::\n\n{role}\n:::{{tab}} mxnet\n{role}:::\n"
    root = write_book(tmp_path, {"index": front + blocks})
    site = build(root)
    lines = (front + blocks).split("\n")
    wrong = [number for number, line in enumerate(lines, 1) if "{nothing}" in line]
    found = [int(line) for line in re.findall(r"index\.md:(\d+): Unknown", told(site))]
    assert found[:2] == wrong[:2]
    assert abs(found[2] - wrong[2]) <= 1, "MyST counts inside a directive on its own"


def test_wrong_code_is_shown_as_it_is_without_a_warning(tmp_path: Path) -> None:
    """Pygments cannot read such code, and Sphinx would warn of it."""
    cells = "\n".join(
        f"```{{code-cell}} python\n:tags: [raises-exception]\n{mark}{cell}\n```\n"
        for cell in ["x = (1,", "print('open", 's = """open', "x = 1 $ 2 ?", "  x = 1\n y = 2", "%bad = )"]
        for mark in ("", "%%tab jax\n")
    )
    root = write_book(tmp_path, {"index": f"{FRONT}# A\n\n{cells}"})
    fill_store(root)
    site = build(root)
    assert (site.status, site.faults) == (0, ())
    assert html(site, "index").count("open") >= 4


def test_front_matter_that_a_notebook_may_not_have_is_no_error(tmp_path: Path) -> None:
    """The build ended with a traceback of nbformat's, which has rules of its own for these keys."""
    front = "title: 1984\nauthors: Orwell\nkernelspec: {name: python3}"
    code = "```{code-cell} python\nx = 1\n```\n"
    root = write_book(
        tmp_path,
        {
            "index": f"---\nfile_format: mystnb\n{front}\ntabbook: {{}}\n---\n\n# A\n\n{code}",
            "plain": f"---\n{front}\n---\n\n# B\n",
        },
    )
    site = build(root)
    assert (site.status, site.faults) == (0, ())


def test_line_breaks_and_what_looks_like_a_mark_in_code_reach_the_page(tmp_path: Path) -> None:
    broken = "a (~~on slides~~)  \n(**b**)\\\nc"
    quote = "> a  \n> b\\\n> c"
    blocks = "1. ```\n   f[**kw**]\n   ```\n\n[**Below.**]\n\n    g[**kw**]\n"
    text = f"# Page\n\n{broken}\n\n{quote}\n\n:::{{tab}} jax\n{broken}\n:::\n\n{blocks}"
    root = write_book(tmp_path, {"index": FRONT + text})
    page = html(build(root), "index")
    assert len(re.findall(r"a<br ?/?>\s*b<br ?/?>\s*c", page)) == 3
    words = re.sub("<[^>]+>", "", page)
    assert "f[**kw**]" in words
    assert "g[**kw**]" in words
    assert "<p>Below.</p>" in page


@pytest.mark.parametrize("kernel", ["{name: python3}", "python3", "{}", "[a]", "null"])
def test_an_odd_kernel_in_the_front_matter_ends_no_build(tmp_path: Path, kernel: str) -> None:
    """The build executes nothing in that kernel, and nbformat refused to make the page."""
    front = FRONT.replace("{name: python3, display_name: Python 3}", kernel)
    assert front != FRONT
    cell = "```{code-cell} python\n1\n```\n"
    root = write_book(
        tmp_path, {"index": f"{front}# A\n\n{cell}", "b": f"---\nkernelspec: {kernel}\n---\n# B\n"}
    )
    fill_store(root)
    site = build(root)
    assert (site.status, site.faults) == (0, ())


def test_reports_of_failures_are_no_pages(tmp_path: Path) -> None:
    """Sphinx took them for pages of a book that excludes no hidden folders, and warned."""
    root = write_book(tmp_path, {"index": f"{FRONT}# A\n"})
    config = yaml.safe_load((root / "_config.yml").read_text())
    del config["exclude_patterns"]
    config["only_build_toc_files"] = False
    (root / "_config.yml").write_text(yaml.safe_dump(config))
    report = root / ".tabbook/reports/index.jax.md"
    report.parent.mkdir(parents=True)
    report.write_text("# Failed\n")
    site = build(root)
    assert (site.status, site.faults) == (0, ())
    assert not (site.page.parent / ".tabbook").exists()


def test_a_book_may_have_no_markdown_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its pages have no code to execute. The first page is the root of the contents, whatever its format."""
    root = write_book(tmp_path, {"start": "", "next": ""})
    for name in ("start", "next"):
        (root / f"{name}.md").unlink()
        (root / f"{name}.rst").write_text(f"{name.title()}\n=====\n\nText, and :doc:`start`.\n")
    for tab in NAMES:
        (root / f"{tab}.txt").write_text("")
    site = build_site(Book.load(root), jobs=1, quiet=True)
    assert (site.status, site.faults) == (0, ())
    assert site.page == root / "_build/html/start.html"
    assert site.page.is_file()
    for command in ("lib", "run", "status", "check"):
        assert main([command, "--book", str(root)]) == 0, (command, capsys.readouterr().err)


def test_pages_are_read_alone_where_a_domain_cannot_merge_them(tmp_path: Path) -> None:
    """The domain of sphinx-proof cannot, though its extension says so: from six pages on, builds failed."""
    pytest.importorskip("sphinx_proof")
    theorem = "# T\n\n````{prf:theorem} N\n:label: NAME\nIt holds.\n````\n\nBy {prf:ref}`t0`.\n"
    root = write_book(tmp_path / "book", {f"t{n}": theorem.replace("NAME", f"t{n}") for n in range(7)})
    config = root / "_config.yml"
    extensions = "- tabbook.render\n  - sphinx_proof\n"
    config.write_text(config.read_text().replace("- tabbook.render\n", extensions))
    assert sphinx(root, tmp_path / "out", jobs=2) == 0
    assert "Theorem 1" in (tmp_path / "out/t6.html").read_text()
