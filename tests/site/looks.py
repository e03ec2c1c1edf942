"""What a reader sees on an open page."""

from typing import Any

GROUPS = """() => [...document.querySelectorAll('.tabbook-group')].map(group => ({
  tabs: group.dataset.tabs.split(' '),
  selected: [...group.querySelectorAll('.tabbook-tab[aria-selected=true]')].map(tab => tab.dataset.tab),
  visible: [...group.querySelectorAll('.tabbook-panel')]
    .filter(panel => panel.getClientRects().length).map(panel => panel.dataset.tabs.split(' ')),
  focusable: [...group.querySelectorAll('.tabbook-tab')].filter(tab => tab.tabIndex === 0).length,
}))"""


def groups(page: Any) -> list[dict[str, Any]]:
    """Return each group: its tabs, the selected ones, the tabs of each visible panel."""
    return page.evaluate(GROUPS)


def assert_shows(page: Any, tab: str) -> None:
    """Check that every group shows ``tab`` if it has it, else its first tab."""
    found = groups(page)
    assert found, "a page without groups shows nothing"
    for group in found:
        expected = tab if tab in group["tabs"] else group["tabs"][0]
        assert group["selected"] == [expected]
        assert len(group["visible"]) == 1
        assert expected in group["visible"][0]
        assert group["focusable"] == 1
