"""Names that each framework's block gives: labels, numbers, footnotes, links, and what they lead to."""

import re
import sys
from pathlib import Path

import pytest
from render_helpers import FRONT, NAMES, sphinx, write_book

from tabbook.book import Book
from tabbook.render.site import build_site

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def build(root: Path, **pages: str) -> dict[str, str]:
    """Build a book of these pages, and return the article of each."""
    write_book(
        root,
        {name: text if text.startswith("#") else f"{FRONT}# A\n\n{text}" for name, text in pages.items()},
    )
    (root / "p.svg").write_text(PICTURE)
    site = build_site(Book.load(root), jobs=1, quiet=True)
    assert site.status in (0, 1)
    for fault in site.faults:
        print(fault, file=sys.stderr)
    found = {name: (site.page.parent / f"{name}.html").read_text() for name in pages}
    return {name: text.split("<article", 1)[1].split("</article", 1)[0] for name, text in found.items()}


def panel(article: str, tab: str, number: int = 1) -> str:
    return article.split(f'id="tabbook-{number}-{tab}" role="tabpanel"', 1)[1].split('role="tabpanel"', 1)[0]


def each(text: str, tabs: tuple[str, ...] = tuple(NAMES)) -> str:
    """Return a tab block with ``text`` for each of ``tabs``, whose name stands for TAB."""
    return "\n".join(f"::::{{tab}} {tab}\n{text.replace('TAB', tab)}\n::::\n" for tab in tabs)


LABELS = each("""
(subsec_arrays)=
### Arrays

Here too: {eq}`eq_loss`, {numref}`fig_net`.

$$a = TAB$$ (eq_loss)

:::{math}
:label: eq_other
b = TAB
:::

:::{figure} p.svg
:name: fig_net
A net.
:::

:::{table} Sizes
:name: tab_sizes

| TAB |
|---|
| 1 |
:::

:::{code-block} python
:name: code_net
:caption: Code
TAB()
:::

(anywhere)=
A paragraph, [a link](anywhere).

:::{figure} p.svg
Without a name.
:::
""")
SHARED = """
Shared: {eq}`eq_loss`, {eq}`eq_other`, {numref}`fig_net`, {numref}`tab_sizes`, {numref}`code_net`,
{ref}`subsec_arrays`, {ref}`here <anywhere>`.
"""
AFTER = """
$$c = d$$ (eq_after)

:::{figure} p.svg
:name: fig_after
After.
:::

{eq}`eq_after`, {numref}`fig_after`
"""


def test_a_label_may_be_given_once_in_each_tab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = build(tmp_path, index=SHARED + LABELS + AFTER, other=SHARED)
    assert capsys.readouterr().err == ""
    article = found["index"]
    ids = re.findall(r'\bid="([^"]+)"', article)
    assert len(ids) == len(set(ids))
    for label in (
        "equation-eq-loss",
        "equation-eq-other",
        "fig-net",
        "tab-sizes",
        "code-net",
        "subsec-arrays",
        "anywhere",
    ):
        assert f'id="{label}"' in panel(article, "pytorch")
        assert f'id="{label}-in-jax"' in panel(article, "jax")
        assert f'id="{label}-in-mxnet"' in panel(article, "mxnet")
        assert f'href="#{label}"' in article
        assert f'href="index.html#{label}"' in found["other"]


def test_what_each_tab_has_as_its_nth_has_one_number(tmp_path: Path) -> None:
    article = build(tmp_path, index=LABELS + AFTER)["index"]
    for tab in NAMES:
        text = panel(article, tab).split('class="tabbook-group')[0]
        assert re.findall(r'caption-number">([^<]+?) ?<', text)[:4] == [
            "Fig. 1",
            "Table 1",
            "Listing 1",
            "Fig. 2",
        ]
        assert re.findall(r'eqno">\((\d)', text)[:2] == ["1", "2"]
    assert re.search(r'eqno">\(3\)<', article), "no number is left out for those behind them"
    assert "Fig. 3" in article
    assert "Fig. 4" not in article


def test_equations_count_so_without_numfig_too(tmp_path: Path) -> None:
    write_book(
        tmp_path,
        {"index": f"{FRONT}# A\n\n{each('$$a$$ (eq_a)')}\n$$b$$ (eq_b)\n\n{{eq}}`eq_a`, {{eq}}`eq_b`\n"},
    )
    config = tmp_path / "_config.yml"
    config.write_text(config.read_text().replace("  config:\n", "  config:\n    numfig: false\n"))
    site = build_site(Book.load(tmp_path), jobs=1, quiet=True)
    assert site.status == 0
    assert re.findall(r'eqno">\((\d)', site.page.read_text()) == ["1", "1", "1", "2"]


@pytest.mark.parametrize("reference", ["{ref}`subsec_x`", "[](#subsec_x)", "[](subsec_x)"])
def test_a_reference_shows_the_title_that_the_reader_has(tmp_path: Path, reference: str) -> None:
    blocks = each(f"(subsec_x)=\n### Arrays in TAB\n\nSee {reference}.", ("pytorch", "jax"))
    found = build(tmp_path, index=f"{blocks}\nSee {reference}.\n", other=f"See {reference}.")
    for article in found.values():
        shown = re.findall(r'tabbook-variant tabbook-for-(\w+)"><a [^>]*><span[^>]*>([^<]+)<', article)
        assert shown == [("pytorch", "Arrays in pytorch"), ("jax", "Arrays in jax")]
    assert "tabbook-variant" not in panel(found["index"], "jax").split("</div>")[0]


@pytest.mark.parametrize(
    "text",
    [
        ":::{tab} jax\n(sec_x)=\n### X\n\n(sec_x)=\n### Y\n:::\n",
        ":::{tab} jax\n(sec_x)=\n### X\n:::\n\nText.\n\n:::{tab} jax\n(sec_x)=\n### Y\n:::\n",
        ":::{tab} jax, mxnet\n(sec_x)=\n### X\n:::\n\nText.\n\n:::{tab} jax\n(sec_x)=\n### Y\n:::\n",
        "(sec_x)=\n## X\n\n:::{tab} jax\n(sec_x)=\n### Y\n:::\n",
        ":::{tab} jax\n(sec_x)=\n### X\n:::\n\n(sec_x)=\n## Y\n",
        ":::{tab} jax\n$$a$$ (eq_x)\n\n$$b$$ (eq_x)\n:::\n",
        "$$a$$ (eq_x)\n\n:::{tab} jax\n$$b$$ (eq_x)\n:::\n",
        ":::{tab} jax\nA[^a]\n\n[^a]: One.\n\n[^a]: Two.\n:::\n",
        "A[^a]\n\n[^a]: One.\n\n:::{tab} jax\nB[^a]\n\n[^a]: Two.\n:::\n",
    ],
)
def test_a_name_given_twice_for_the_same_readers_is_still_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    build(tmp_path, index=text)
    assert re.search("[Dd]uplicate|Multiple", capsys.readouterr().err)


NOTES = (
    "Shared[^s].\n\n"
    + each(
        "TAB[^own] and again[^own], see [docs].\n\n[^own]: Of TAB.\n\n[docs]: https://example.org/TAB",
        ("pytorch", "jax"),
    )
    + "\nText.\n\n:::{tab} jax\nLater[^own], [docs] and [^s].\n:::\n"
    + "\nEnd[^e].\n\n[^s]: Shared.\n[^e]: The end.\n"
)


def test_footnotes_and_links_of_a_tab_are_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    article = build(tmp_path, index=NOTES)["index"]
    assert capsys.readouterr().err == ""
    notes = dict(
        re.findall(r'<aside class="footnote brackets([^"]*)" id="([^"]+)"', article)[i][::-1]
        for i in range(4)
    )
    assert notes == {
        "s": "",
        "own": " tabbook-only tabbook-for-pytorch",
        "own-in-jax": " tabbook-only tabbook-for-jax",
        "e": "",
    }
    assert panel(article, "pytorch").count('href="#own"') == 2
    assert panel(article, "jax", 1).count('href="#own-in-jax"') >= 2
    assert panel(article, "jax", 2).count('href="#own-in-jax"') == 1
    assert "example.org/pytorch" in panel(article, "pytorch")
    assert "example.org/jax" in panel(article, "jax", 2)


def test_the_line_above_footnotes_is_for_those_who_have_any(tmp_path: Path) -> None:
    article = build(tmp_path, index=":::{tab} jax\nA[^a], B[^b].\n\n[^a]: With text.\n[^b]: B.\n:::\n")[
        "index"
    ]
    assert re.search(r'<hr class="footnotes tabbook-only tabbook-for-jax', article)
    assert article.count('class="footnote brackets tabbook-only tabbook-for-jax"') == 2


def test_a_numbered_footnote_may_be_given_in_each_tab(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    article = build(tmp_path, index=each("TAB[^1]\n\n[^1]: Of TAB."))["index"]
    assert capsys.readouterr().err == ""
    assert [f"Of {tab}." in article for tab in NAMES] == [True] * 3
    assert len(re.findall('class="footnote ', article)) == 3


def test_terms_of_a_glossary_may_be_given_in_each_tab(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = each(":::{glossary}\narray\n  What TAB calls so.\n:::", ("pytorch", "jax"))
    article = build(tmp_path, index=terms + "\nSee {term}`array`.\n")["index"]
    assert capsys.readouterr().err == ""
    assert 'id="term-array-in-jax"' in article
    assert 'href="#term-array"' in article


def test_functions_may_be_described_in_each_tab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    article = build(tmp_path, index=each(":::{py:function} show(x)\nIn TAB.\n:::"))["index"]
    assert capsys.readouterr().err == ""
    assert [f'id="show{end}"' in article for end in ("", "-in-jax", "-in-mxnet")] == [True] * 3


def test_equations_that_are_all_numbered_have_one_number_in_each_tab(tmp_path: Path) -> None:
    write_book(tmp_path, {"index": f"{FRONT}# A\n\n{each('$$TAB$$')}\n$$b$$\n"})
    config = tmp_path / "_config.yml"
    config.write_text(config.read_text().replace("  config:\n", "  config:\n    math_number_all: true\n"))
    site = build_site(Book.load(tmp_path), jobs=1, quiet=True)
    assert site.status == 0
    assert re.findall(r'eqno">\((\d)', site.page.read_text()) == ["1", "1", "1", "2"]


@pytest.mark.parametrize("builder", ["text", "latex", "epub"])
def test_other_builders_have_the_text_of_every_framework(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], builder: str
) -> None:
    root = write_book(tmp_path, {"index": f"{FRONT}# A\n\n{SHARED}{LABELS}{AFTER}{NOTES}"})
    (root / "p.svg").write_text(PICTURE)
    assert sphinx(root, root / "out", builder, strict=builder != "latex", version="1") == 0
    assert "uplicate" not in capsys.readouterr().err
    (page,) = [
        file
        for file in (root / "out").iterdir()
        if file.name in ("index.txt", "index.xhtml") or file.suffix == ".tex"
    ]
    assert all(f"Of {tab}." in page.read_text() for tab in ("pytorch", "jax"))
