"""One visit to each page of a site, in which everything is looked at that every page has to fulfil.

Opening a page takes longer than most of what is asked about it, so it is opened once, and looked at in the
light theme, then in the dark one, then as wide as a phone. The tests ask what was found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DRAWN = "!document.querySelector('.math:not(:has(mjx-container))')"
"""That all formulas of a page are drawn."""
PHONE = {"width": 390, "height": 844}
_MISSING = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
# Code in one colour, as axe would compare each of its words with what is behind it:
# test_each_kind_of_word_in_code_can_be_read looks at a word of each kind instead.
_PLAIN_CODE = (
    "document.querySelectorAll('.highlight pre').forEach(code => { code.textContent = code.textContent })"
)
_CUT_OFF = """[...document.querySelectorAll('article mjx-container:not([display])')]
    .filter(formula => formula.checkVisibility() && !formula.closest('table'))
    .filter(formula => formula.firstElementChild.getBoundingClientRect().right > document.body.clientWidth)
    .map(formula => formula.parentElement.textContent)"""
# A theme changes colours and nothing else, and all rules take minutes.
_RULES = {
    "light": {},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}


@dataclass(frozen=True)
class Visit:
    """What a visit to a page found."""

    complaints: tuple[str, ...]
    """What the console said, and what the page asked for from elsewhere."""
    missing: tuple[str, ...]
    """Pictures that are not there."""
    barriers: dict[str, list[tuple[str, str]]]
    """For each theme, rules of axe that are broken, and the first element that does."""
    width: int
    """Pixels that the page needs on a phone."""
    cut_off: tuple[str, ...]
    """Sentences with a formula that leaves the page on the right: it cannot break."""


def visit_all(someone: Any, axe: Any) -> Iterator[tuple[str, Visit]]:
    """Yield the path of each page of a reader's site, and what a visit to it found."""
    for path in someone.site.pages:
        yield path, _visit(someone, axe, path)


def _visit(someone: Any, axe: Any, path: str) -> Visit:
    someone.complaints.clear()
    page = someone.open(path)
    page.wait_for_load_state("networkidle")  # one page only leads to another
    page.wait_for_function(DRAWN)
    missing, complaints = page.evaluate(_MISSING), tuple(someone.complaints)
    page.evaluate(_PLAIN_CODE)
    barriers = {}
    for theme, rules in _RULES.items():
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        found = axe.run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
        # The theme's logo stands outside of every landmark.
        barriers[theme] = [(one["id"], one["nodes"][0]["html"]) for one in found if one["id"] != "region"]
    page.set_viewport_size(PHONE)
    width, cut_off = page.evaluate("document.documentElement.scrollWidth"), page.evaluate(_CUT_OFF)
    page.close()
    return Visit(complaints, tuple(missing), barriers, width, tuple(cut_off))
