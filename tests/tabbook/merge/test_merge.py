"""The page put together again: what is shown once, what behind tabs, and on which line it is."""

from collections.abc import Mapping
from typing import Any

import nbformat
import pytest
from core_helpers import DECLARED

from tabbook.config import BookSettings
from tabbook.merge.failures import Failed
from tabbook.merge.page import METADATA_KEY, merge
from tabbook.model import Result
from tabbook.project.projection import project
from tabbook.read.section import read_section

SETTINGS = BookSettings.model_validate(
    {
        "tabs": {
            "pytorch": {"name": "PyTorch", "module": "torch", "requirements": "a.txt"},
            "jax": {"name": "JAX", "module": "jax", "requirements": "b.txt"},
            "mxnet": {"name": "MXNet", "module": "mxnet", "requirements": "c.txt"},
        },
        "data": {"text.txt": {"url": "http://example.org", "sha1": "0" * 40}},
    }
)
TABS = tuple(SETTINGS.tabs)


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def figure(data: str = "aGk=") -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {"image/png": data}}


def cell(code: str, options: str = "") -> str:
    return f"```{{code-cell}} python\n{options}{code}\n```\n"


def page(text: str, outputs: Mapping[str, list[Any]] | None = None, **kwargs: Any) -> nbformat.NotebookNode:
    """Return the merged page of a section; ``outputs`` has those of each code cell of each tab."""
    front = "" if text.startswith("---") else DECLARED
    section = read_section(front + text, "chapters/a.md", SETTINGS)
    projections = {tab: project(section, tab, SETTINGS) for tab in section.tabs}
    failures = kwargs.pop("failures", None)
    results = {
        tab: Result(tab, section.path, tab, tuple(map(tuple, cells)), **kwargs)
        for tab, cells in (outputs or {}).items()
    }
    return merge(section, projections, results, SETTINGS, failures=failures)


def shape(notebook: nbformat.NotebookNode) -> list[Any]:
    """Return the code cells of a page as (group, tab, code, printed, note), with None for no group."""
    return [
        (
            cell.metadata.get(METADATA_KEY, {}).get("group"),
            cell.metadata.get(METADATA_KEY, {}).get("tab"),
            "-" if "remove-input" in cell.metadata.get("tags", []) else cell.source,
            "".join(output.get("text", "*") for output in cell.outputs),
            cell.metadata.get(METADATA_KEY, {}).get("note"),
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def nothing(count: int) -> dict[str, list[Any]]:
    return {tab: [[] for _ in range(count)] for tab in TABS}


def test_neighbours_of_different_frameworks_are_one_group_in_the_books_order() -> None:
    text = (
        "# A\n"
        + cell("%%tab mxnet\nm = 1")
        + cell("%%tab jax, pytorch\nb = 1")
        + cell("%%tab pytorch\np = 1")
    )
    outputs = {"pytorch": [[printed("b")], [printed("p")]], "jax": [[]], "mxnet": [[printed("m")]]}
    assert shape(page(text, outputs)) == [
        (1, "pytorch", "b = 1", "b", None),
        (1, "pytorch", "p = 1", "p", None),
        (1, "jax", "b = 1", "", None),
        (1, "mxnet", "m = 1", "m", None),
    ]


def test_text_between_cells_makes_two_groups_and_each_lists_only_its_frameworks() -> None:
    text = "# A\n" + cell("%%tab jax\na = 1") + "Text.\n" + cell("%%tab mxnet\nb = 1")
    cells = {"pytorch": [], "jax": [[]], "mxnet": [[]]}
    assert [entry[:2] for entry in shape(page(text, cells))] == [(1, "jax"), (2, "mxnet")]


def test_code_that_is_the_same_shows_once_with_equal_outputs_once() -> None:
    text = "# A\n" + cell("print(1)")
    assert shape(page(text, {tab: [[printed("1\n")]] for tab in TABS})) == [
        (None, None, "print(1)", "1\n", None)
    ]


def test_the_names_inside_a_drawing_do_not_make_figures_differ() -> None:
    def drawing(name: str, width: int) -> dict[str, Any]:
        svg = f'<svg width="{width}"><clipPath id="{name}"/><g clip-path="url(#{name})"/></svg>'
        return {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": svg}}

    text = "# A\n" + cell("plot()")
    names = dict(zip(TABS, ("p0123456789", "pabcdef0123", "p00000fffff"), strict=True))
    same = page(text, {tab: [[drawing(names[tab], 9)]] for tab in TABS})
    assert len(shape(same)) == 1
    other = page(text, {tab: [[drawing(names[tab], 9 + (tab == TABS[-1]))]] for tab in TABS})
    assert len(shape(other)) > 1


def test_the_counters_of_the_runs_do_not_make_outputs_differ() -> None:
    text = "# A\n" + cell("1")
    outputs = {
        tab: [
            [
                {
                    "output_type": "execute_result",
                    "metadata": {},
                    "data": {"text/plain": "1"},
                    "execution_count": i,
                }
            ]
        ]
        for i, tab in enumerate(TABS)
    }
    assert len(shape(page(text, outputs))) == 1


def test_the_same_code_with_different_outputs_shows_these_behind_tabs() -> None:
    text = "# A\n" + cell("print(f())")
    outputs = {"pytorch": [[printed("p")]], "jax": [[printed("j")]], "mxnet": [[]]}
    assert shape(page(text, outputs)) == [
        (None, None, "print(f())", "", None),
        (1, "pytorch", "-", "p", None),
        (1, "jax", "-", "j", None),
        (1, "mxnet", "-", "", "no-output"),
    ]


@pytest.mark.parametrize("other", TABS)
def test_one_framework_whose_output_differs_is_enough_for_tabs(other: str) -> None:
    outputs = {tab: [[printed("other" if tab == other else "same")]] for tab in TABS}
    shown = {entry[1]: entry[3] for entry in shape(page("# A\n" + cell("print(f())"), outputs)) if entry[1]}
    assert shown == {tab: "other" if tab == other else "same" for tab in TABS}


def test_code_that_the_projection_makes_different_is_a_group() -> None:
    text = "# A\n" + cell("if tab.selected('jax'):\n    a = 1\nelse:\n    a = 2")
    assert [entry[:3] for entry in shape(page(text, nothing(1)))] == [
        (1, "pytorch", "a = 2"),
        (1, "jax", "a = 1"),
        (1, "mxnet", "a = 2"),
    ]


def test_a_cell_that_is_empty_in_a_framework_is_not_in_its_tab() -> None:
    text = "# A\n" + cell("if tab.selected('jax'):\n    a = 1")
    assert shape(page(text, {"pytorch": [], "jax": [[]], "mxnet": []})) == [(1, "jax", "a = 1", "", None)]


def test_a_framework_that_was_not_executed_says_so_where_outputs_are_missed() -> None:
    text = (
        "# A\n" + cell("%%tab pytorch\na = 1") + cell("%%tab jax\nb = 1") + "Text.\n"
        + cell("%%tab pytorch\na = 2") + cell("%%tab jax\nb = 2") + "Text.\n"
        + cell("%%tab pytorch\na = 3") + cell("%%tab jax\nb = 3") + "Text.\n" + cell("print(1)")
    )  # fmt: skip
    outputs = {"pytorch": [[], [], [printed("x")], [printed("1")]], "mxnet": [[printed("1")]]}
    assert [entry[:2] + entry[4:] for entry in shape(page(text, outputs))] == [
        (1, "pytorch", None),
        (1, "jax", "not-executed"),  # told once,
        (2, "pytorch", None),
        (2, "jax", None),  # not where nobody misses anything,
        (3, "pytorch", None),
        (3, "jax", "not-executed"),  # and where others have an output
        (None, None, None),
        (4, "pytorch", None),
        (4, "jax", "not-executed"),
        (4, "mxnet", None),
    ]


def test_a_page_that_was_not_executed_at_all_says_so_below_its_title() -> None:
    notebook = page("(a)=\n# A\n\nText.\n\n" + cell("a = 1"))
    assert [cell.source.split("\n")[0] for cell in notebook.cells] == ["(a)=", "```{note}", "", "a = 1"]
    assert "has not been executed: its outputs are missing." in notebook.cells[1].source
    assert notebook.metadata.source_map == [2, 3, 4, 8]


@pytest.mark.parametrize(
    "above",
    ["<!--\n# Old\n-->", "<!-- # Old -->", "```text\n# Old\n```", "$$\n# x\n$$", "    # Old"],
)
def test_a_number_sign_above_the_title_is_not_the_title(above: str) -> None:
    """A notice below it would be part of the comment, and the title would be gone with it."""
    notebook = page(f"{above}\n\n# A\n\nText.\n\n" + cell("a = 1"))
    sources = [cell.source for cell in notebook.cells]
    assert sources[0] == f"{above}\n\n# A"
    assert sources[1].startswith("```{note}")
    assert sources[2].strip() == "Text."


def test_text_alone_needs_no_execution() -> None:
    assert [cell.source for cell in page("# A\n\nText.\n").cells] == ["# A\n\nText."]


def test_stand_in_data_is_told_loudly() -> None:
    notebook = page("A\n=\n\n" + cell("a = 1"), {tab: [[]] for tab in TABS}, stand_ins=("text.txt",))
    assert "```{warning}" in notebook.cells[0].source
    notebook = page("# A\n" + cell("a = 1"), {tab: [[]] for tab in TABS}, stand_ins=("text.txt",))
    assert "```{warning}" in notebook.cells[1].source
    assert "`text.txt` (PyTorch, JAX, MXNet)" in notebook.cells[1].source


def test_text_keeps_its_lines_and_its_tab_blocks() -> None:
    text = """---
file_format: mystnb
---

# A

[**One.**]

:::{tab} jax
Only JAX.

```{note}

Hm.
```
:::
Two.

::::{tab} mxnet,pytorch
The others.
::::

:::{tab} pytorch, jax, mxnet
All.
:::

Three.
"""
    notebook = page(text)
    merged = next(cell for cell in notebook.cells if "tabbook-slide" not in cell.source)
    shown = [*[""] * (notebook.metadata.source_map[0] + 1), *merged.source.split("\n")]
    for line, (here, there) in enumerate(zip(text.split("\n"), shown, strict=False), 1):
        if here and not here.startswith((":::", "---", "file_format")):
            assert there == here.replace("[**", "").replace("**]", ""), line
    assert ":::{tab} jax\nOnly JAX." in merged.source
    assert ":::{tab} pytorch, mxnet\nThe others.\n:::" in merged.source
    assert merged.source.count("{tab}") == 2, "a block for all is just text"


def test_a_tab_block_keeps_the_blocks_inside_it() -> None:
    (merged,) = page("# A\n\n:::::{tab} jax\n::::{note}\nHm.\n::::\n:::::\n").cells
    assert merged.source == "# A\n\n:::::{tab} jax\n::::{note}\nHm.\n::::\n:::::"


def streams(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the outputs of the first code cell, in order: what is printed, or the type of the rest."""
    (code, *_) = (cell for cell in notebook.cells if cell.cell_type == "code")
    return [output.get("text") or output.get("ename") or min(output.data) for output in code.outputs]


def test_outputs_stay_in_the_order_of_the_run_and_neighbouring_prints_are_one_block() -> None:
    """MyST-NB's merging of streams would put all prints above all figures."""
    warned = {"output_type": "stream", "name": "stderr", "text": "careful\n"}
    error = {"output_type": "error", "ename": "Oops", "evalue": "", "traceback": ["Oops"]}
    outputs = [
        *(printed("1\n"), printed("2\n"), figure(), printed("3\n"), warned, printed("4\n"), error),
        *(printed("5%\r50%\r"), printed("100%\n")),
    ]
    options = "---\nmystnb: {merge_streams: true}\n---\n"
    notebook = page("# A\n" + cell("loop()", options), {tab: [outputs] for tab in TABS})
    expected = ["1\n2\n", "image/png", "3\n", "careful\n", "4\n", "Oops", "100%\n"]
    assert streams(notebook) == expected
    assert notebook.metadata.mystnb.merge_streams is False, "whatever the book's configuration says"
    assert all(
        cell.metadata.get("mystnb", notebook.metadata.mystnb).merge_streams is False
        for cell in notebook.cells
    )


@pytest.mark.parametrize("loaded", ["the same", "TAB"])
def test_outputs_that_are_equal_are_shown_once_if_what_they_use_is_equal(loaded: str) -> None:
    """One framework's library would have drawn all of them."""
    text = "# A\n" + cell("load()") + cell("use()")

    def html(code: str) -> dict[str, Any]:
        return {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": f"<script>{code}</script>"},
        }

    outputs = {tab: [[html(f"who = '{loaded.replace('TAB', tab)}'")], [html("draw(who)")]] for tab in TABS}
    shown = [tab for _, tab, code, *_ in shape(page(text, outputs)) if code in ("use()", "-")]
    assert shown == ([None] if loaded == "the same" else [*TABS, None, *TABS])


WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({WIDGET: {"model_id": "a"}, "text/plain": "100%|####| 3/3"}, {"text/plain": "100%|####| 3/3"}),
        ({"application/json": {}, "text/plain": "{}"}, {"text/plain": "{}"}),
        ({"application/vnd.vegalite.v5+json": {}, "image/png": "aGk="}, {"image/png": "aGk="}),
        ({"application/vnd.plotly.v1+json": {}, "text/html": "<b>x</b>"}, {"text/html": "<b>x</b>"}),
        ({WIDGET: {}}, {"text/plain": f"[An output of the type {WIDGET}, which has no text form.]"}),
        ({"a/b": 1, "c/d": 2}, {"text/plain": "[An output of the type a/b, c/d, which has no text form.]"}),
    ],
)  # fmt: skip
def test_what_a_page_cannot_draw_shows_its_text(data: dict[str, Any], kept: dict[str, Any]) -> None:
    """MyST-NB leaves a script without effect, or nothing, and warns."""
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    (code,) = (
        c
        for c in page("# A\n" + cell("f()"), {tab: [[output]] for tab in TABS}).cells
        if c.cell_type == "code"
    )
    assert code.outputs[0].data == kept


def test_of_a_figure_in_many_tabs_one_has_the_name() -> None:
    options = "---\nmystnb: {figure: {name: fig_a, caption: A, classes: wide}}\n---\n"
    text = "# A\n" + cell("show()", options)
    notebook = page(text, {"pytorch": [[]], "jax": [[figure()]], "mxnet": [[figure("aGE=")]]})
    figures = {
        c.metadata[METADATA_KEY]["tab"]: c.metadata.mystnb.figure
        for c in notebook.cells
        if METADATA_KEY in c.metadata
    }
    assert figures["jax"] == {"name": "fig_a", "caption": "A", "classes": "wide"}
    assert figures["mxnet"] == {"caption": "A", "classes": "wide tabbook-of-fig_a"}


def test_a_figure_without_a_name_gets_one_so_that_it_is_counted_once() -> None:
    text = "# A\n" + cell("show()", "---\nmystnb: {figure: {caption: A}}\n---\n")
    notebook = page(text, {"pytorch": [[figure()]], "jax": [[figure("aGE=")]], "mxnet": [[]]})
    first, second, none = (c.metadata.mystnb.figure for c in notebook.cells if METADATA_KEY in c.metadata)
    assert first["name"] == "chapters-a-cell-1"
    assert second["classes"] == "tabbook-of-chapters-a-cell-1"
    assert none == {"caption": "A"}


def test_a_named_figure_that_nobody_made_leaves_its_name() -> None:
    options = "---\nmystnb: {figure: {name: fig_a}}\n---\n"
    (code,) = (c for c in page("# A\n" + cell("show()", options)).cells if c.cell_type == "code")
    assert code.outputs[0].data == {"text/plain": "not executed"}


@pytest.mark.parametrize("tag", ["remove-output", "remove_output", "remove-stdout"])
def test_outputs_that_are_not_shown_make_no_tabs(tag: str) -> None:
    outputs = {tab: [[printed(tab)]] for tab in TABS}
    assert len(shape(page("# A\n" + cell("f()", f":tags: [{tag}]\n"), outputs))) == 1


def test_a_cell_without_its_code_shows_the_outputs_alone() -> None:
    outputs = {tab: [[printed(tab)]] for tab in TABS}
    notebook = page("# A\n" + cell("f()", ":tags: [remove-input, hide-output]\n"), outputs)
    assert [entry[1:4] for entry in shape(notebook)] == [(tab, "-", tab) for tab in TABS]
    assert all("hide-output" in cell.metadata.tags for cell in notebook.cells[1:])


def test_a_section_of_one_framework_has_no_tabs() -> None:
    text = "---\ntabbook: {tabs: [jax]}\n---\n# A\n" + cell("%%tab jax\nprint(1)")
    assert shape(page(text, {"jax": [[printed("1")]]})) == [(None, None, "print(1)", "1", None)]


def test_the_notebook_is_valid_and_the_same_every_time() -> None:
    text = "# A\n" + cell("%%tab jax\na = 1") + cell("print(f())") + "Text.\n"
    outputs = {"pytorch": [[printed("p")]], "jax": [[], [printed("j")]], "mxnet": [[printed("m")]]}
    notebook = page(text, outputs)
    nbformat.validate(notebook)
    assert nbformat.writes(notebook) == nbformat.writes(page(text, outputs))
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert len(notebook.metadata.source_map) == len(notebook.cells)


def test_each_cell_says_how_it_stands_to_the_one_that_failed() -> None:
    text = (
        "# A\n" + cell("%%tab jax\na = 1") + cell("%%tab jax\nb = 1") + cell("%%tab jax\nc = 1") + cell("d")
    )
    shown = shape(
        page(text, failures={"jax": Failed("ValueError: no", 1, "trace\nValueError: no", "said\n")})
    )
    assert [entry[1:] for entry in shown] == [
        ("jax", "a = 1", "", "failed-below"),
        ("jax", "b = 1", "said\n*", "failed"),
        ("jax", "c = 1", "", "failed-above"),
        (None, "d", "", None),
        ("pytorch", "-", "", "not-executed"),
        ("jax", "-", "", "failed-above"),
        ("mxnet", "-", "", "not-executed"),
    ]


def test_a_failure_before_the_first_cell_is_what_each_cell_says() -> None:
    notebook = page("# A\n" + cell("a = 1"), failures={"jax": Failed("there was no memory")})
    marks = [
        entry.metadata[METADATA_KEY]
        for entry in notebook.cells
        if entry.metadata.get(METADATA_KEY, {}).get("tab") == "jax"
    ]
    assert [(mark["note"], mark["reason"]) for mark in marks] == [("failed-job", "there was no memory")]


def test_a_failure_is_forgotten_where_there_are_outputs() -> None:
    failed = {"jax": Failed("ValueError: no", 0)}
    assert shape(page("# A\n" + cell("a = 1"), nothing(1), failures=failed)) == [
        (None, None, "a = 1", "", None)
    ]
