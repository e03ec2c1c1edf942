"""What a browser makes of an imported page: formulas are shown as the original tool shows them."""

import subprocess
import sys
from pathlib import Path

from conftest import NewReader, serve

from tabbook_d2lbook import import_book

FORMULAS = (
    r"$\textrm{a_b}$",
    r"$\text{a\_b}$",
    r"$\mbox{a & b}$",
    r"$\texttt{x^2 = 50%}$",
    r"$$\text{in {a_b}} \operatorname{c_d}$$",
    "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}",
    "\\begin{eqnarray}\na &=& b\n\\end{eqnarray}",
)


def test_no_formula_of_an_imported_page_is_an_error(tmp_path: Path, reader: NewReader) -> None:
    """With the MathJax of the site, text in formulas with a bare ``_`` was an error in a yellow box."""
    source = tmp_path / "page.md"
    source.write_text("# T\n\n" + "\n\n".join(FORMULAS) + "\n", encoding="utf-8")
    import_book(source, tmp_path / "book")
    program = Path(sys.executable).with_name("jupyter-book")
    subprocess.run([program, "build", "-W", tmp_path / "book"], capture_output=True, check=True)
    for site in serve(tmp_path / "book" / "_build" / "html"):
        someone = reader(site)
        page = someone.open("page.html")
        page.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise")
        page.evaluate("MathJax.startup.promise")
        assert page.locator("mjx-container").count() == len(FORMULAS)
        assert page.locator('[data-mml-node="merror"]').count() == 0
        assert not someone.complaints
