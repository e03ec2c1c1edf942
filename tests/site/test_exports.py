"""Links to notebooks and slides as readers meet them, and the decks without a network."""

from pathlib import Path
from typing import Any

import pytest
from export_helpers import exported, foreign, make_book
from render_helpers import FRONT, write_book

from tabbook.book import Book
from tabbook.export.write import write_all
from tabbook.render.site import build_site

# What Jupyter Book's own parts warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = make_book(tmp_path_factory.mktemp("exports") / "book", exports=True)
    built = build_site(Book.load(book.root), jobs=1, quiet=True)
    assert built.status == 0
    return built.page.parent


@pytest.fixture
def offline(browser: Any) -> Any:
    """A window without a network, and what it asked for and complained of."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, offline=True)
    page = context.new_page()
    page.heard = []
    page.on("console", lambda said: page.heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.heard.append(str(error)))
    page.on("requestfailed", lambda request: page.heard.append(request.url))
    yield page
    context.close()


def test_the_links_are_those_of_the_chosen_framework(offline: Any, site: Path) -> None:
    offline.goto(f"{(site / 'part/first.html').as_uri()}?tab=jax", wait_until="domcontentloaded")
    assert offline.locator(".tabbook-links:visible").all_inner_texts() == ["JAX: Notebook · Slides"]
    offline.locator(".tabbook-tab[data-tab=mxnet]").first.click()
    assert offline.locator(".tabbook-links:visible").all_inner_texts() == ["MXNet: Notebook · Slides"]


def test_without_scripts_every_framework_has_its_links(browser: Any, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((site / "part/first.html").as_uri(), wait_until="domcontentloaded")
    assert page.locator(".tabbook-links:visible").count() == 3
    context.close()


def test_columns_are_beside_each_other_and_pauses_wait(offline: Any, tmp_path: Path) -> None:
    """Slides written apart from the page: what a column holds stays in it, and is shown in turn."""
    slide = """
::::::{slide} Beside each other
:::::{columns}
::::{column} 30%
Left.

. . .

Later.
::::
::::{column}
```{embed} code
```
::::
:::::
::::::
"""
    code = "```{code-cell} python\n:label: code\nprint(1)\n```\n"
    book = Book.load(write_book(tmp_path / "book", {"index": "# T\n", "a": f"{FRONT}\n# A\n\n{code}{slide}"}))
    write_all(tmp_path / "out", exported(book, "slides", book.sections, ("jax",)).files)
    offline.goto((tmp_path / "out/jax/a.slides.html").as_uri() + "#/1", wait_until="load")
    left, right = (offline.locator(".column").nth(number).bounding_box() for number in (0, 1))
    assert left["x"] + left["width"] <= right["x"] and abs(left["y"] - right["y"]) < 5
    assert right["width"] > 1.5 * left["width"]
    later = offline.locator(".fragment", has_text="Later.")
    assert later.evaluate("node => getComputedStyle(node).visibility") == "hidden"
    offline.keyboard.press("ArrowRight")
    offline.wait_for_function("document.querySelector('.fragment.visible') !== null")
    assert offline.heard == []


def test_a_slide_with_too_much_on_it_can_be_read(offline: Any, tmp_path: Path) -> None:
    """Long lines are broken, and what is too high can be scrolled; other scripts stand in the notes, too."""
    line = "value = " + " + ".join(f"'number {number}'" for number in range(40))
    code = "\n".join([line] * 20)
    page = f"{FRONT}\n# 循环神经网络\n\n## [**长代码**] 和笔记\n\n```{{code-cell}} python\n{code}\n```\n"
    write_book(tmp_path / "book", {"index": page})
    book = Book.load(tmp_path / "book")
    write_all(tmp_path / "decks", exported(book, "slides", book.sections, ("jax",)).files)
    offline.goto((tmp_path / "decks/jax/index.slides.html").as_uri())
    offline.wait_for_function("window.Reveal && Reveal.isReady()")
    offline.keyboard.press("ArrowRight")
    slide = offline.locator("section.present > section.present")
    assert slide.locator("h2").first.inner_text() == "长代码"
    assert slide.evaluate("e => e.scrollHeight > e.clientHeight && getComputedStyle(e).overflowY == 'auto'")
    assert slide.evaluate("e => [...e.querySelectorAll('pre')].every(p => p.scrollWidth <= p.clientWidth)")
    assert "长代码 和笔记" in slide.locator("aside.notes").text_content()
    assert offline.heard == []


def test_a_deck_works_without_a_network(offline: Any, site: Path) -> None:
    offline.goto((site / "_exports/slides/jax/part/first.slides.html").as_uri())
    offline.wait_for_function("window.Reveal && Reveal.isReady() && document.querySelector('mjx-container')")
    assert offline.evaluate("Reveal.getTotalSlides()") == 3
    assert offline.locator("section.present > section.present").inner_text().split() == [
        "Nets",
        "of",
        "first",
        "JAX",
    ]
    offline.keyboard.press("ArrowRight")
    slide = offline.locator("section.present > section.present").inner_text()
    assert "Said on slides only." in slide and "quagga = 'Quagga'" in slide
    offline.keyboard.press("ArrowRight")
    assert "class Quagga" in offline.locator("section.present > section.present").inner_text()
    with offline.context.expect_page() as opened:
        offline.keyboard.press("s")
    opened.value.wait_for_selector(".speaker-controls-notes .value")
    opened.value.wait_for_function("document.body.innerText.includes('Quagga on a slide in the text')")
    assert offline.heard == [], "no error, and nothing that was not there"


PANELS = """() => {
  const panels = [...document.querySelectorAll(".tabbook-panel")];
  const texts = panels.map((panel) => [panel.dataset.tabs.split(" "), panel.textContent]);
  document.querySelectorAll(".tabbook-group").forEach((group) => group.remove());
  return [...texts, [null, document.querySelector("article").textContent]];
}"""


def test_no_panel_of_the_book_holds_another_framework(offline: Any, book_site: Any) -> None:
    """Nor does what stands between the groups, which all readers see."""
    book = Book.load(book_site.folder)
    wrong = {tab: foreign(book, tab) for tab in book.settings.tabs}
    looked_for, leaks = 0, []
    for section in book.sections:
        name = section.path.removesuffix(".md")
        offline.goto((book_site.folder / f"{name}.html").as_uri(), wait_until="domcontentloaded")
        for shown, text in offline.evaluate(PANELS):
            for tab in shown or section.tabs:
                looked_for += len(wrong[tab][name])
                leaks += [f"{name}, for {tab}: {line}" for line in wrong[tab][name] if line in text]
    assert looked_for > 1000 and leaks == []
