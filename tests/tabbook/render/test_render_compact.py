"""What a page costs: small trees on disk, code shown once, and nothing read that did not change."""

import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.utils import new_document
from render_helpers import FRONT, NAMES, fill_store, model_page, write_book

from tabbook.book import Book
from tabbook.render.compact import ExpandCompactNodes, compact_node, compacted, describe
from tabbook.render.site import build_site
from tabbook.store.local import Store

# What Jupyter Book's own parts warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")


Capture = pytest.CaptureFixture[str]


def code(text: str) -> nodes.literal_block:
    made = nodes.literal_block(text, text, language="ipython3", linenos=True)
    made.source, made.line = "page.md", 7
    return made


def cell(*inside: nodes.Node) -> nodes.container:
    return nodes.container(
        "", *inside, classes=["cell"], cell_metadata={"tags": ["a"]}, nb_element="cell_code"
    )


def test_what_is_packed_comes_back_as_it_was() -> None:
    document = new_document("page.md")
    note = nodes.paragraph("Note *x*", "", nodes.strong("x", "x"), nodes.Text("."), classes=["note"])
    document += [cell(code("a = 1"), note), nodes.paragraph("", "Text.")]
    before = document.pformat()
    document[0] = compacted(document[0])
    assert [type(node) for node in document] == [compact_node, nodes.paragraph]
    document = pickle.loads(pickle.dumps(document))  # as Sphinx keeps it
    ExpandCompactNodes(document).run()
    assert document.pformat() == before
    (block,) = document.findall(nodes.literal_block)
    assert (block.rawsource, block.source, block.line) == ("a = 1", "page.md", 7)
    assert block.parent.parent is document


@pytest.mark.parametrize(
    "other",
    [
        nodes.paragraph("", "", nodes.reference("", "x", refuri="#x")),
        nodes.image(uri="a.png"),
        nodes.container("", ids=["here"]),
        nodes.literal_block("x", "x", names=["listing"]),
        nodes.figure("", nodes.caption("", "Numbered.")),
    ],
    ids=["reference", "picture", "anchor", "name", "figure"],
)
def test_what_others_look_for_stays_in_sight(other: nodes.Node) -> None:
    assert describe(other) is None
    made = compacted(cell(code("a = 1"), other.deepcopy()))
    assert [type(child) for child in made.children] == [compact_node, type(other)]
    assert made.children[0].parent is made


PAGE = (
    FRONT
    + """# Page

```{code-cell} python
%%tab all
if tab.selected('pytorch', 'mxnet'):
    first = 1
else:
    second = 2
```

```{code-cell} python
%%tab pytorch
third = 3
```

```{code-cell} python
%%tab jax, mxnet
third = 4
```
"""
)


def panels(text: str) -> list[str]:
    return re.findall(r'class="tabbook-panel[^>]*data-tabs="([^"]*)"', text)


def test_tabs_that_show_the_same_share_a_panel(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PAGE})
    site = build_site(Book.load(root), jobs=1, quiet=True)
    text = site.page.read_text()
    assert site.status == 0
    assert panels(text) == ["pytorch mxnet", "jax", "pytorch", "jax mxnet"]
    assert text.count(">first<") == 1
    assert "Not executed in PyTorch, MXNet: the outputs are missing." in text, "one note for both"


def test_tabs_with_different_outputs_do_not(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PAGE})

    def show(one: Any, tab: str) -> list[dict[str, Any]]:
        said = tab if "third" in one.source else "same"
        return [{"output_type": "stream", "name": "stdout", "text": f"{said}\n"}]

    fill_store(root, show)
    text = build_site(Book.load(root), jobs=1, quiet=True).page.read_text()
    assert panels(text) == ["pytorch mxnet", "jax", "pytorch", "jax", "mxnet"]


def test_trees_on_disk_hold_no_code(tmp_path: Path) -> None:
    # Sphinx loads all of them in every build.
    root = write_book(tmp_path, {"index": model_page("model")})
    fill_store(root)
    assert build_site(Book.load(root), jobs=1, quiet=True).status == 0
    tree = pickle.loads((root / "_build/.doctrees/index.doctree").read_bytes())
    assert list(tree.findall(compact_node))
    assert "import torch" not in tree.astext() and "this is" not in tree.astext()


def built(root: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Build with Sphinx's messages; return the pages that it has read."""
    capsys.readouterr()
    assert build_site(Book.load(root), jobs=2).status == 0
    said = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    return set(re.findall(r"reading sources\.\.\. \[ *\d+%\] (.+?)\s*$", said, re.MULTILINE))


def test_an_edited_line_of_prose_is_one_page_to_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["model", *(f"page{number}" for number in range(7))]
    root = write_book(tmp_path, {"index": "# Book\n", **{name: model_page(name) for name in names}})
    fill_store(root)
    built(root, capsys)
    path = root / "page3.md"
    path.write_text(path.read_text().replace("# The Model", "# The Model\n\nA remark.\n", 1))
    assert built(root, capsys) == {"page3"}
    assert "A remark." in (root / "_build/html/page3.html").read_text()
    assert built(root, capsys) == set()


def test_a_build_without_changes_reads_no_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_book(tmp_path, {"index": model_page("model")})
    fill_store(root)
    assert build_site(Book.load(root), jobs=1).status == 0
    monkeypatch.setattr(Store, "get", lambda *_: pytest.fail("an entry was read"))
    assert built(root, capsys) == set()


def test_a_damaged_entry_that_is_mended_shows_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Its hash stands at its head: that is the same before and after.
    root = write_book(tmp_path, {"index": model_page("model")})
    fill_store(root)
    whole = {path: path.read_bytes() for path in (root / ".tabbook/outputs").rglob("*.json")}
    assert len(whole) == len(NAMES)
    for path, data in whole.items():
        path.write_bytes(data[:-20])
    build_site(Book.load(root), jobs=1, quiet=True)
    page = root / "_build/html/index.html"
    assert "this is jax" not in page.read_text()
    for path, data in whole.items():
        path.write_bytes(data)
    assert built(root, capsys) == {"index"}
    assert "this is jax" in page.read_text()
