"""An imported book as its readers get it: built by plain Jupyter Book, without a warning."""

# ruff: noqa: E501 - a source and what it becomes stand on one line, to be compared

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from import_helpers import CONFIG, cell, imported

FILES = {
    "index.md": "Book\n====\n\n```eval_rst\n.. raw:: html\n   :file: front.html\n```\n\n```toc\n:maxdepth: 1\n\nintro\n```\n\n```toc\n:numbered:\n\none/index\n```\n\n```toc\nrefs\n```\n",
    "intro.md": "# Intro\n:label:`chap_intro`\n\nSee :ref:`chap_intro`, :numref:`sec_a`, :numref:`fig_b`, "
    ":numref:`tab_a`, :eqref:`eq_a`, :citet:`Bishop.2006`.\n\n"
    + cell('%%tab all\ndef cpu(i=0):  #@save\n    """The CPU device."""')
    + cell('%%tab pytorch\nimport torch  #@save\nclass M(torch.nn.Module):  #@save\n    """A model."""'),
    "one/index.md": "# One\n\n```toc\na\napi\n```\n",
    "one/a.md": "# Section A\n:label:`sec_a`\n\n称为**“预热”**期，在:numref:`sec_a`中`code`和*强*调。$5 and $x$.\n\n"
    "$$w.$$\n\nIn $$v$$ text.\n\n$$x.$$\n:eqlabel:`eq_a`\n\n![First](../img/a.svg)\n\n![Second $y$.](../img/a.svg)\n:width:`20px`\n"
    ":label:`fig_b`\n\n:A table\n\n|a|b|\n|-|-|\n|1|`x|y`|\n:label:`tab_a`\n\n"
    ":begin_tab:`pytorch`\n[Discussions](https://example.org/2)\n:end_tab:\n\n#### Deep\n\n"
    + cell("%%tab all\ny")
    + cell("%%tab pytorch\nx")
    + '```{.json .output}\n[{"output_type": "stream", "name": "stdout", "text": "stored words"}]\n```\n',
    "one/api.md": "# API\n\n```eval_rst\n.. currentmodule:: d2l.torch\n\n.. autoclass:: M\n\n.. autofunction:: cpu\n```\n",
    "refs.md": "```eval_rst\n.. only:: html\n\n   References\n   ==========\n```\n\n:bibliography:`d2l.bib`\n",
    "front.html": "<p>the front page</p>",
    "img/a.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "d2l.bib": "@book{Bishop.2006, title={PRML}, author={Bishop, C. M.}, year={2006}, publisher={Springer}}\n",
}
CONFIGURATION = f"{CONFIG}[library-pytorch]\nlib_file = d2l/torch.py\n[pdf]\nbibfile = d2l.bib\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book, report = imported(tmp_path_factory.mktemp("rendered"), FILES, CONFIGURATION)
    assert report.faults == ()
    program = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run(
        [program, "build", "-W", "--keep-going", book], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return book / "_build" / "html"


ROUGH = {
    "index.md": "# Book\n\n```toc\nmath\nlevels\ntext\npandoc\n```\n",
    "math.md": "# Math\n\nText.\n\n$$\na\n=\nb\n$$\n\nMore.\n\n[**$$\nf\n=\ng\n$$**]\n\n> so $$q$$ and\n\n|$$r$$|x|\n|-|-|\n|1|2|\n\n"
    "### Sim $$c=d$$\n\nSee [the first](#sim-c-d), [text](text.html#Deep), [math](#math).\n\n"
    "\\begin{figure}\nx_y\n\\end{figure}\n\n\\begin{align}\ns &= t\n\\end{align}\n\n"
    "Last $\\textrm{a_b}$ and $\\mbox{a & b}$.\n",
    "levels.md": "## A\n\n### B\n\n### C\n\n" + cell("%%tab all\nx = 1"),
    "text.md": "<!--\n# Old\n-->\n\n# Text\n\nAs in :numref:`fig_x, steps:\n\n1. First.\n\n![Cap](img/a.svg)\n:eqlabel:`fig_x`\n\n"
    "In *word * and **8 GPU ** (** a** b**), **Note:**text 中文**`x`**好.\n\n<!-- c --> **beside** it\n\n"
    ":begin_tab: `pytorch`\nonly here\n:end_tab:\n\n### Deep\n\n" + cell("%%tab all\nx = 2"),
    "pandoc.md": "---\njupyter: {kernelspec: {name: python3}}\n---\n\n# Pandoc\n\nA [span]{.a}, a [link](text.md){target=x}, "
    '[\\[eq:p\\]](#eq:p){reference-type="ref" reference="eq:p"}.\n\n$$p\n\\label{eq:p}$$\n\n'
    "::: {#tab:t}\n  名字   Other\n  ------ -----\n  一     two words\n\n  : A caption\n:::\n\nSee :numref:`tab:t`.\n\n"
    "<center>\n![Cap](img/a.svg)\n:label:`fig\\_p`\n</center>\n\nAnd :numref:`fig_p`\\footnote{The note.}.\n\n"
    "```{=html}\n<b>raw</b>\n```\n\n```{=latex}\n\\clearpage\n```\n\n\\newpage\n",
    "img/a.svg": FILES["img/a.svg"],
}
"""A book with the slips that real books have."""


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site of a book that is not perfect; every slip is the importer's to mend."""
    book, report = imported(tmp_path_factory.mktemp("rough"), ROUGH, CONFIG)
    assert sorted(str(fault).split(";")[0] for fault in report.faults) == [
        "levels.md:1: the page's first heading is not of level 1",
        "math.md:29: LaTeX's environment 'figure' has no counterpart on a page",
        "text.md:12: there is no equation that the label 'fig_x' could name",
        "text.md:7: the role :numref: is never closed",
    ]
    program = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run(
        [program, "build", "-W", "--keep-going", book], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return book / "_build" / "html"


def markup_of(page: Path) -> str:
    source = page.read_text(encoding="utf-8")
    return html.unescape(source[source.index("<article") : source.index("</article>")])


def test_a_formula_with_an_underline_is_text_formula_text(rough: Path) -> None:
    words = " ".join(text_of(rough / "math.html").split())
    assert r"Text. (1)#\[ a = b \] More. (2)#\[ f = g \] so (3)#" in words


def test_formulas_in_quotations_tables_headings_and_environments_are_formulas(rough: Path) -> None:
    page = markup_of(rough / "math.html")
    words = " ".join(text_of(rough / "math.html").split())
    assert "$" not in words
    for formula in (r"\[ q \]", r"\(\displaystyle r\)", r"\(c=d\)"):
        assert formula in words
    assert "s &= t" in page
    assert 'class="highlight-latex' in page


def test_links_lead_to_headings(rough: Path) -> None:
    page = markup_of(rough / "math.html")
    text = (rough / "text.html").read_text(encoding="utf-8")
    targets = {
        words: to for to, words in re.findall(r'internal" href="([^"]+)">(?:<span[^>]*>)?([^<]+)<', page)
    }
    assert targets["math"] == "#math"
    assert f'id="{targets["the first"].removeprefix("#")}"' in page
    assert f'id="{targets["text"].removeprefix("text.html#")}"' in text


def test_headings_of_one_level_are_of_one_level(rough: Path) -> None:
    assert re.findall(r"<(h\d)>(\w)<", markup_of(rough / "levels.html")) == [
        ("h1", "A"),
        ("h2", "B"),
        ("h2", "C"),
    ]


def test_a_comment_above_the_title_takes_no_notice_in(rough: Path) -> None:
    page = markup_of(rough / "text.html")
    assert "<h1>Text<" in page
    assert page.index("<h1>Text<") < page.index("The code of this page has not been executed")
    assert "# Old\n-->" in page


def test_slips_in_the_text_take_nothing_with_them(rough: Path) -> None:
    page, words = markup_of(rough / "text.html"), text_of(rough / "text.html")
    assert "As in :numref:`fig_x, steps:" in words
    assert "<ol" in page
    assert "<figcaption>" in page
    assert "only here" in words
    for shown in (
        "<em>word</em> and",
        "<strong>8 GPU</strong>",
        " a** b,",
        "<strong>Note:</strong>text",
        "<strong>beside</strong> it",
    ):
        assert shown in page
    assert re.search(
        r"中文(?:<!-- -->)?<strong><code[^>]*><span class=\"pre\">x</span></code></strong>(?:<!-- -->)?好",
        page,
    )


def test_what_only_pandoc_knows_is_shown_as_what_it_means(rough: Path) -> None:
    page, words = markup_of(rough / "pandoc.html"), " ".join(text_of(rough / "pandoc.html").split())
    assert words.startswith("Pandoc# A span, a link, (5).")
    assert "Table 1 A caption#" in words
    assert "See Table 1." in words
    assert "And Fig. 2[1]." in words
    assert "[1] The note." in words
    assert "<b>raw</b>" in page
    for raw in ("jupyter:", "{.", "]{", ":::", "clearpage", "newpage", "footnote{", "<center>"):
        assert raw not in words


def text_of(page: Path) -> str:
    source = page.read_text(encoding="utf-8")
    article = source[source.index("<article") : source.index("</article>")]
    return html.unescape(re.sub(r"<[^>]+>", "", article))


def test_references_have_the_numbers_of_the_contents(site: Path) -> None:
    text = text_of(site / "intro.html")
    assert "See Intro, Section 1.1, Fig. 1.1.2, Table 1.1.1, (1.1.3), Bishop [2006]." in text
    assert "1.1. Section A" in text_of(site / "index.html")


def test_every_displayed_equation_has_a_number_as_with_d2lbook(site: Path) -> None:
    page = (site / "one/a.html").read_text(encoding="utf-8")
    assert re.findall(r'class="eqno">\((.*?)\)', page) == ["1.1.1", "1.1.2", "1.1.3"]
    anchors = re.findall(r'id="(equation-[^"]+)"', page)
    assert len(set(anchors)) == 3


def test_cjk_text_has_no_stray_blanks(site: Path) -> None:
    text = text_of(site / "one/a.html")
    assert "称为“预热”期，在Section 1.1中code和强调。$5 and" in text
    assert "<strong>“预热”</strong>" in (site / "one/a.html").read_text(encoding="utf-8")


def test_html_that_a_page_takes_from_a_file_comes_along(site: Path) -> None:
    assert "the front page" in text_of(site / "index.html")


def test_captions_and_tables_are_whole(site: Path) -> None:
    text = text_of(site / "one/a.html")
    for words in ("Fig. 1.1.1 First", "Fig. 1.1.2 Second", "Table 1.1.1 A table", "x|y"):
        assert words in text


def test_stored_outputs_stand_under_their_cell(site: Path) -> None:
    assert "stored words" in text_of(site / "one/a.html")


def test_the_library_is_documented_without_its_framework(site: Path) -> None:
    text = text_of(site / "one/api.html")
    assert "class d2l.torch.M" in text
    assert "A model." in text
    assert "The CPU device." in text
