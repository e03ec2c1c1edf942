"""The whole book in one file: PDF and EPUB, typeset by real TeX and checked by the real epubcheck."""

import io
import posixpath
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from bs4 import BeautifulSoup
from export_helpers import TOKENS, construct_book, exported, foreign, make_book
from test_export_same import NOT_TEXT, text_of, words

from tabbook.book import Book
from tabbook.cli import main
from tabbook.errors import UsageError
from tabbook.render.mathml import MathML
from tabbook.render.site import build_site
from tabbook.render.typeset import check_tools

BOOK = Book.load(Path(__file__).parents[3])
EPUBCHECK = Path("/usr/share/java/epubcheck.jar")
RNN = "chapters/recurrent-neural-networks/rnn-scratch"


def _lacks_tex(language: str = "en") -> str:
    try:
        check_tools(language)
    except UsageError as error:
        return str(error)
    return "" if shutil.which("pdftotext") else "pdftotext is not installed"


needs_tex = pytest.mark.skipif(bool(_lacks_tex()), reason=_lacks_tex() or "TeX is there")
needs_cjk = pytest.mark.skipif(bool(_lacks_tex("ja")), reason=_lacks_tex("ja") or "its fonts are there")
needs_epubcheck = pytest.mark.skipif(
    not (EPUBCHECK.is_file() and shutil.which("java")), reason="epubcheck is not installed"
)


def unpacked(data: bytes) -> dict[str, str]:
    """Return the texts of an EPUB by name."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = [name for name in archive.namelist() if name.endswith((".xhtml", ".opf", ".ncx", ".css"))]
    return {name: archive.read(name).decode() for name in names}


def pdf_text(data: bytes, folder: Path) -> str:
    path = folder / "book.pdf"
    path.write_bytes(data)
    return subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout


def epubcheck(data: bytes, folder: Path) -> str:
    path = folder / "book.epub"
    path.write_bytes(data)
    done = subprocess.run(
        ["java", "-jar", str(EPUBCHECK), str(path)], capture_output=True, text=True, check=False
    )
    return "\n".join(line for line in (done.stderr + done.stdout).splitlines() if "(" in line)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return make_book(tmp_path_factory.mktemp("small") / "book", exports=True)


@pytest.fixture(scope="module")
def epubs(small: Book) -> dict[str, dict[str, str]]:
    made = exported(small, "epub", small.sections, tuple(TOKENS))
    assert made.faults == ()
    return {name.split("/")[0]: unpacked(data) for name, data in made.files.items()}


@pytest.fixture(scope="module")
def constructs(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return construct_book(tmp_path_factory.mktemp("constructs") / "book")


def test_an_epub_holds_one_framework(epubs: Mapping[str, Mapping[str, str]]) -> None:
    """Code, outputs and text of others, and the names of tabs, must not reach readers of one framework."""
    for tab, files in epubs.items():
        text = "\n".join(files.values())
        assert text.count(TOKENS[tab]) > 5
        assert [word for other, word in TOKENS.items() if other != tab and word in text] == []
        page = BeautifulSoup(files["part/first.xhtml"], "html.parser")
        assert not page.select(".tabbook-name, .tabbook-note, script, iframe")


def test_an_epub_says_for_which_framework_it_is(epubs: Mapping[str, Mapping[str, str]]) -> None:
    for files in epubs.values():
        assert 'xml:lang="en"' in files["part/first.xhtml"]
    assert "JAX" in files_of(epubs, "jax", "tabbook-title.xhtml")
    assert "(JAX)</dc:title>" in files_of(epubs, "jax", "content.opf")


def files_of(epubs: Mapping[str, Mapping[str, str]], tab: str, name: str) -> str:
    return epubs[tab][name]


def test_an_epub_lists_its_pages_and_needs_no_network(epubs: Mapping[str, Mapping[str, str]]) -> None:
    files = epubs["jax"]
    links = BeautifulSoup(files["nav.xhtml"], "html.parser").select("a")
    assert [
        link.get_text()
        for link in links
        if link["href"] in ("index.xhtml", "part/first.xhtml", "part/other.xhtml")
    ] == ["Welcome", "1 Nets of first", "2 Nets of other"]
    for name, text in files.items():
        if name.endswith(".xhtml"):
            assert not re.search(r'(?:src|<link[^>]*href)="(?:https?:)?//', text)
            ElementTree.fromstring(text)


def test_an_epub_has_the_pictures_of_its_pages(small: Book) -> None:
    """Of the text and of outputs, whatever version of Sphinx copies them."""
    (data,) = exported(small, "epub", small.sections, ("jax",)).files.values()
    page = BeautifulSoup(unpacked(data)["part/first.xhtml"], "html.parser")
    pictures = {posixpath.normpath(posixpath.join("part", str(one["src"]))) for one in page.select("img")}
    assert len(pictures) > 1
    assert pictures <= {*zipfile.ZipFile(io.BytesIO(data)).namelist()}


def test_formulas_are_mathml_with_words(epubs: Mapping[str, Mapping[str, str]]) -> None:
    page = BeautifulSoup(epubs["jax"]["part/first.xhtml"], "html.parser")
    formula = page.select_one("div.math")
    assert formula is not None
    assert formula.math["alttext"] == "a = b" and formula.select_one(".eqno").get_text() == "(1.1)"
    assert 'properties="mathml"' in epubs["jax"]["content.opf"]


@pytest.mark.parametrize(
    "tex",
    [
        r"\begin{aligned}a&=b\\c&=d\end{aligned}",
        r"\text{if $x>0$, } \mbox{else}",
        r"\sum_{\substack{a\\b}} \Vert x\Vert",
        r"\operatorname{softmax}(\bm{o})_j",
    ],
)
def test_common_commands_become_mathml(tex: str) -> None:
    made, why = MathML().formula(tex, display=True)
    assert why == "" and made.startswith("<math") and "merror" not in made


def test_a_formula_that_cannot_be_mathml_is_named_and_shown(tmp_path: Path) -> None:
    book = make_book(tmp_path / "book")
    path = book.root / "part/first.md"
    path.write_text(path.read_text() + "\n$$\\unknowncommand{x}$$\n")
    book = Book.load(book.root)
    made = exported(book, "epub", book.sections, ("jax",))
    line = len(path.read_text().splitlines())
    assert [(fault.path, fault.line) for fault in made.faults] == [("part/first.md", line)]
    assert "\\unknowncommand{x}" in unpacked(made.files["jax/a-small-book.epub"])["part/first.xhtml"]


@needs_epubcheck
def test_epubcheck_passes(small: Book, constructs: Book, tmp_path: Path) -> None:
    for book in (small, constructs):
        (data,) = exported(book, "epub", book.sections, ("jax",)).files.values()
        assert epubcheck(data, tmp_path) == ""


def test_an_epub_is_the_same_again(small: Book) -> None:
    first, again = (exported(small, "epub", small.sections, ("jax",)).files for _ in range(2))
    assert first == again


def epub_words(page: str) -> Counter[str]:
    """Return the words of a page, without formulas, code and what is for browsers."""
    body = BeautifulSoup(page, "html.parser").body
    assert body is not None
    return _words(body)


def _words(page: BeautifulSoup) -> Counter[str]:
    hidden = f"{NOT_TEXT}, math, .eqno, span.math, div.math, .cell_output, .toctree-wrapper"
    for node in page.select(hidden):
        if not node.decomposed:
            node.decompose()
    return Counter(words(text_of(page)))


def test_an_epub_says_what_the_site_says(tmp_path: Path) -> None:
    """The differential test of exports, for the text of pages: nothing is lost on the way to a file."""
    book = make_book(tmp_path / "book")
    site = build_site(book, jobs=1, quiet=True, warnings_as_errors=False).page.parent
    pages = unpacked(exported(book, "epub", book.sections, ("jax",)).files["jax/a-small-book.epub"])
    for name in ("part/first", "part/other"):
        page = BeautifulSoup((site / f"{name}.html").read_text(), "html.parser").select_one("article")
        assert page is not None
        for panel in page.select(".tabbook-panel"):
            if not panel.decomposed and "jax" not in str(panel["data-tabs"]).split():
                panel.decompose()
        wanted, made = _words(page), epub_words(pages[f"{name}.xhtml"])
        assert made == wanted


@needs_tex
def test_a_pdf_holds_one_framework_and_the_numbers_of_the_site(small: Book, tmp_path: Path) -> None:
    made = exported(small, "pdf", small.sections, ("jax", "mxnet"))
    assert made.faults == ()
    for tab in ("jax", "mxnet"):
        text = pdf_text(made.files[f"{tab}/a-small-book.pdf"], tmp_path)
        assert text.count(TOKENS[tab]) > 5
        assert [word for other, word in TOKENS.items() if other != tab and word in text] == []
        assert {"PyTorch", "JAX", "MXNet"} & {*words(text)} == {small.settings.tabs[tab].name}
        assert "Nets of first" in text and "(1.1)" in text and "Fig. 1.1" in text
        assert "(page " in text, "references say on which page"
        assert "\x1b" not in text and "[31m" not in text


@needs_tex
def test_a_pdf_of_some_sections_keeps_their_numbers(small: Book, tmp_path: Path) -> None:
    made = exported(small, "pdf", small.find(("other",)), ("jax",), named=True)
    text = pdf_text(made.files["jax/other.pdf"], tmp_path)
    assert "Chapter 2" in text and "(2.1)" in text and "Nets of first" not in text


@needs_tex
def test_a_pdf_is_the_same_again(small: Book) -> None:
    first, again = (exported(small, "pdf", small.find(("other",)), ("jax",)).files for _ in range(2))
    assert first == again


@needs_cjk
def test_every_construct_can_be_typeset(constructs: Book) -> None:
    """Whatever an author may write goes through TeX, with all its references, and into the margins."""
    made = exported(constructs, "pdf", constructs.sections, ("jax",))
    assert made.faults == ()
    log = (constructs.root / "_build/.export/tabbook-pdf/jax/book.log").read_text(errors="replace")
    assert [line for line in log.splitlines() if "undefined on" in line or "Overfull" in line] == []


@needs_tex
@pytest.mark.parametrize(
    ("language", "words"), [("zh_CN", "循环神经网络"), ("ja", "再帰型ネットワーク"), ("ko", "순환 신경망")]
)
def test_a_book_in_chinese_japanese_or_korean(language: str, words: str, tmp_path: Path) -> None:
    """Each language has fonts with its signs; without these, one line names the package."""
    book = make_book(tmp_path / "book")
    config = yaml.safe_load((book.root / "_config.yml").read_text())
    config["sphinx"]["config"]["language"] = language
    (book.root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    path = book.root / "part/other.md"
    path.write_text(path.read_text() + f"\n## {words}\n\n" + words * 40 + "\n")
    try:
        check_tools(language)
    except UsageError as error:
        assert str(error).endswith("apt-get install fonts-noto-cjk")
        pytest.skip(str(error))
    book = Book.load(book.root)
    made = exported(book, "pdf", book.find(("other",)), ("jax",), named=True)
    assert made.faults == ()
    text = "".join(pdf_text(made.files["jax/other.pdf"], tmp_path).split())
    assert words.replace(" ", "") * 3 in text
    log = (book.root / "_build/.export/tabbook-pdf/jax/book.log").read_text(errors="replace")
    assert "Overfull" not in log and "Missing character" not in log


@needs_tex
def test_what_tex_refuses_is_named_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = make_book(tmp_path / "book")
    path = book.root / "part/first.md"
    path.write_text(path.read_text() + "\nA formula, $\\unknowncommand{x}$, in a sentence.\n")
    assert main(["export", "pdf", "--tab", "jax", "--book", str(book.root)]) == 1
    line = len(path.read_text().splitlines())
    said = capsys.readouterr().err.splitlines()[0]
    assert said.startswith(f"part/first.md:{line}: TeX: Undefined control sequence \\unknowncommand; ")
    assert said.endswith("book.log")
    assert not list((book.root / "_build/exports/pdf").rglob("*.pdf"))


def test_without_tex_one_line_says_what_to_install(
    small: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["export", "pdf", "--book", str(small.root)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tabbook: a PDF needs xelatex, latexmk, rsvg-convert")
    assert "apt-get install texlive-xetex latexmk librsvg2-bin" in line


def test_the_site_links_the_books_that_were_made(tmp_path: Path) -> None:
    """A book made between two builds must appear, though no page has changed; one that is gone, vanish."""
    book = make_book(tmp_path / "book", exports=True)

    def links() -> list[str]:
        site = build_site(Book.load(book.root), jobs=1, quiet=True, warnings_as_errors=False).page
        page = BeautifulSoup(site.read_text(), "html.parser")
        return [
            str(link["href"]) for link in page.select(".tabbook-exports a") if "epub" in str(link["href"])
        ]

    assert links() == []
    assert main(["export", "epub", "--tab", "jax", "--book", str(book.root)]) == 0
    assert links() == ["_exports/epub/jax/a-small-book.epub"]
    published = book.site / "_exports/epub/jax/a-small-book.epub"
    made = book.root / "_build/exports/epub/jax/a-small-book.epub"
    assert published.read_bytes() == made.read_bytes()
    made.unlink()
    assert links() == [] and not published.exists()


PLUGIN = """
from tabbook.export.formats import Format


def count(exporter, tab, section, names):
    return {section.path.replace(".md", ".count"): str(len(section.cells)).encode()}, ()


COUNTS = Format(name="counts", contents="counts of cells", section=count, ending=".count", page_link="Cells")
"""


def test_a_distribution_can_bring_a_format(small: Book, tmp_path: Path) -> None:
    """Command, help, messages and site ask the same values; nothing of ours knows this one."""
    info = tmp_path / "plugin/counts-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counts\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tabbook.exporters]\ncounts = counts:COUNTS\n")
    (tmp_path / "plugin/counts.py").write_text(PLUGIN)
    root = tmp_path / "book"
    shutil.copytree(small.root, root, ignore=shutil.ignore_patterns("_build"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = f"import sys; sys.path.insert(0, {str(tmp_path / 'plugin')!r}); from tabbook.cli import main; "
        code += "sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)

    assert "counts (counts of cells)" in " ".join(run("export", "--help").stdout.split())
    assert "epub, counts; or branches" in run("export", "docx").stderr
    assert run("export", "counts", "--tab", "jax").returncode == 0
    assert (root / "_build/exports/counts/jax/part/first.count").read_text().isdecimal()
    assert run("build").returncode in (0, 1)
    page = (root / "_build/html/part/first.html").read_text()
    assert "_exports/counts/jax/part/first.count" in page
    assert (root / "_build/html/_exports/counts/jax/part/first.count").is_file()


def test_no_epub_of_the_book_holds_another_framework() -> None:
    made = exported(BOOK, "epub", BOOK.sections, tuple(BOOK.settings.tabs))
    assert made.faults == ()
    looked_for = 0
    for name, data in made.files.items():
        pages = unpacked(data)
        for page, wrong in foreign(BOOK, name.split("/")[0]).items():
            text = BeautifulSoup(pages[f"{page}.xhtml"], "html.parser").get_text()
            looked_for += len(wrong)
            assert [line for line in wrong if line in text] == []
    assert looked_for > 100


@needs_tex
def test_no_pdf_of_a_chapter_holds_another_framework(tmp_path: Path) -> None:
    made = exported(BOOK, "pdf", BOOK.find((RNN,)), ("tensorflow",))
    assert made.faults == ()
    (data,) = made.files.values()
    text = "".join(pdf_text(data, tmp_path).split())
    wrong = foreign(BOOK, "tensorflow")[RNN]
    assert len(wrong) > 20
    assert [line for line in wrong if "".join(line.split()) in text] == []
    own = [cell.source for cell in BOOK.project(BOOK.find((RNN,))[0], "tensorflow").code_cells]
    assert sum("".join(source.split())[:60] in text for source in own) > 5
