"""What strangers put into books: other scripts, other kinds of pictures, terminals' codes, own commands."""

import base64
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from export_helpers import exported
from PIL import Image
from render_helpers import FRONT, fill_store, png, write_book
from test_export_books import epubcheck, needs_epubcheck, needs_tex, pdf_text, unpacked

from tabbook.book import Book
from tabbook.export.make import ExportResult
from tabbook.model import Cell
from tabbook.render.fonts import fallback_fonts
from tabbook.render.macros import Macros

SIGNS = """# Signs of R&D: 50% of $x_1$, a_b & #1

Chinese 循环神经网络, Japanese 再帰型, Korean 순환, Greek θ, and ✓ in a text.

## 中文 and `code 循环`

In a formula $\\text{循环} = \\theta$.

```python
print('网络 ├── │ ▇')
```
"""
PICTURES = """# Pictures

```{figure} img/moving.gif
A GIF.
```

```{figure} img/same.webp
A WebP.
```

![a bitmap](img/same.bmp) and ![a photograph](img/wrong.png)

```{image} img/moving.*
```
"""
FORMULAS = (
    FRONT
    + """# Formulas

$\\newcommand{\\mine}[2][u]{\\mathbf{#1}_{#2}}$ Then $\\mine{x} + \\mine[v]{x}$ and $\\RR^n$, $\\norm{x}$.

$$\\DeclareMathOperator*{\\argmin}{arg\\,min}$$

$$
\\def\\half#1{\\frac{#1}{2}} \\argmin_x \\half{x} + y^\\RR
$$ (eq_half)

Of MathJax alone: $\\require{cancel}\\cancel{a} \\bbox[yellow]{z} \\unicode{x2713}$.

```{code-cell} python
print()
```
"""
)
NESTED = """# Nested

- a
  - b
    - c
      - d
        - e
          - f
            - g

> quoted
> > twice
> > > three times
> > > > four times
> > > > > five times

:::{tab} pytorch
Of one framework[^all].
:::

:::{tab} jax
Of another[^all].
:::

<ul><li>one<li>two</ul>
<p>open <div>inside</div>
<table><tr><td>a<td>b<tr><td>c<td>d</table>

With <b>bold</b>, H<sub>2</sub>O, <em>open, a<br>break.

[^all]: A note of all.
"""
OUTPUTS = FRONT + "# Outputs\n\n```{code-cell} python\nodd()\n```\n"
WIDE = "# Wide\n\n" + "".join(
    f"| {' | '.join(cells)} |\n"
    for cells in ([f"head {n}" for n in range(14)], ["---"] * 14, [f"value_{n} of it" for n in range(14)])
)
PARTS = """format: jb-book
root: index
options: {numbered: true}
parts:
- caption: First R&D part
  chapters:
  - file: signs
  - file: pictures
- caption: Second $x$ part
  chapters:
  - {file: formulas, sections: [{file: nested}]}
  - file: outputs
  - file: wide
"""


def outputs_of(cell: Cell, tab: str) -> list[dict[str, Any]]:
    link = "\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\"
    text = f"bell \x07 null \x00 feed \x0c \x1b[31mred\x1b[0m \x1b[2K{link} end\n"
    return [{"output_type": "stream", "name": "stdout", "text": text}] if "odd()" in cell.source else []


def hard_book(root: Path) -> Book:
    (root / "img").mkdir(parents=True)
    picture = Image.new("RGB", (30, 20), (200, 30, 30))
    picture.save(root / "img/same.webp")
    picture.save(root / "img/same.bmp")
    picture.save(root / "img/wrong.png", "JPEG")
    picture.save(root / "img/moving.gif", save_all=True, append_images=[Image.new("RGB", (30, 20))])
    (root / "img/net.png").write_bytes(base64.b64decode(png(4, 4, 9)))
    pages = {
        "index": "# Welcome\n\nText.\n",
        **{"signs": SIGNS, "pictures": PICTURES, "formulas": FORMULAS, "nested": NESTED},
        **{"outputs": OUTPUTS, "wide": WIDE},
    }
    write_book(root, pages)
    (root / "_toc.yml").write_text(PARTS)
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["title"], config["author"] = "Hard R&D_1: 50% #1 $x$", "A & B_c"
    macros = {"RR": r"\mathbb{R}", "norm": [r"\lVert #1\rVert", 1]}
    config["sphinx"]["config"]["mathjax3_config"] = {"tex": {"macros": macros}}
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    fill_store(root, outputs_of)
    return Book.load(root)


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return hard_book(tmp_path_factory.mktemp("hard") / "book")


@pytest.fixture(scope="module")
def epub(hard: Book) -> ExportResult:
    return exported(hard, "epub", hard.sections, ("jax",))


@pytest.fixture(scope="module")
def pages(epub: ExportResult) -> Mapping[str, str]:
    (data,) = epub.files.values()
    return unpacked(data)


@pytest.fixture(scope="module")
def pdf(hard: Book) -> ExportResult:
    return exported(hard, "pdf", hard.sections, ("jax",))


@pytest.fixture(scope="module")
def log(hard: Book, pdf: ExportResult) -> str:
    return (hard.root / "_build/.export/tabbook-pdf/jax/book.log").read_text(errors="replace")


@needs_epubcheck
def test_epubcheck_passes_a_hard_book(epub: ExportResult, tmp_path: Path) -> None:
    """Control characters, pictures that are not what they are called, HTML that is left open."""
    assert epub.faults == ()
    assert epubcheck(*epub.files.values(), tmp_path) == ""


def test_control_characters_are_shown_as_signs(pages: Mapping[str, str]) -> None:
    """XML cannot hold them; what tells a terminal anything else than colours is left out."""
    text = BeautifulSoup(pages["outputs.xhtml"], "html.parser").get_text()
    assert "bell ␇ null ␀ feed ␌ red link end" in text


def test_html_that_is_left_open_is_closed(pages: Mapping[str, str]) -> None:
    page = BeautifulSoup(pages["nested.xhtml"], "html.parser")
    assert [item.get_text() for item in page.select("ul > li") if item.get_text() in ("one", "two\n", "two")]
    assert [len(row.select("td")) for row in page.select("table tr")] == [2, 2]
    assert not page.select("li > li, td td, tr tr, p div")


def test_other_kinds_of_pictures_become_png(pages: Mapping[str, str]) -> None:
    page = BeautifulSoup(pages["pictures.xhtml"], "html.parser")
    endings = [str(picture["src"]).rsplit(".")[-1] for picture in page.select("img")]
    assert endings == ["gif", "png", "png", "png", "gif"]
    assert len({picture["src"] for picture in page.select("img")}) == 4, "one name is one picture"


def test_without_pillow_each_picture_is_a_fault_with_its_place(
    hard: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "book"
    shutil.copytree(hard.root, root, ignore=shutil.ignore_patterns("_build"))
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setattr("tabbook.render.pictures.ToPng.available", None)
    book = Book.load(root)
    made = exported(book, "epub", book.find(("pictures",)), ("jax",))
    assert [(fault.path, fault.line) for fault in made.faults] == [
        ("pictures.md", 7),
        ("pictures.md", 11),
        ("pictures.md", 11),
    ]
    assert all("save it as PNG or SVG" in str(fault) for fault in made.faults)
    assert "a bitmap" in unpacked(*made.files.values())["pictures.xhtml"]


@needs_tex
def test_pictures_that_are_missing_or_broken_are_faults_with_their_places(tmp_path: Path) -> None:
    """Each is named, and the file is made with words in their place."""
    root = tmp_path / "book"
    (root / "img").mkdir(parents=True)
    (root / "img/broken.svg").write_text("<svg><")
    (root / "img/broken.png").write_bytes(b"no picture")
    shown = [f"![the {name}](img/{name})\n" for name in ("none.svg", "none.png", "broken.svg", "broken.png")]
    write_book(root, {"index": "# Welcome\n\nText.\n", "a": "\n".join(["# Title\n", *shown])})
    book = Book.load(root)
    for kind in ("epub", "pdf"):
        made = exported(book, kind, book.find(("a",)), ("jax",), named=True)
        assert [(fault.path, fault.line) for fault in made.faults] == [("a.md", n) for n in (3, 5, 7, 9)]
        assert list(made.files) == [f"jax/a.{kind}"]


@needs_tex
def test_characters_that_the_fonts_lack_come_from_others(pdf: ExportResult, log: str, tmp_path: Path) -> None:
    """Words of other scripts in a book of English must not vanish: in text, headings, formulas, code."""
    if "Noto Serif CJK" not in fallback_fonts("循", "en"):
        pytest.skip("no font with Chinese is installed")
    assert pdf.faults == ()
    text = pdf_text(*pdf.files.values(), tmp_path)
    assert "Missing character" not in log
    for words in ("循环神经网络", "再帰型", "순환", "中文", "网络", "├── │ ▇"):
        assert words in text


@needs_tex
def test_a_character_that_no_font_has_is_a_fault_with_its_place(tmp_path: Path) -> None:
    """One of a private use area: nobody has a font with it."""
    root = tmp_path / "book"
    write_book(root, {"index": "# Welcome\n\nText.\n", "a": "# Title\n\nNone: \U0010f123.\n"})
    book = Book.load(root)
    made = exported(book, "pdf", book.sections, ("jax",))
    assert [(fault.path, fault.line) for fault in made.faults] == [("a.md", 3)]
    assert "(U+10F123)" in made.faults[0].message and len(made.files) == 1


@needs_tex
def test_a_hard_book_stays_in_its_margins(pdf: ExportResult, log: str, tmp_path: Path) -> None:
    """Deep lists, wide tables, odd titles: TeX takes them, and no word is covered or lost."""
    assert "Overfull" not in log
    text = pdf_text(*pdf.files.values(), tmp_path)
    assert "Hard R&D_1: 50% #1 $x$" in text and "A & B_c" in text
    assert all(f"value_{number}" in text for number in range(14))


@needs_tex
def test_html_keeps_its_words_apart(pdf: ExportResult, tmp_path: Path) -> None:
    """A PDF has no HTML; words of its blocks and cells must not run into each other."""
    text = pdf_text(*pdf.files.values(), tmp_path)
    for words in ("• one\n", "• two\n", "open\n", "inside\n", "With bold, H2 O, open, a\nbreak."):
        assert words in text
    assert {"ab", "cd", "onetwo"}.isdisjoint(text.split())


@needs_tex
def test_parts_of_the_contents_are_parts_of_the_pdf(pdf: ExportResult, tmp_path: Path) -> None:
    text = pdf_text(*pdf.files.values(), tmp_path)
    for words in ("First R&D part", "Second $x$ part"):
        assert text.count(words) == 2, "in the contents, and on a page of its own"


def test_notebooks_and_markdown_know_the_commands_of_the_book(hard: Book) -> None:
    """Jupyter and KaTeX have neither MathJax's settings nor definitions of other formulas."""
    section = hard.find(("formulas",))
    data = exported(hard, "ipynb", section, ("jax",)).files["jax/formulas.ipynb"]
    text = "\n".join(cell.source for cell in nbformat.reads(data.decode(), 4).cells)
    assert "$\\mathbf{u}_{x} + \\mathbf{v}_{x}$ and $\\mathbb{R}^n$, $\\lVert x\\rVert$" in text
    assert "\\operatorname*{arg\\,min}_x \\frac{x}{2} + y^{\\mathbb{R}}" in text
    assert "$\\cancel{a} z \\text{✓}$" in text
    for command in ("newcommand", "\\def", "DeclareMathOperator", "$$\n$$"):
        assert command not in text


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\newcommand\x{a}\x b", "a b"),
        (r"\newcommand{\x}{\alpha}\x{}b \x", r"\alpha{}b \alpha"),
        (r"\def\f#1#2{(#1;#2)}\f ab \f{c}\alpha", r"(a;b) (c;\alpha)"),
        (r"\def\x{\x}\x" + "", None),
        (r"\def\x{{\y}}\def\y{1}\frac\x\y", r"\frac{{1}}1"),
        (r"\newcommand{\x}[1]{\{#1\}}\x{a_{b}}", r"\{a_{b}\}"),
        (r"\newcommand{\x", r"\newcommand{\x"),
        (r"\def\x{", ""),
        (r"\newcommand{\x}[2]{#1#2}\x a", "a"),
        (r"a \\ b \{c\} \text{\$5}", r"a \\ b \{c\} \text{\$5}"),
    ],
)
def test_commands_are_replaced_by_what_they_mean(tex: str, expected: str | None) -> None:
    config = type("Config", (), {"mathjax3_config": None})
    made = Macros(config).expand(tex)
    assert made == expected if expected is not None else made == r"\x"
