"""The page about notation names sections that have the symbols, and no section before has them."""

import re

import pytest
import yaml
from commands import ROOT, SETTINGS

_PAGE = ROOT / "chapters" / "appendix" / "notation.md"
_ROW = re.compile(r"^\* - (\$.+\$)\n  - .+\n  - (.+)$", re.MULTILINE)
_DOUBLE = re.compile(r"^\* - (\$.+\$)\n((?:  - .+\n?)+)", re.MULTILINE)


def _pages() -> list[str]:
    """Return the book's pages in order, without the appendix."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [
        entry["file"] for chapter in contents["chapters"] for entry in [chapter, *chapter.get("sections", ())]
    ]
    return [
        (ROOT / f"{file}.md").read_text(encoding="utf-8")
        for file in files
        if "appendix" not in file and not file.endswith("/index")
    ]


PAGES = _pages()
PARTS = _PAGE.read_text(encoding="utf-8").split("## Letters With Two Meanings")


def _has(page: str, symbol: str) -> bool:
    """Return whether the mathematics of a page has the symbol, whatever is around it."""
    mathematics = " ".join(
        piece
        for pieces in re.findall(r"```\{math\}\n(.*?)```|\$\$(.*?)\$\$|\$([^$\n]+)\$", page, re.DOTALL)
        for piece in pieces
    )
    mathematics = mathematics.replace("&", "")  # where lines are aligned
    symbol = symbol.strip("$")
    apart = r"(?<![A-Za-z\\{])" if symbol[0].isalpha() else ""
    return bool(re.search(rf"{apart}{re.escape(symbol)}(?![A-Za-z])", mathematics))


def _labels(cell: str) -> list[str]:
    return re.findall(r"\{numref\}`([\w-]+)`", cell)


def _page(label: str) -> str:
    return next(page for page in PAGES if f"({label})=" in page)


def test_names_in_code_are_those_of_the_configuration() -> None:
    """Each row of the last table says what the configuration says, and the columns are the tabs."""
    rows = [line.strip("| ").split(" | ") for line in PARTS[1].splitlines() if line.startswith("|")]
    assert rows[0][1:] == [tab.name for tab in SETTINGS.tabs.values()]
    assert len(rows) > 20
    for name, *ways in rows[2:]:
        written = SETTINGS.names[name.strip("`")]
        expected = [re.sub(r"^lambda [^:]*: ", "", str(written[tab])) for tab in SETTINGS.tabs]
        assert [way.strip("`") for way in ways] == expected


@pytest.mark.parametrize(("symbol", "cell"), _ROW.findall(PARTS[0]))
def test_a_symbol_is_in_the_sections_that_are_named(symbol: str, cell: str) -> None:
    """Each section of the last column has the symbol of the first, and none before them; the preface may."""
    first = next(page for page in PAGES[1:] if _has(page, symbol))
    assert _page(_labels(cell)[0]) is first, f"{symbol} occurs earlier: {first[:200]}"
    for label in _labels(cell):
        assert _has(_page(label), symbol), f"{symbol} is not in {label}"


@pytest.mark.parametrize(("symbol", "cells"), _DOUBLE.findall(PARTS[1]))
def test_a_letter_has_both_meanings(symbol: str, cells: str) -> None:
    """Each section that a meaning names has the letter."""
    assert len(_labels(cells)) >= 2
    for label in _labels(cells):
        assert _has(_page(label), symbol), f"{symbol} is not in {label}"
