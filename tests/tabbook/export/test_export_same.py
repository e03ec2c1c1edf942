"""Exports say what the site says to readers of the same framework: no more, and no less."""

import re
from collections import Counter
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup, Tag
from export_helpers import construct_book
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tabbook.book import Book
from tabbook.export.exporter import Exporter, ReadPieces
from tabbook.export.make import export
from tabbook.model import Section
from tabbook.render.export_pages import with_pages
from tabbook.render.site import build_site

BOOK = Book.load(Path(__file__).parents[3])
NOT_TEXT = (
    "script, style, .headerlink, .tabbook-tabs, .tabbook-name, .tabbook-note, .tabbook-exports, "
    ".tabbook-not-executed, .tabbook-stand-in, .tabbook-failed, .tabbook-made-with, .tabbook-variant-name, "
    ".section-number, details.hide>summary, .fn-backref, .backrefs, .cell_input, .copybtn, .linenos"
)
"""What of a page is for browsers, or for readers of every framework; code is compared elsewhere."""
BLOCKS = (
    "p, li, div, td, th, dt, dd, h1, h2, h3, h4, h5, h6, pre, figcaption, caption, br, blockquote, summary, "
    "aside, sup, .classifier"
)


def words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text)


def text_of(page: Tag) -> str:
    """Return the text of a page, with blanks between its blocks alone."""
    for node in page.select(BLOCKS):
        node.insert_before(" ")
        node.append(" ")
    return page.get_text()


def formula(tex: str) -> str:
    """Return a formula without what viewers need to draw it."""
    tex = re.sub(r"(?<!\\)%.*", "", tex)
    tex = re.sub(r"\\(?:begin|end)\{[a-z]+\*?\}|\\\\|\\!|&|\\label\{[^{}]*\}", "", tex)
    tex = tex.replace("\\Vert", "\\|").replace("\\vert", "|")
    return "".join(tex.split())


def article(html: str) -> str:
    """Return what a page has to read, for all frameworks, as HTML: most of a page is coloured code."""
    page = BeautifulSoup(html, "html.parser").select_one("article")
    assert page is not None
    for node in page.select(NOT_TEXT):
        node.decompose()
    for output in page.select(".cell_output"):
        output.replace_with(*output.select("figcaption"))
    return str(page)


def site_text(html: str, tab: str) -> tuple[Counter[str], Counter[str], int]:
    """Return the words, formulas and pictures that an article shows to readers of ``tab``."""
    page = BeautifulSoup(html, "html.parser")
    for node in page.select(".tabbook-panel"):
        if not node.decomposed and tab not in str(node["data-tabs"]).split():
            node.decompose()
    for node in page.select(".tabbook-only, .tabbook-variant"):
        if not node.decomposed and f"tabbook-for-{tab}" not in (node.get("class") or ()):
            node.decompose()
    for note in page.select("a.footnote-reference, aside.footnote > .label"):
        note.string = f" {note.get_text().strip('[]')} "
    for label in page.select(".citation > .label"):
        label.string = f"[{label.get_text().strip('[]')}] "
    formulas: Counter[str] = Counter()
    for node in page.select("span.math, div.math"):
        numbers = [number.extract().get_text() for number in node.select(".eqno")]
        tex = re.sub(r"^\\[(\[]|\\[)\]]$", "", node.get_text().strip())
        formulas[formula(tex) + "".join(numbers)] += 1
        node.replace_with(" ")
    pictures = len(page.select("img"))
    return Counter(words(text_of(page))), formulas, pictures


def markdown_text(text: str) -> tuple[Counter[str], Counter[str], int]:
    """Return the words, formulas and pictures of Markdown, as its viewers show it."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    reader.use(dollarmath_plugin, double_inline=True)
    text = re.sub(r"^- \[[ x]\] ", "- ", text, flags=re.MULTILINE)  # boxes of tasks
    page = BeautifulSoup(reader.render(text), "html.parser")
    for number in page.select("p > strong:first-child"):  # Fig. 1.2 has a full stop here
        if number.get_text().endswith("."):
            number.string = number.get_text().removesuffix(".")
    formulas: Counter[str] = Counter()
    for node in page.select(".math"):
        tex = node.get_text()
        numbers = [f"({number})" for number in re.findall(r"\\tag\{([^{}]*)\}", tex)]
        formulas[formula(re.sub(r"\\tag\{[^{}]*\}", "", tex)) + "".join(numbers)] += 1
        node.replace_with(" ")
    return Counter(words(text_of(page))), formulas, len(page.select("img"))


def differences(book: Book, site: Path) -> list[str]:
    """Return for each page and tab what its exports have more or less than the site."""
    found = []
    tabs = tuple(book.settings.tabs)

    def make(read: ReadPieces) -> list[dict[str, bytes]]:
        exporter = Exporter(book, read)
        return [export(exporter, kind, book.sections, tabs).files for kind in ("markdown", "ipynb")]

    pages, notebooks = with_pages(book, make)
    for section in book.sections:
        html = article((site / section.path).with_suffix(".html").read_text(encoding="utf-8"))
        for tab in section.tabs:
            name = f"{tab}/{section.path}"
            texts = {name: without_code(book, section, tab, pages[name].decode())}
            name = name.replace(".md", ".ipynb")
            if name in notebooks:
                texts[name] = text_of_notebook(notebooks[name])
            wanted = site_text(html, tab)
            for name, text in texts.items():
                made = markdown_text(text)
                for one, other, what in ((wanted, made, "lacks"), (made, wanted, "adds")):
                    more = (one[0] - other[0]) + (one[1] - other[1])
                    found += [f"{name} {what} {dict(more)}"] if more else []
                if wanted[2] != made[2]:
                    found.append(f"{name} has {made[2]} pictures instead of {wanted[2]}")
    return found


def text_of_notebook(data: bytes) -> str:
    cells = nbformat.reads(data.decode(), as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def without_code(book: Book, section: Section, tab: str, text: str) -> str:
    """Return an export without its code cells and their outputs, which come from elsewhere."""
    for cell in book.project(section, tab).code_cells:
        text = text.replace(f"```python\n{cell.source.rstrip()}\n```", "", 1)
    text = re.sub(r"^````*text\n.*?^````*$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^!\[[^\[\]]*\]\([^()]*_files/code-[^()]*\)$", "", text, flags=re.MULTILINE)


def test_the_constructs(tmp_path: Path) -> None:
    book = construct_book(tmp_path / "book")
    site = build_site(book, jobs=1, quiet=True, warnings_as_errors=False).page.parent
    assert "\n".join(differences(book, site)) == ""


def test_the_book() -> None:
    site = build_site(BOOK, quiet=True)
    assert site.status == 0
    assert "\n".join(differences(BOOK, BOOK.site)) == ""
