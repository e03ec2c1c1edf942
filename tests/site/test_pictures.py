"""Figures and plots in a browser: text has its place, and colours follow the theme of the page."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from figures.__main__ import scripts

ROOT = Path(__file__).parents[2]
MEASURE = """svg => [...svg.querySelectorAll('text')].map(text => {
  const box = text.getBoundingClientRect(), all = svg.getBoundingClientRect();
  return [text.textContent, box.left - all.left, box.top - all.top,
          all.right - box.right, all.bottom - box.bottom, box.width, box.height];
})"""


def test_text_lies_inside_the_figures_and_not_on_other_text(browser: Any) -> None:
    """Measured with the fonts of this machine."""
    faults = []
    page = browser.new_page()
    for script in scripts():
        name = script.relative_to(ROOT / "figures").with_suffix("")
        page.set_content(script.with_suffix(".svg").read_text().split("?>", 1)[1])
        texts = page.locator("svg").evaluate(MEASURE)
        for i, (text, left, top, right, bottom, width, height) in enumerate(texts):
            if min(left, top, right, bottom) < 0:
                faults.append(f"{name}: {text!r} is cut off")
            for other, x, y, _, _, w, h in texts[:i]:
                across = min(left + width, x + w) - max(left, x)
                down = min(top + height, y + h) - max(top, y)
                if across > 1 and down > 0.4 * min(height, h):
                    faults.append(f"{name}: {text!r} is on {other!r}")
    page.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("system", ["light", "dark"])
def test_pictures_have_the_colours_of_the_page_whatever_the_system_has(
    browser: Any, book_site: Any, theme: str, system: str
) -> None:
    """The corner of a figure is the page, and its ink is dark on a light page and light on a dark one."""
    context = browser.new_context(color_scheme=system)
    page = context.new_page()
    page.add_init_script(f"localStorage.mode = localStorage.theme = '{theme}'")
    page.goto(f"{book_site.url}/chapters/preliminaries/calculus.html")
    for selector in ("figure img.tabbook-themed", "div.cell_output img.tabbook-themed:visible"):
        picture = page.locator(selector).first
        picture.scroll_into_view_if_needed()
        pixels = luminances(picture.screenshot())
        assert (pixels[0] > 200) == (theme == "light"), "the background is that of the page"
        ink = min(pixels) if theme == "light" else max(pixels)
        assert abs(ink - pixels[0]) > 150, "the ink contrasts with it"
    context.close()


def luminances(picture: bytes) -> bytes:
    """Return the brightness of each pixel of a PNG, row by row."""
    return Image.open(io.BytesIO(picture)).convert("L").tobytes()
