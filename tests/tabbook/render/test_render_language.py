"""The book's language: what tabbook itself writes into pages and exports."""

import html
import io
import re
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest
import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from export_helpers import exported
from render_helpers import FRONT, fill_store, model_page, write_book

import tabbook
from tabbook.book import Book
from tabbook.export.exporter import Exporter
from tabbook.language import CATALOGS, marked, translator
from tabbook.render.extension import SCRIPT_TEXTS, STATIC
from tabbook.render.links import book_links

ROOT = Path(tabbook.__file__).parent
LANGUAGES = sorted(path.name for path in CATALOGS.iterdir())
TEXTS = {text for _, _, text, *_ in extract_from_dir(ROOT, keywords={"_": None, "marked": None})}


def catalog(language: str) -> Catalog:
    text = (CATALOGS / language / "LC_MESSAGES" / "tabbook.po").read_text(encoding="utf-8")
    return read_po(io.StringIO(text), locale=language)


def fields(text: str) -> list[str]:
    return sorted(name for _, name, *_ in Formatter().parse(text) if name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_readers_see_is_translated(language: str) -> None:
    found = {str(one.id): str(one.string) for one in catalog(language) if one.id}
    assert set(found) == TEXTS
    assert all(found.values())
    assert [text for text, own in found.items() if fields(text) != fields(own)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogs_are_compiled(language: str) -> None:
    """Only these are read: after an edit of the source, run ``make catalogs``."""
    translate = translator(language)
    assert {text: translate(text) for text in TEXTS} == {
        str(one.id): str(one.string) for one in catalog(language) if one.id
    }


def test_a_language_without_a_catalog_is_english() -> None:
    assert translator("en")("Framework") == translator("xx_YY")("Framework") == marked("Framework")
    assert translator("de_AT")("Slides") == "Folien"


def test_scripts_have_no_words_of_their_own() -> None:
    early = (STATIC / "tabbook-early.js").read_text()
    found = dict(re.findall(r'^ {6}(\w+): "([^"]+)",$', early, re.MULTILINE))
    assert found == SCRIPT_TEXTS
    for name in ("tabbook.js", "tabbook-frames.js"):
        text = (STATIC / name).read_text().split("*/", 1)[1]
        assert [word for word in SCRIPT_TEXTS.values() if f'"{word}' in text or f">{word}<" in text] == []


FAULTY = f"{FRONT}```{{code-cell}} python\n%%tab jax\n1 +\n```\n"
DATA = {"output_type": "display_data", "metadata": {}, "data": {"application/json": {}}}
LIVE = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>1</script>"}}


def built(root: Path, language: str) -> dict[str, str]:
    """Return the text of the article of each page of a book in a language, some of it executed.

    Each is built in a process of its own: Sphinx keeps the first language that it has loaded.
    """
    index = model_page("index").replace("{ref}`sec_model`", "{ref}`sec_index`")
    write_book(root, {"index": index})
    fill_store(root, lambda cell, _tab: [LIVE, DATA] if "print" in cell.source else [], ("pytorch", "jax"))
    other = index.replace("_index", "_none").replace("draw()", "draw(2)")
    pages = {"index": index, "none": other, "faulty": FAULTY}
    write_book(root, pages)
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["sphinx"]["config"]["language"] = language
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    command = [sys.executable, "-m", "tabbook", "build", "--no-run"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    site = root / "_build" / "html"
    return {name: (site / f"{name}.html").read_text(encoding="utf-8") for name in pages}


def words(page: str) -> str:
    article = page.split("<article", 1)[1].split("</article", 1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", article)).split())


GERMAN = {
    "index": [
        "Diese Ausgabe braucht JavaScript.",
        "Nicht ausgeführt in MXNet: Die Ausgaben fehlen.",
        "[Eine Ausgabe vom Typ application/json, die keine Textform hat.]",
    ],
    "none": ["Der Code dieser Seite wurde nicht ausgeführt: Seine Ausgaben fehlen.", "nicht ausgeführt"],
    "faulty": ["Diese Seite kann nicht angezeigt werden", "Zeile 1: "],
}
CHINESE = {
    "index": [
        "此输出需要 JavaScript。",
        "未在 MXNet 中执行：没有输出。",
        "[类型为 application/json 的输出，没有文本形式。]",
    ],
    "none": ["本页的代码尚未执行，因此没有输出。", "未执行"],
    "faulty": ["无法显示此页", "第 1 行: "],
}


@pytest.mark.parametrize(
    ("language", "expected", "framework", "search", "prompt"),
    [
        ("de", GERMAN, "Framework", "Dieses Buch durchsuchen", "Code der Zelle anzeigen"),
        ("zh_CN", CHINESE, "框架", "搜索本书", "显示代码单元格的源代码"),
    ],
)
def test_pages_are_in_the_language_of_the_book(
    tmp_path: Path, language: str, expected: dict[str, list[str]], framework: str, search: str, prompt: str
) -> None:
    pages = built(tmp_path, language)
    for name, texts in expected.items():
        for text in texts:
            assert text in words(pages[name]), (name, text)
    for name, page in pages.items():
        left = [text for text in TEXTS if len(text) > 12 and "{" not in text and text in words(page)]
        assert left == [], name
    assert prompt in pages["index"]
    assert f'role="tablist" aria-label="{framework}"' in pages["index"]
    assert framework in html.unescape(re.search(r'data-words="([^"]*)"', pages["index"])[1])  # type: ignore[index]
    assert f'placeholder="{search}' in pages["index"], "what the theme writes"


def test_exports_are_in_the_language_of_the_book(tmp_path: Path) -> None:
    text = f"{FRONT}(sec_one)=\n# Eins\n\n:::{{note}}\nText.\n:::\n\n```{{code-cell}} python\ndraw()\n```\n"
    write_book(tmp_path, {"index": text})
    config = yaml.safe_load((tmp_path / "_config.yml").read_text())
    config["sphinx"]["config"]["language"] = "de"
    config["sphinx"]["config"]["tabbook"]["exports"] = True
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    fill_store(tmp_path)
    book = Book.load(tmp_path)
    text = exported(book, "markdown", book.sections, ("jax",)).files["jax/index.md"].decode()
    assert "> **Bemerkung**" in text
    assert "![Ausgabe des Codes oben](" in text
    assert [name for name, _ in book_links(Exporter(book, lambda *_: ()), "jax", "")] == [
        "Alle Notebooks (zip)"
    ]
