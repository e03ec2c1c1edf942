"""Outputs of several frameworks in one page: each behaves as in a notebook of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Site, serve
from render_helpers import FRONT, fill_store, png, write_book

from tabbook.book import Book
from tabbook.model import Cell
from tabbook.render.site import build_site

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
# What Jupyter Book's own parts warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

FRAME = """
<style>.dataframe tbody tr th { vertical-align: top }</style>
<table border="1" class="dataframe"><thead><tr><th>row</th>COLUMNS</tr></thead>
<tbody><tr><th>0</th>CELLS</tr></tbody></table>
"""


def display(html: str = "", **data: str) -> dict[str, Any]:
    named = {mime.replace("_", "/", 1): value for mime, value in data.items()}
    bundle = {"text/html": html} if html else {}
    text = {"text/plain": f"text form {html[:12]!r}"} if html else {}
    return {"output_type": "display_data", "metadata": {}, "data": {**text, **bundle, **named}}


def table(columns: int) -> str:
    heads = "".join(f"<th>column {number}</th>" for number in range(columns))
    cells = "".join(f"<td>{number}.0</td>" for number in range(columns))
    return FRAME.replace("COLUMNS", heads).replace("CELLS", cells)


FILL = "<script>document.getElementById('plot').textContent = 'drawn by TAB'</script>"
CASES: dict[str, list[dict[str, Any]]] = {
    "one_output()": [display(f"<div id='plot'></div>{FILL}")],
    "two_outputs()": [display("<div id='chart'></div>"), display(FILL.replace("plot", "chart"))],
    "loader()": [display("<script>window.library = () => 'library of TAB'</script>")],
    "uses_library()": [
        display(
            "<style>@media (prefers-color-scheme: dark) { p { color: white } }</style>"
            "<p id='used'></p><script>used.textContent = library()</script>"
        )
    ],
    "some()": [display("<p id='some'></p><script>some.textContent = library()</script>")],
    "element()": [display(**{"application_javascript": "element.append('scripted by TAB')"})],
    "handler()": [display("<button onclick=\"this.textContent = 'pressed in TAB'\">press TAB</button>")],
    "style()": [
        display(
            "<style>h1, p, .who { color: rgb(1, 2, 3) } .TAB { color: red }</style><b class='who'>TAB</b>"
        )
    ],
    "after_style()": [display("<i class='who'>styled like TAB</i>")],
    "svg()": [
        display(
            "<svg width='60' height='20'>"
            "<defs><linearGradient id='g'><stop stop-color='SHADE'/></linearGradient></defs>"
            "<rect id='r' width='60' height='20' fill='url(#g)'/></svg>"
        )
    ],
    "check()": [
        display(
            "<input type='checkbox' id='box'><label for='box'>unfold TAB</label><span class='TAB'></span>"
        )
    ],
    "broken()": [display("</div></div></section><b>broken TAB<!-- "), display("<i>after it</i>")],
    "data()": [display(table(3).replace("column 0", "TAB"))],
    "wide()": [display(table(40).replace("column 0", "TAB"))],
    "local()": [display("<iframe srcdoc=\"<script>parent.document.title = 'taken'</script>TAB\"></iframe>")],
    "reaches_out()": [
        display(
            "<p id='told'></p><script>"
            "try { parent.document.title = 'taken'; told.textContent = 'TAB reached' }"
            "catch (error) { told.textContent = 'TAB kept out' }</script>"
        )
    ],
    "same()": [display("<div id='same'></div><script>same.textContent = 'the same script'</script>")],
    "width()": [
        display("<p id='w'>TAB</p><script>w.textContent = 'TAB is ' + w.offsetWidth + ' wide'</script>")
    ],
    "grows()": [
        display("<div id='log'>TAB</div><script>setTimeout(() => log.style.height = '321px', 300)</script>")
    ],
    "chases()": [display("<div style='height: 100vh; margin: 9px'>TAB</div><script></script>")],
    "markdown()": [
        display(**{"text_markdown": "*TAB* <b id='md'></b><script>md.textContent = 'run'</script>"})
    ],
    "picture()": [display(**{"image_png": png(90, 30, 99)})],
    "figure()": [display("<div id='fig'></div><script>fig.textContent = 'figure of TAB'</script>")],
    "folded()": [display("<p id='f'></p><script>f.textContent = 'folded TAB ' + f.offsetWidth</script>")],
    "dark()": [
        display(
            "<div style='background: white'>on white</div><script></script><svg><text y='20'>svg</text></svg>"
        )
    ],
}
OPTIONS = {
    "some()": "%%tab pytorch, jax\n",
    "figure()": "---\nmystnb: {figure: {name: fig_frames, caption: Drawn by a script.}}\n---\n",
    "folded()": ":tags: [hide-output]\n",
}
PAGE = FRONT + "# Outputs\n\n" + "\n\n".join(
    f"Here is `{code}`.\n\n```{{code-cell}} python\n{OPTIONS.get(code, '')}{code}\n```" for code in CASES
)  # fmt: skip
SHADES = {"pytorch": "rgb(9, 0, 0)", "jax": "rgb(0, 9, 0)", "mxnet": "rgb(0, 0, 9)"}


def outputs_of(cell: Cell, tab: str) -> list[dict[str, Any]]:
    def own(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: own(one) for key, one in value.items()}
        return value.replace("TAB", tab).replace("SHADE", SHADES[tab]) if isinstance(value, str) else value

    return [own(output) for output in CASES[cell.source]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A page with every kind of output, made by three frameworks."""
    root = write_book(tmp_path_factory.mktemp("frames"), {"index": "# Start\n", "page": PAGE})
    fill_store(root, outputs_of)
    built = build_site(Book.load(root), jobs=1, quiet=True)
    assert built.status == 0
    yield from serve(built.page.parent)


def output(page: Any, code: str) -> Any:
    """Return the outputs of a cell in the tab that is shown."""
    cell = f"xpath=//p[.='Here is {code}.']/following-sibling::*[contains(@class, 'tabbook-group')][1]"
    return page.locator(cell).locator(
        f".tabbook-panel[data-tabs~={page.evaluate('tabbook.current')}] .cell_output"
    )


def frames_of(page: Any, code: str) -> list[Any]:
    """Return the frames of a cell, drawn."""
    found = output(page, code)
    live = found.locator(".tabbook-live")
    expect(found.locator(".tabbook-live.tabbook-drawn")).to_have_count(live.count())
    return [frame.element_handle().content_frame() for frame in live.locator("iframe").all()]


def said(page: Any, code: str) -> list[str]:
    return [frame.locator("main").inner_text().strip() for frame in frames_of(page, code)]


@pytest.mark.parametrize("tab", SHADES)
def test_each_tab_is_a_notebook_of_its_own(reader: Any, site: Any, tab: str) -> None:
    """PyTorch's page said "drawn by jax", and JAX's was empty."""
    page = reader(site).open(f"page.html?tab={tab}")
    expected = {
        "one_output()": [f"drawn by {tab}"],
        "two_outputs()": [f"drawn by {tab}", ""],
        "uses_library()": [f"library of {tab}"],
        "element()": [f"scripted by {tab}"],
        "broken()": [f"broken {tab}"],
        "markdown()": [f"{tab} run"],
        "figure()": [f"figure of {tab}"],
        "same()": ["the same script"],
    }
    expected |= {"some()": [f"library of {tab}"]} if tab != "mxnet" else {}
    assert {code: said(page, code) for code in expected} == expected
    (frame,) = frames_of(page, "handler()")
    frame.get_by_role("button").click()
    assert frame.get_by_role("button").inner_text() == f"pressed in {tab}"
    assert output(page, "loader()").bounding_box()["height"] == 0, "nothing to see"


def test_styles_and_names_of_an_output_stay_in_its_tab(reader: Any, site: Any) -> None:
    page = reader(site).open("page.html?tab=jax")
    color = "element => getComputedStyle(element).color"
    own = "rgb(1, 2, 3)"
    assert output(page, "style()").locator("b").evaluate(color) == own
    assert output(page, "after_style()").locator("i").evaluate(color) == own, "as in a notebook"
    assert page.locator("article p").first.evaluate(color) != own, "the page's own text"
    gradient = "element => getComputedStyle(element.getRootNode().querySelector('stop')).stopColor"
    for tab, shade in SHADES.items():
        page.select_option(".tabbook-control", tab)
        assert output(page, "svg()").locator("#r").evaluate(gradient) == shade


def test_a_frame_cannot_reach_the_page(reader: Any, site: Any) -> None:
    page = reader(site).open("page.html?tab=jax")
    assert said(page, "reaches_out()") == ["jax kept out"]
    frames_of(page, "local()")
    assert "taken" not in page.title()
    for frame in page.locator("iframe").all():
        assert "allow-same-origin" not in frame.get_attribute("sandbox")
        assert "allow-top-navigation" not in frame.get_attribute("sandbox")
        assert frame.get_attribute("title") == "Output of the code above in JAX"


def test_a_frame_made_behind_a_tab_has_the_right_width_when_it_is_shown(reader: Any, site: Any) -> None:
    page = reader(site).open("page.html?tab=jax")
    (frame,) = frames_of(page, "width()")
    width = frame.locator("#w").inner_text().split()[2]
    assert int(width) > 400
    page.select_option(".tabbook-control", "mxnet")
    assert said(page, "width()") == [f"mxnet is {width} wide"]
    folded = output(page, "folded()")
    assert folded.count() == 0 or not folded.first.is_visible()
    page.locator("details.hide:visible summary").first.click()
    (frame,) = frames_of(page, "folded()")
    assert int(frame.locator("#f").inner_text().split()[-1]) > 400


def test_a_frame_has_the_height_of_its_content_also_when_that_changes(reader: Any, site: Any) -> None:
    page = reader(site).open("page.html?tab=jax")
    height = "element => element.getBoundingClientRect().height"
    (grown,) = frames_of(page, "grows()")
    grown.frame_element().scroll_into_view_if_needed()
    page.wait_for_function("frame => frame.getBoundingClientRect().height === 321", arg=grown.frame_element())
    (chased,) = frames_of(page, "chases()")  # its content is as high as the frame, and a bit more
    chased.frame_element().scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    before = chased.frame_element().evaluate(height)
    page.wait_for_timeout(500)
    assert chased.frame_element().evaluate(height) == before < 400


def test_broken_html_takes_nothing_of_the_page_with_it(reader: Any, site: Any) -> None:
    inside = "group => !!group.closest('article section')"
    page = reader(site).open("page.html?tab=jax")
    assert all(group.evaluate(inside) for group in page.locator(".tabbook-group").all())
    assert output(page, "broken()").get_by_text("after it").is_visible()


def test_a_wide_table_scrolls_within_the_column(reader: Any, site: Any) -> None:
    page = reader(site, viewport={"width": 390, "height": 800}).open("page.html?tab=jax")
    assert output(page, "wide()").get_by_text("column 39").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_javascript_there_is_the_text_or_the_html_that_needs_none(reader: Any, site: Any) -> None:
    page = reader(site, java_script_enabled=False).open("page.html")
    panel = page.locator(".tabbook-panel[data-tabs=jax]")
    assert panel.locator("text=text form").first.is_visible()
    assert panel.locator("text=This output needs JavaScript.").first.is_visible()
    assert panel.get_by_text("styled like jax").is_visible()
    assert panel.locator("table").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_outputs_can_be_read_and_have_no_barriers(reader: Any, site: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = reader(site, color_scheme=scheme).open("page.html?tab=jax")
    (frame,) = frames_of(page, "uses_library()")
    luminance = (
        "element => getComputedStyle(element).color.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)"
    )
    assert frame.locator("p").evaluate(luminance) < 300, "what is below it is light"
    found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["id"] != "region"] == []


def test_frames_work_in_files_and_ask_for_nothing_from_elsewhere(reader: Any, site: Any) -> None:
    someone = reader(site)
    someone.open("page.html?tab=jax").wait_for_timeout(500)
    assert not [complaint for complaint in someone.complaints if complaint.startswith("asked for")]
    local = type(site)(site.folder, site.folder.as_uri())
    assert said(reader(local).open("page.html?tab=mxnet"), "one_output()") == ["drawn by mxnet"]
