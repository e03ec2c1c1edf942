"""What a reader sees on an open page."""

from typing import Any

GROUPS = """() => [...document.querySelectorAll('.tabbook-group')].map(group => ({
  tabs: group.dataset.tabs.split(' '),
  code: group.classList.contains('tabbook-code'),
  selected: [...group.querySelectorAll('.tabbook-tab[aria-selected=true]')].map(tab => tab.dataset.tab),
  visible: [...group.querySelectorAll('.tabbook-panel')]
    .filter(panel => panel.getClientRects().length).map(panel => panel.dataset.tabs.split(' ')),
  focusable: [...group.querySelectorAll('.tabbook-tab')].filter(tab => tab.tabIndex === 0).length,
}))"""


def groups(page: Any) -> list[dict[str, Any]]:
    """Return each group: its tabs, the selected ones, the tabs of each visible panel."""
    return page.evaluate(GROUPS)


def assert_shows(page: Any, tab: str) -> None:
    """Check that groups show ``tab`` or nothing; the first they have, if the page has no code for ``tab``."""
    found = groups(page)
    assert found, "a page without groups shows nothing"
    has_code = any(group["code"] and tab in group["tabs"] for group in found)
    for group in found:
        if has_code and tab not in group["tabs"]:
            assert group["visible"] == []
            continue
        expected = tab if tab in group["tabs"] else group["tabs"][0]
        assert group["selected"] == [expected]
        assert len(group["visible"]) == 1
        assert expected in group["visible"][0]
        assert group["focusable"] == 1
