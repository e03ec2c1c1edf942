"""Text, references and footnotes of one framework in a browser: each reader has their own."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Site, serve
from render_helpers import FRONT, NAMES, fill_store, write_book

from tabbook.book import Book
from tabbook.model import Cell
from tabbook.render.site import build_site

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

FILLER = "The quick brown fox jumps over the lazy dog.\n\n" * 60
BLOCK = """
::::{tab} NAME
Note[^own] of NAME and {eq}`eq_loss`.

(subsec_own)=
### Arrays in NAME

$$a = b$$ (eq_loss)

[^own]: Footnote of NAME.
::::
"""
PAGE = f"""{FRONT}# Own

First[^first], {{eq}}`eq_loss`, {{ref}}`subsec_own`, loss {{glue:text}}`loss:.2f`.

```{{code-cell}} python
loss()
```

{FILLER}

{BLOCK.replace("NAME", "pytorch")}
{BLOCK.replace("NAME", "jax")}

:::{{tab}} jax
Only here[^more].

[^more]: One more of JAX.
:::

Last[^last].

## Alone

```{{code-cell}} python
%%tab jax
alone()
```

[^first]: Footnote one.
[^last]: Footnote last.
"""
FEW = f"""{FRONT}# Few

```{{code-cell}} python
%%tab pytorch, jax
few()
```
"""
PLAIN = f"""# Plain

{FILLER}

:::{{tab}} jax
Only here[^a].

[^a]: A footnote.
:::

Back to {{eq}}`eq_loss`.
"""


def show(cell: Cell, tab: str) -> list[dict[str, Any]]:
    if "loss()" not in cell.source:
        return []
    mark = {"scrapbook": {"name": "loss", "mime_prefix": "application/papermill.record/"}}
    value = str(0.5 + list(NAMES).index(tab))
    return [
        {
            "output_type": "display_data",
            "metadata": mark,
            "data": {"application/papermill.record/text/plain": value},
        }
    ]


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = write_book(tmp_path_factory.mktemp("own"), {"index": PAGE, "few": FEW, "plain": PLAIN})
    fill_store(root, show)
    built = build_site(Book.load(root), jobs=1, quiet=True)
    assert built.status == 0
    yield from serve(built.page.parent)


def notes(page: Any) -> list[str]:
    """Return the footnotes that are visible, each with its number."""
    return page.evaluate("""() => [...document.querySelectorAll('article .footnote')]
        .filter(note => note.getClientRects().length)
        .map(note => note.querySelector('.label').textContent + ' ' + note.querySelector('p').textContent)""")


def cited(page: Any) -> list[str]:
    """Return the visible references to footnotes."""
    return page.evaluate("""() => [...document.querySelectorAll('article .footnote-reference')]
        .filter(reference => reference.getClientRects().length).map(reference => reference.textContent)""")


def comes_in_sight(page: Any, selector: str) -> bool:
    """Wait until something that ``selector`` finds is in the window."""
    seen = """selector => [...document.querySelectorAll(selector)].some(element => {
        const { top } = element.getBoundingClientRect();
        return element.getClientRects().length && 0 <= top && top < innerHeight;
    })"""
    return bool(page.wait_for_function(seen, arg=selector))


EXPECTED = {
    "pytorch": ["[1] Footnote one.", "[2] Footnote of pytorch.", "[3] Footnote last."],
    "jax": ["[1] Footnote one.", "[2] Footnote of jax.", "[3] One more of JAX.", "[4] Footnote last."],
    "mxnet": ["[1] Footnote one.", "[2] Footnote last."],
}


def test_footnotes_are_counted_for_each_reader(reader: Any, own_site: Any) -> None:
    someone = reader(own_site)
    for tab in (*NAMES, "pytorch"):
        page = someone.open(f"index.html?tab={tab}")
        assert notes(page) == EXPECTED[tab]
        assert cited(page) == [note.split()[0] for note in EXPECTED[tab]]
    page.select_option(".tabbook-control", label="JAX")
    assert notes(page) == EXPECTED["jax"], "at once"
    assert someone.complaints == []


def test_a_footnotes_link_leads_there_and_back(reader: Any, own_site: Any) -> None:
    page = reader(own_site).open("index.html?tab=jax")
    page.locator("a.footnote-reference:visible", has_text="2").click()
    assert page.evaluate("document.querySelector(':target').textContent").strip().endswith("Footnote of jax.")
    page.locator(".footnote:visible", has_text="Footnote of jax").locator("a[role=doc-backlink]").click()
    assert page.evaluate("document.querySelector(':target').getClientRects().length") > 0


@pytest.mark.parametrize("tab", ["pytorch", "jax"])
def test_a_reference_leads_to_what_the_reader_has(reader: Any, own_site: Any, tab: str) -> None:
    someone = reader(own_site)
    page = someone.open(f"index.html?tab={tab}")
    for text in ("(1)", f"Arrays in {tab}"):
        for _ in range(2):  # the second time the address is there already
            page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
            page.locator("article p a.reference:visible", has_text=text).first.click()
            target = f".tabbook-panel[data-tabs={tab}] .eqno, .tabbook-panel[data-tabs={tab}] .rubric"
            assert comes_in_sight(page, target)
    page.goto(f"{own_site.url}/plain.html")
    page.locator("a.reference", has_text="(1)").click()
    assert comes_in_sight(page, f".tabbook-panel[data-tabs={tab}] .eqno")
    assert page.input_value(".tabbook-control") == tab, "nobody asked for another framework"


def test_a_reference_to_what_the_reader_lacks_shows_the_first(reader: Any, own_site: Any) -> None:
    page = reader(own_site).open("index.html?tab=mxnet")
    assert page.locator("article p a.reference:visible", has_text="Arrays in").all_inner_texts() == [
        "Arrays in pytorch"
    ]
    page.locator("article p a.reference:visible", has_text="(1)").first.click()
    assert comes_in_sight(page, ".tabbook-panel[data-tabs=pytorch] .eqno")


def test_a_glued_value_is_the_readers_own(reader: Any, own_site: Any) -> None:
    page = reader(own_site).open("index.html?tab=jax")
    sentence = page.locator("article p", has_text="First")
    assert "loss 1.50." in sentence.inner_text()
    page.select_option(".tabbook-control", label="MXNet")
    assert "loss 2.50." in sentence.inner_text()


def test_without_javascript_everything_is_there_under_its_framework(reader: Any, own_site: Any) -> None:
    page = reader(own_site, java_script_enabled=False).open("index.html")
    assert (
        "loss 0.50 (PyTorch), 1.50 (JAX), 2.50 (MXNet)."
        in page.locator("article p", has_text="First").inner_text()
    )
    assert page.locator(".footnote:visible").count() == 5
    assert "Footnote of jax." in page.locator("#own-in-jax").inner_text()


def test_a_page_without_code_shows_the_footnotes_of_the_text_that_it_shows(
    reader: Any, own_site: Any
) -> None:
    page = reader(own_site).open("plain.html?tab=mxnet")
    assert page.locator(".tabbook-panel").is_visible(), "there is nothing else for these readers"
    assert notes(page) == ["[1] A footnote."]


def lines(page: Any) -> list[str]:
    """Return the visible lines about code that is not there."""
    return page.locator(".tabbook-lacks:visible").all_inner_texts()


@pytest.mark.parametrize("tab", NAMES)
def test_a_line_says_where_a_section_has_no_code_for_the_reader(reader: Any, own_site: Any, tab: str) -> None:
    page = reader(own_site).open(f"index.html?tab={tab}")
    is_missing = tab != "jax"
    assert lines(page) == [f"There is no code for {NAMES[tab]} in this section."] * is_missing
    assert page.get_by_text("alone()").is_visible() != is_missing, "it is not the reader's own"


def test_a_page_without_code_for_the_reader_says_so_and_shows_that_of_another(
    reader: Any, own_site: Any
) -> None:
    page = reader(own_site).open("few.html?tab=mxnet")
    assert lines(page) == ["There is no code for MXNet in this section."]
    assert page.get_by_text("few()").is_visible()
    page.select_option(".tabbook-control", label="JAX")
    assert lines(page) == []


def test_on_a_phone_nothing_scrolls_sideways(reader: Any, own_site: Any) -> None:
    for script in (True, False):
        page = reader(own_site, viewport={"width": 390, "height": 700}, java_script_enabled=script).open(
            "index.html"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
