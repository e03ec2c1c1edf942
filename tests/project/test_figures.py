"""The figures of the book: drawn by their scripts, used, described, and legible on both themes."""

import ast
import re
from pathlib import Path

import pytest

from figures.__main__ import drawn, scripts
from figures.kit import COLORS, MIN_SIZE, PAGES, Figure

ROOT = Path(__file__).parents[2]
PAGES_TEXT = {page: page.read_text() for page in (ROOT / "chapters").rglob("*.md")}
NAMES = [script.relative_to(ROOT / "figures").with_suffix("").as_posix() for script in scripts()]


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_what_its_script_draws(name: str) -> None:
    script = ROOT / "figures" / f"{name}.py"
    assert script.with_suffix(".svg").read_text() == drawn(script), "run: make figures"


def test_no_picture_is_without_its_script() -> None:
    pictures = sorted((ROOT / "figures").glob("*/*.svg"))
    assert pictures == [script.with_suffix(".svg") for script in scripts()]


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_shown_with_a_description_and_a_caption(name: str) -> None:
    shown = re.compile(rf"^(:{{3,}}){{figure}} \S*figures/{name}\.svg\n(.*?)\n\1$", re.M | re.S)
    found = [match[2] for text in PAGES_TEXT.values() for match in shown.finditer(text)]
    assert found, "no page shows it"
    for options in found:
        assert re.search(r"^:name: fig_", options, re.M)
        assert re.search(r"^:alt: .{20}", options, re.M)
        assert options.split("\n\n", 1)[1].strip(), "it has no caption"


def _luminance(color: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_is_legible_on_pages_and_on_areas(theme: int) -> None:
    """WCAG 2.2 asks for 4.5 (AA, 1.4.3)."""
    ink = COLORS["ink"][theme]
    for values in COLORS.values():
        assert _contrast(values[theme], PAGES[theme]) >= 4.5
        assert _contrast(values[theme], values[2 + theme]) >= 4.5
        assert _contrast(ink, values[2 + theme]) >= 4.5


def test_a_backslash_lets_a_mark_be_text() -> None:
    figure = Figure(100, 20)
    figure.text(50, 10, r"train\_step")
    assert ">train_step</text>" in figure.svg()


def test_small_text_and_wide_figures_are_refused() -> None:
    with pytest.raises(AssertionError, match="at most 400"):
        Figure(401, 10)
    with pytest.raises(AssertionError, match="at least the size 12"):
        Figure(10, 10).text(0, 0, "a", size=MIN_SIZE - 1)


@pytest.mark.parametrize("module", ["torch", "jax", "tensorflow", "mxnet"])
def test_plots_have_the_colours_of_figures(module: str) -> None:
    """The book's text explains those of `d2l`, so they are written twice."""
    tree = ast.parse((ROOT / f"d2l_lib/d2l/{module}.py").read_text())
    plots = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "THEME_COLORS"
    )
    for name in ("ink", "blue", "orange", "green", "red"):
        light, dark = COLORS[name][:2]
        assert plots[light] == dark
