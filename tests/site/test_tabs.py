"""Tabs in a browser, on a small book: what a choice does, and what it leaves alone."""

from typing import Any

import pytest
from looks import assert_shows, groups

# What Jupyter Book's own parts warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

NAMES = ("PyTorch", "JAX", "MXNet")
TAB = "#tabbook-{}-{}-tab"


def top(page: Any, selector: str) -> float:
    return page.eval_on_selector(selector, "element => element.getBoundingClientRect().top")


def test_the_first_framework_is_shown_to_who_has_not_chosen(reader: Any, small_site: Any) -> None:
    someone = reader(small_site)
    assert_shows(someone.open("model.html"), "pytorch")
    assert someone.complaints == []


def test_a_choice_switches_all_groups_and_lasts(reader: Any, small_site: Any) -> None:
    someone = reader(small_site)
    page = someone.open("model.html")
    page.click(TAB.format(3, "jax"))
    assert_shows(page, "jax")
    page.reload()
    assert_shows(page, "jax")
    assert_shows(someone.open("next.html"), "jax")  # the next page, and the next visit
    page.click(TAB.format(1, "mxnet"))
    page.goto(small_site.url + "/next.html")
    assert_shows(page, "mxnet")
    page.click(TAB.format(1, "pytorch"))
    page.go_back()
    assert_shows(page, "pytorch")
    assert someone.complaints == []


def test_a_group_lists_only_its_frameworks(reader: Any, small_site: Any) -> None:
    listed = [group["tabs"] for group in groups(reader(small_site).open("model.html"))]
    assert listed[0] == ["pytorch", "jax", "mxnet"]
    assert listed[-1] == ["pytorch"]


@pytest.mark.parametrize("viewport", [(1200, 800), (390, 700), (1200, 2000)])
def test_what_was_clicked_stays_where_it_is(reader: Any, small_site: Any, viewport: tuple[int, int]) -> None:
    page = reader(small_site, viewport=dict(zip(("width", "height"), viewport, strict=True))).open(
        "model.html"
    )
    for tab in ("jax", "mxnet", "pytorch"):
        for group in range(1, 6):
            selector = TAB.format(group, tab)
            page.locator(selector).scroll_into_view_if_needed()
            page.wait_for_timeout(50)
            before = top(page, selector)
            page.eval_on_selector(selector, "element => element.click()")
            assert abs(top(page, selector) - before) < 1, f"{tab} in group {group}, at once"
            page.wait_for_timeout(80)
            assert abs(top(page, selector) - before) < 1, f"{tab} in group {group}, later"
            page.click(TAB.format(1, "pytorch"))
    # Room that was made for that goes when the reader moves on.
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    page.wait_for_timeout(80)
    page.evaluate("scrollTo({top: 1e6, behavior: 'instant'})")
    page.wait_for_timeout(80)
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    page.wait_for_timeout(80)
    assert page.locator("body > .tabbook-room").count() == 0 or viewport[1] == 2000


def test_the_control_in_the_header_switches_and_what_is_read_stays(reader: Any, small_site: Any) -> None:
    page = reader(small_site).open("model.html")
    summary = "#summary > h2"
    page.eval_on_selector(summary, "element => element.scrollIntoView({behavior: 'instant'})")
    page.evaluate("scrollBy({top: -60, behavior: 'instant'})")  # from under the header
    before = top(page, summary)
    page.select_option(".tabbook-control", label="JAX")
    page.wait_for_timeout(80)
    assert_shows(page, "jax")
    assert abs(top(page, summary) - before) < 1
    page.click(TAB.format(1, "mxnet"))
    assert page.input_value(".tabbook-control") == "mxnet"


def test_keys_move_the_choice_and_the_focus(reader: Any, small_site: Any) -> None:
    page = reader(small_site).open("model.html")
    page.focus(TAB.format(3, "pytorch"))
    keys = {
        "ArrowRight": "jax",
        "End": "mxnet",
        "ArrowRight ": "pytorch",
        "ArrowLeft": "mxnet",
        "Home": "pytorch",
    }
    for key, tab in keys.items():
        page.keyboard.press(key.strip())
        assert_shows(page, tab)
        assert page.evaluate("document.activeElement.id") == TAB.format(3, tab)[1:]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+ArrowRight")
    assert_shows(page, "pytorch")


def test_tabs_are_what_assistive_technology_expects(reader: Any, small_site: Any) -> None:
    page = reader(small_site).open("model.html")
    assert page.get_by_role("tab", name="JAX", exact=True).count() == 5
    page.get_by_role("tab", name="JAX", exact=True).first.click()
    assert page.get_by_role("tabpanel", name="JAX").count() == 5
    page.get_by_role("tab", name="MXNet").nth(1).click()
    assert page.get_by_role("tabpanel", name="MXNet").count() == 5, "also where two share a panel"


def test_the_address_may_choose_and_is_remembered(reader: Any, small_site: Any) -> None:
    someone = reader(small_site)
    page = someone.open("model.html?tab=jax")
    assert_shows(page, "jax")
    page.click(TAB.format(1, "mxnet"))
    page.reload()
    assert_shows(page, "mxnet")
    assert_shows(someone.open("next.html"), "mxnet")
    assert_shows(someone.open("next.html?tab=nonsense"), "mxnet")
    assert someone.complaints == []


def test_the_wrong_framework_never_flashes_up(reader: Any, small_site: Any) -> None:
    someone = reader(small_site)
    someone.open("model.html?tab=jax")
    someone.context.route("**/tabbook.js*", lambda route: route.abort())
    page = someone.open("next.html")  # nothing but the script in the head has run
    assert all(["jax"] in g["visible"] and len(g["visible"]) == 1 for g in groups(page) if "jax" in g["tabs"])


def test_storage_that_is_switched_off_costs_only_the_memory(reader: Any, small_site: Any) -> None:
    someone = reader(small_site)
    # The theme itself cannot do without reading it, so it is our calls alone that fail here.
    someone.context.add_init_script("""
        for (const name of ['getItem', 'setItem']) {
          const real = Storage.prototype[name];
          Storage.prototype[name] = function (key, ...rest) {
            if (key.startsWith('tabbook')) throw new DOMException('switched off', 'SecurityError');
            return real.call(this, key, ...rest);
          };
        }""")
    page = someone.open("model.html")
    page.click(TAB.format(1, "jax"))
    assert_shows(page, "jax")
    page.reload()
    assert_shows(page, "pytorch")
    assert someone.complaints == []


def test_a_link_into_a_hidden_panel_shows_it_for_once(reader: Any, small_site: Any) -> None:
    someone = reader(small_site)
    page = someone.open("model.html#equation-eq-jax-model")
    assert_shows(page, "jax")
    assert 0 <= top(page, "[id='equation-eq-jax-model']") < 800
    assert_shows(someone.open("next.html"), "pytorch")


def test_a_word_found_behind_another_tab_is_shown(reader: Any, small_site: Any) -> None:
    someone = reader(small_site)
    page = someone.open("search.html?q=outside")
    page.locator("#search-results a", has_text="The Model").first.click()
    page.wait_for_selector(".highlighted")
    assert page.locator(".highlighted").first.is_visible()
    assert_shows(page, "jax")
    assert_shows(someone.open("next.html"), "pytorch")  # nobody chose it
    assert someone.complaints == []


def test_a_link_to_a_figure_goes_to_that_of_the_chosen_framework(reader: Any, small_site: Any) -> None:
    page = reader(small_site).open("model.html?tab=mxnet#fig-model")
    assert_shows(page, "mxnet")
    assert 0 <= top(page, ".tabbook-panel[data-tabs=mxnet] .tabbook-of-fig-model") < 800


def test_a_link_to_a_heading_leads_there_with_any_framework(reader: Any, small_site: Any) -> None:
    page = reader(small_site).open("model.html?tab=mxnet#summary")
    page.wait_for_timeout(100)
    assert 0 <= top(page, "#summary") < 120


def test_without_javascript_all_frameworks_are_readable_under_their_names(
    reader: Any, small_site: Any
) -> None:
    page = reader(small_site, java_script_enabled=False).open("model.html")
    for tab in ("pytorch", "jax", "mxnet"):
        assert page.get_by_text(f"this is {tab}").first.is_visible()
    for name in NAMES:
        assert all(found.is_visible() for found in page.locator(".tabbook-name", has_text=name).all())
        assert page.locator(".tabbook-name", has_text=name).count() >= 5
    assert not page.locator(".tabbook-tabs").first.is_visible(), "tabs that do nothing"


def test_on_paper_the_chosen_framework_is_named_and_the_tabs_are_gone(reader: Any, small_site: Any) -> None:
    page = reader(small_site).open("model.html?tab=jax")
    page.emulate_media(media="print")
    assert page.locator(".tabbook-panel[data-tabs=jax] > .tabbook-name").first.is_visible()
    assert not page.locator(".tabbook-panel[data-tabs=mxnet]").first.is_visible()
    assert not page.locator(".tabbook-tabs").first.is_visible()


def test_copy_buttons_work_behind_tabs(reader: Any, small_site: Any) -> None:
    someone = reader(small_site)
    someone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = someone.open("model.html?tab=jax")
    panel = page.locator(".tabbook-panel[data-tabs=jax]").first
    panel.hover()
    panel.locator("button.copybtn").click()
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()").strip() == "import jax"


def test_a_narrow_page_does_not_scroll_sideways(reader: Any, small_site: Any) -> None:
    page = reader(small_site, viewport={"width": 360, "height": 700}).open("model.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
