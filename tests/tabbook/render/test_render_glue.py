"""Glued values: readers see that of their own framework, and a mark where there is none."""

import re
from pathlib import Path
from typing import Any

import pytest
from engine_helpers import LocalBook
from render_helpers import FRONT, NAMES, fill_store, png, write_book

from tabbook.book import Book
from tabbook.model import Cell
from tabbook.render.site import build_site
from tabbook.run.runner import run

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

CELLS = """
```{code-cell} python
show()
```

Text.

```{code-cell} python
:tags: [remove-output]
removed()
```
"""
PAGE = f"""{FRONT}# Loss

## Down to {{glue:text}}`loss:.2f`

Sentence: {{glue:text}}`loss:.2f`; as it is: {{glue}}`loss`; any: {{glue:any}}`loss`; word: {{glue:md}}`word`.

Same: {{glue:text}}`same:.1f`; hidden: {{glue:text}}`hidden`; removed: {{glue:text}}`removed`;
rounded: {{glue:text}}`loss:.0f`.

- Item: {{glue:text}}`loss:.3f`

| {{glue:text}}`loss:.1f` |
|---|
| Entry: {{glue:text}}`loss:.2f` |

:::{{tab}} jax
Of JAX: {{glue:text}}`loss:.2f`.
:::

{CELLS}

```{{glue:figure}} plot
:name: fig_plot

Caption: {{glue:text}}`loss:.2f`.
```

```{{glue:math}} formula
:label: eq_formula
```

```{{glue}} loss
```

See {{numref}}`fig_plot` and {{eq}}`eq_formula`.
"""
OTHER = f"""{FRONT}# Other

Far: {{glue:text}}`index.md::loss:.2f` and {{glue:text}}`index.md::same:.1f`.

```{{glue}} plot
:doc: index.md
```
"""


def glued(key: str, data: dict[str, str], prefix: str = "") -> dict[str, Any]:
    """Return the output that ``myst_nb.glue`` makes, and IPython's ``display`` as well."""
    mark = {"scrapbook": {"name": key, "mime_prefix": prefix}}
    data = {prefix + kind: value for kind, value in data.items()}
    return {"output_type": "display_data", "metadata": mark, "data": data}


def show(cell: Cell, tab: str, more: float = 0) -> list[dict[str, Any]]:
    number = list(NAMES).index(tab)
    if "removed" in cell.source:
        return [glued("removed", {"text/plain": repr(f"r-{tab}")})]
    return [
        glued("loss", {"text/plain": str(0.91 + number / 100 + more)}),
        glued("same", {"text/plain": "3.0"}),
        glued("word", {"text/plain": "w", "text/markdown": f"**w-{tab}**"}),
        glued("hidden", {"text/plain": repr(f"h-{tab}")}, "application/papermill.record/"),
        glued("plot", {"text/plain": "<Figure>", "image/png": png(9, 9, 40 * number)}),
        glued("formula", {"text/plain": "f", "text/latex": f"$x_{number}$"}),
    ]


def build(root: Path) -> dict[str, str]:
    """Build the book without a warning; return the articles as text, as readers without a script see them."""
    site = build_site(Book.load(root), jobs=1, quiet=True)
    assert site.status == 0
    found = {}
    for name in ("index", "other"):
        html = (site.page.parent / f"{name}.html").read_text()
        article = html.split("<article", 1)[1].split('<script type="text/x-thebe', 1)[0]
        found[name] = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", article))
    return found


def book(root: Path) -> Path:
    return write_book(root, {"index": PAGE, "other": OTHER})


ALL = "0.91 (PyTorch), 0.92 (JAX), 0.93 (MXNet)"


def test_each_framework_keeps_its_value_wherever_it_is_shown(tmp_path: Path) -> None:
    fill_store(book(tmp_path), show)
    text = build(tmp_path)["index"]
    assert f"Down to {ALL}" in text
    assert f"Sentence: {ALL}; as it is: {ALL}; any: {ALL};" in text
    assert "word: w-pytorch (PyTorch), w-jax (JAX), w-mxnet (MXNet)." in text
    assert "Same: 3.0;" in text
    assert "hidden: h-pytorch (PyTorch), h-jax (JAX), h-mxnet (MXNet);" in text
    assert "removed: r-pytorch (PyTorch), r-jax (JAX), r-mxnet (MXNet);" in text
    assert "rounded: 1." in text, "what looks the same is shown once"
    assert "Item: 0.910 (PyTorch), 0.920 (JAX), 0.930 (MXNet)" in text
    assert f"Entry: {ALL}" in text
    assert "Of JAX: 0.92." in text
    assert [f"Fig. 1 Caption: {value}." in text for value in ("0.91", "0.92", "0.93")] == [True] * 3
    assert text.count("(1)") == 4, "in each tab, and where it is referred to"


def test_a_value_of_another_page_is_that_of_the_framework(tmp_path: Path) -> None:
    fill_store(book(tmp_path), show)
    assert f"Far: {ALL} and 3.0." in build(tmp_path)["other"]
    fill_store(tmp_path, lambda cell, tab: show(cell, tab, 1))
    assert "Far: 1.91 (PyTorch), 1.92 (JAX), 1.93 (MXNet)" in build(tmp_path)["other"]


@pytest.mark.parametrize("tabs", [(), ("jax",)])
def test_what_was_not_executed_is_marked(tmp_path: Path, tabs: tuple[str, ...]) -> None:
    fill_store(book(tmp_path), show, tabs=tabs)
    found = build(tmp_path)
    both = "[not executed] (PyTorch, MXNet), 0.92 (JAX)" if tabs else "[not executed]"
    assert f"Sentence: {both};" in found["index"]
    assert f"Far: {both} and" in found["other"]
    assert f"Of JAX: {'0.92' if tabs else '[not executed]'}." in found["index"]
    assert "See Fig. 1 and (1)." in found["index"]


def test_a_key_that_nobody_glues_is_a_warning(tmp_path: Path) -> None:
    page = f"{FRONT}# A\n\n{CELLS}\n\n{{glue:text}}`lost`\n"
    fill_store(write_book(tmp_path, {"index": page}), show)
    site = build_site(Book.load(tmp_path), jobs=1, quiet=True)
    assert site.status == 1
    assert "No key 'lost' found" in str(site.faults[0])


def test_a_key_that_one_framework_glues_twice_is_a_warning(tmp_path: Path) -> None:
    page = f"{FRONT}# A\n\n{CELLS}\n\n{CELLS}\n"
    fill_store(write_book(tmp_path, {"index": page}), show)
    site = build_site(Book.load(tmp_path), jobs=1, quiet=True)
    assert site.status == 1
    assert "duplicate" in str(site.faults[0])


def test_what_ipythons_display_glues_is_enough(tmp_path: Path) -> None:
    """The frameworks' environments do not have MyST-NB."""
    mark = 'metadata={"scrapbook": {"name": "loss", "mime_prefix": ""}}'
    cells = "\n".join(
        f"```{{code-cell}} python\n%%tab {tab}\ndisplay({value}, {mark})\n```\n"
        for tab, value in (("pytorch", 0.123), ("jax", 0.456))
    )
    root = write_book(
        tmp_path, {"index": f"{FRONT}# A\n\nLoss {{glue:text}}`loss:.2f`.\n\n{cells}", "other": OTHER}
    )
    for tab in NAMES:
        (root / f"{tab}.txt").write_text("none==1\n")
    assert run(LocalBook.load(root), tabs=("pytorch", "jax"), why_unusable=lambda _tab: "").failures == ()
    (root / "other.md").write_text(f"{FRONT}# Other\n")
    assert "Loss 0.12 (PyTorch), 0.46 (JAX), [not executed] (MXNet)." in build(root)["index"]


def test_a_block_may_be_glued_into_lists_and_notes(tmp_path: Path) -> None:
    places = "- Item\n\n  ```{glue} loss\n  ```\n\n:::{note}\n```{glue} word\n```\n:::\n\n"
    inside = ":::{tab} jax, mxnet\n```{glue} loss\n```\n:::\n"
    root = write_book(tmp_path, {"index": f"{FRONT}# A\n\n{CELLS}\n\n{places}{inside}", "other": OTHER})
    fill_store(root, show)
    text = build(root)["index"]
    for value in ("PyTorch 0.91", "JAX 0.92", "MXNet 0.93", "PyTorch w-pytorch", "JAX w-jax"):
        assert value in text
    assert text.split("w-mxnet")[-1].count("0.92") == 1
    assert "0.91" not in text.split("w-mxnet")[-1], "a tab block has the values of its own tabs"
