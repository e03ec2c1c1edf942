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
