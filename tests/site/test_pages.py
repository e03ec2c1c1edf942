"""Every page of the built book, and the page on recurrent networks in particular."""

import contextlib
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from conftest import serve, visits_of
from looks import assert_shows, groups
from visits import DRAWN, PHONE

# What Jupyter Book's own parts warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

RNN = "chapters/recurrent-neural-networks/rnn-training.html"
NAMES = {"pytorch": "PyTorch", "jax": "JAX", "tensorflow": "TensorFlow", "mxnet": "MXNet"}


class _Links(HTMLParser):
    """Collects what a page refers to, and what others may refer to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and ((name == "href" and tag in ("a", "link")) or name == "src"):
                self.links.add(value)
            if value and name == "id":
                self.anchors.append(value)


def broken_links(site: Any) -> list[str]:
    """Return the references within the site that lead nowhere."""
    pages = {page: _Links((site.folder / page).read_text()) for page in site.pages}
    found = []
    for page, parsed in pages.items():
        for link in parsed.links:
            target = urlsplit(urljoin(f"http://here/{page}", link))
            if target.netloc != "here" or target.scheme != "http":
                continue
            path = unquote(target.path).lstrip("/")
            if not (site.folder / path).is_file():
                found.append(f"{page}: {link}")
            elif target.fragment and path in pages and unquote(target.fragment) not in pages[path].anchors:
                found.append(f"{page}: no {target.fragment} in {path}")
    return found


def repeated_ids(site: Any) -> list[str]:
    """Return the names that stand in a page twice."""
    found = []
    for page in site.pages:
        anchors = _Links((site.folder / page).read_text()).anchors
        found += [f"{page}: {name}" for name in set(anchors) if anchors.count(name) > 1]
    return found


# What the theme itself writes twice, on every page.
THEMES_OWN = ("pst-primary-sidebar-checkbox", "pst-secondary-sidebar-checkbox")


@pytest.mark.parametrize("which", ["book_site", "small_site"])
def test_no_link_image_or_anchor_is_broken(which: str, request: pytest.FixtureRequest) -> None:
    site = request.getfixturevalue(which)
    assert len(site.pages) > 3
    assert broken_links(site) == []


@pytest.mark.parametrize("which", ["book_site", "small_site"])
def test_no_name_stands_twice_in_a_page(which: str, request: pytest.FixtureRequest) -> None:
    site = request.getfixturevalue(which)
    assert [name for name in repeated_ids(site) if not name.endswith(THEMES_OWN)] == []


def test_every_page_of_the_book_has_its_icon(book_site: Any) -> None:
    """Without one, browsers ask for a file that is not there; that the icon exists is a matter of links."""
    texts = {page: (book_site.folder / page).read_text() for page in book_site.pages}
    del texts["index.html"]  # Only leads on to the first chapter
    assert [page for page, text in texts.items() if 'rel="icon"' not in text] == []


def test_a_broken_link_would_be_found(small_site: Any, tmp_path: Any) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html">x</a><img src="c.png"><a href="#d">y</a><p id="e">')
    site = type(small_site)(tmp_path, "")
    assert sorted(broken_links(site)) == ["a.html: b.html", "a.html: c.png", "a.html: no d in a.html"]


@pytest.fixture(params=["book_visits", "small_visits"])
def visits(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def found(visits: Any, what: str, nothing: Any = ()) -> dict[str, Any]:
    """Return what visits found of a kind, by page, where it is not nothing."""
    return {path: getattr(visit, what) for path, visit in visits.items() if getattr(visit, what) != nothing}


def test_no_page_makes_the_console_complain(visits: Any) -> None:
    assert len(visits) > 2
    assert found(visits, "complaints") == {}


def test_no_page_misses_a_picture(visits: Any) -> None:
    assert found(visits, "missing") == {}


def test_no_page_has_barriers_in_either_theme(visits: Any) -> None:
    assert found(visits, "barriers", {"light": [], "dark": []}) == {}


def test_no_page_scrolls_sideways_on_a_phone(visits: Any) -> None:
    assert found(visits, "width", PHONE["width"]) == {}


def test_no_formula_leaves_the_page_on_a_phone(visits: Any) -> None:
    assert found(visits, "cut_off") == {}


FAULTY = """<html lang="en"><head><title>x</title></head><body data-theme="light"><main><h1>x</h1>
<img src="gone.png" alt=""><p style="color: #ccc; background: #fff">pale</p>
<div style="width: 500px">wide</div>
<article>long<mjx-container><svg width="600"></svg></mjx-container></article>
<script src="http://elsewhere.org/x.js"></script></main>
<script>
const theme = matchMedia('(prefers-color-scheme: dark)');
const show = () => { document.documentElement.dataset.theme = theme.matches ? 'dark' : 'light'; };
theme.addEventListener('change', show);
show();
</script></body></html>"""


def test_a_visit_finds_what_is_wrong(browser: Any, small_site: Any, tmp_path: Any) -> None:
    (tmp_path / "faulty.html").write_text(FAULTY)
    with contextlib.contextmanager(serve)(tmp_path) as site:
        (visit,) = visits_of(browser, site).values()
    assert "asked for http://elsewhere.org/x.js" in visit.complaints
    assert [picture.rsplit("/", 1)[1] for picture in visit.missing] == ["gone.png"]
    assert [[rule for rule, _ in broken] for broken in visit.barriers.values()] == [["color-contrast"]] * 2
    assert visit.width > 390
    assert visit.cut_off == ("long",)


@pytest.mark.parametrize(("which", "path"), [("book_site", RNN), ("small_site", "model.html")])
def test_mathematics_is_drawn_without_a_network(
    reader: Any, which: str, path: str, request: pytest.FixtureRequest
) -> None:
    someone = reader(request.getfixturevalue(which))
    page = someone.open(path)
    page.wait_for_selector("mjx-container > svg")
    page.wait_for_function(DRAWN)
    assert someone.complaints == []


SHOW_WORDS = """kinds => {
    const code = [...document.querySelectorAll('.highlight pre')].find(each => each.checkVisibility());
    code.id = 'words';
    code.replaceChildren(...kinds.flatMap(kind => {
        const word = document.createElement('span');
        word.className = kind;
        word.textContent = kind;
        return [word, ' '];
    }));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_kind_of_word_in_code_can_be_read(reader: Any, book_site: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    texts = ((book_site.folder / path).read_text() for path in book_site.pages)
    blocks = (
        code for text in texts for code in re.findall(r'<div class="highlight"><pre>(.*?)</pre>', text, re.S)
    )
    kinds = sorted({kind for code in blocks for kind in re.findall(r'<span class="([^"]+)">', code)})
    assert {"k", "kn", "s2", "c1", "mi"} < set(kinds)  # keywords, texts, comments, numbers
    page = reader(book_site, color_scheme=scheme).open(RNN)
    page.wait_for_load_state("load")
    page.evaluate(SHOW_WORDS, kinds)
    options = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}

    def too_pale() -> list[str]:
        found = axe.run(page, context="#words", options=options).response["violations"]
        return [node["html"] for violation in found for node in violation["nodes"]]

    assert too_pale() == []
    page.evaluate("document.querySelector('#words .kn').style.color = '#777'")
    assert len(too_pale()) == 1, "a pale word would be found"


def test_switching_to_jax_switches_the_page_and_lasts(reader: Any, book_site: Any) -> None:
    someone = reader(book_site)
    page = someone.open(RNN)
    assert len(groups(page)) > 3
    for tab in NAMES:
        page.locator(f".tabbook-tab[data-tab={tab}]").nth(1).click()
        assert_shows(page, tab)
    page.locator(".tabbook-tab[data-tab=jax]").last.click()
    page.reload()
    assert_shows(page, "jax")
    page.locator("a.left-prev, a.right-next").first.click()
    page.wait_for_load_state()
    assert page.url.rsplit("/", 1)[1] != "rnn-training.html"
    assert_shows(page, "jax")
    assert someone.complaints == []


def test_a_click_moves_nothing_on_the_rnn_page(reader: Any, book_site: Any) -> None:
    page = reader(book_site).open(RNN)
    where = "element => element.getBoundingClientRect().top"
    for index in range(page.locator(".tabbook-group").count()):
        for tab in ("jax", "tensorflow", "pytorch"):
            clicked = page.locator(".tabbook-group").nth(index).locator(f".tabbook-tab[data-tab={tab}]")
            if not clicked.count() or not clicked.is_visible():  # text for others
                continue
            clicked.scroll_into_view_if_needed()
            before = clicked.evaluate(where)
            clicked.evaluate("element => element.click()")
            page.wait_for_timeout(40)
            assert abs(clicked.evaluate(where) - before) < 1, f"{tab} in group {index + 1}"


def test_text_for_other_frameworks_makes_room_for_what_follows(reader: Any, book_site: Any) -> None:
    page = reader(book_site).open(RNN)
    page.select_option(".tabbook-control", label="JAX")
    text = page.locator(".tabbook-text:not([data-tabs~=mxnet])").first
    assert text.is_visible()
    text.evaluate("element => element.scrollIntoView({behavior: 'instant'})")
    page.evaluate("scrollBy({top: -60, behavior: 'instant'})")  # from under the header
    where = "element => element.getBoundingClientRect().top"
    before = text.evaluate(where)
    page.select_option(".tabbook-control", label="MXNet")
    page.wait_for_timeout(80)
    assert not text.is_visible()
    assert abs(text.evaluate(f"element => ({where})(element.nextElementSibling)") - before) < 1
    page.select_option(".tabbook-control", label="JAX")
    assert text.is_visible()


def test_without_javascript_the_rnn_page_has_all_four_under_their_names(reader: Any, book_site: Any) -> None:
    page = reader(book_site, java_script_enabled=False).open(RNN)
    for tab, name in NAMES.items():
        panels = page.locator(f".tabbook-panel[data-tabs~={tab}]")
        assert panels.count() > 3
        assert all(panel.is_visible() for panel in panels.all())
        assert page.locator(".tabbook-name", has_text=name).first.is_visible()


def test_every_framework_of_the_rnn_page_was_executed(reader: Any, book_site: Any) -> None:
    page = reader(book_site, java_script_enabled=False).open(RNN)
    told = page.locator(".tabbook-not-executed, .tabbook-note", has_text="ot executed")
    if told.count():
        pytest.skip(f"the book was built without all frameworks: {told.first.inner_text()}")
    for tab in NAMES:
        panels = page.locator(f".tabbook-panel[data-tabs~={tab}]")
        assert panels.locator(".cell_output").count() > 0
        assert panels.locator(".cell_output img").count() > 0, "the plot of the training"
