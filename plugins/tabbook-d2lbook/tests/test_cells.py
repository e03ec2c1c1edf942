"""Code cells: whose they are, what of them is saved, what is shown and not run, their outputs."""

# ruff: noqa: E501 - a source and what it becomes stand on one line, to be compared

import json

import pytest
from import_helpers import cell, convert

from tabbook.config import BookSettings
from tabbook.project.projection import project
from tabbook.read.section import read_section
from tabbook_d2lbook.branches import by_lines, published_readings
from tabbook_d2lbook.marks import normalise_marks

SETTINGS = BookSettings.model_validate(
    {
        "tabs": {
            tab: {"name": tab, "module": tab, "requirements": "r.txt"} for tab in ("mxnet", "pytorch", "jax")
        }
    }
)


def page(*cells: str) -> str:
    return "# Title\n\n" + "\n".join(map(cell, cells))


def codes(source: str, tab: str) -> list[str]:
    """Return the code that readers of ``tab`` see on the page that ``source`` becomes."""
    section = read_section(convert(source).text, "a.md", SETTINGS)
    if tab not in section.tabs:
        return []
    return [c.source for c in project(section, tab, SETTINGS).code_cells]


MARKS = [
    ("%%tab pytorch, jax\nx", ("pytorch", "jax")),
    ("#@tab pytorch,jax\nx", ("pytorch", "jax")),
    ("#  @tab   jax\nx", ("jax",)),
    ("# %%tab jax\nx", ("jax",)),
    ("\n%%tab jax\nx", ("jax",)),
    ("%matplotlib inline\n#@tab jax\nx", ("jax",)),
    ("%%tab jax\n#@tab pytorch\nx", ("jax",)),
    ("x", ("mxnet",)),
    ("#@tab all\nx", ("mxnet", "pytorch", "jax")),
]
EVERY = ("%%tab mxnet\ny", "%%tab pytorch\ny", "%%tab jax\ny")


@pytest.mark.parametrize(("code", "tabs"), MARKS)
def test_whose_a_cell_is(code: str, tabs: tuple[str, ...]) -> None:
    source = page(code, *EVERY)
    shown = [tab for tab in ("mxnet", "pytorch", "jax") if any("x" in c for c in codes(source, tab))]
    assert tuple(shown) == tabs
    assert "@tab" not in convert(source).text


def test_the_oldest_notebooks_import_the_library_of_mxnet() -> None:
    source = page("%matplotlib inline\nimport d2l\nimport math", "#@tab pytorch\nimport d2l")
    assert codes(source, "mxnet") == ["%matplotlib inline\nfrom d2l import mxnet as d2l\nimport math"]
    assert codes(source, "pytorch") == ["import d2l"]


FENCES = [
    ("```", "````", "```"),
    ("````", "`````", "````"),
    ("````", "```", "````"),
    ("~~~", "~~~~", "~~~"),
    ("~~~", "```", "~~~"),
]


@pytest.mark.parametrize(("fence", "inside", "end"), FENCES)
def test_the_same_fence_closes_a_cell(fence: str, inside: str, end: str) -> None:
    """A longer one inside ended it, and its end began a block that took the page's rest."""
    result = convert(f"# Title\n\n{fence}{{.python .input}}\n%%writefile a.md\n{inside}\n{end}\n\nmore $5\n")
    section = read_section(result.text, "a.md", SETTINGS)
    assert [c.source for c in section.cells if c.kind == "code"] == [f"%%writefile a.md\n{inside}"]
    assert section.cells[-1].source == r"more \$5"


def test_a_longer_fence_closes_a_cell_that_another_block_follows() -> None:
    source = page("x") + "\n```{.python .input}\ny\n````\n\nmore\n\n```bash\nls\n```\n\n"
    assert codes(source + cell("z"), "mxnet") == ["x", "y", "z"]
    assert "```\n\nmore\n\n```bash\nls\n```\n" in convert(source).text


def test_a_mark_in_a_string_is_no_mark() -> None:
    code = 'x = """\n#@tab jax\n"""'
    assert codes(page(code, *EVERY), "mxnet")[0] == code


PAGES = [
    (("x",), ("mxnet",)),
    (("%%tab all\nx",), ("mxnet",)),
    (("%%tab jax\nx",), ("jax",)),
    (("#@tab JAX, PyTorch\nx",), ("pytorch", "jax")),
    (("%%tab all\nx", "%%tab jax\nx"), ("mxnet", "jax")),
    (("%%tab pytorch, jax\nx",), ("pytorch", "jax")),
    ((), ("mxnet", "pytorch", "jax")),
]


@pytest.mark.parametrize(("cells", "tabs"), PAGES)
def test_a_page_has_the_tabs_that_some_cell_names(cells: tuple[str, ...], tabs: tuple[str, ...]) -> None:
    assert convert(page(*cells)).page.tabs == tabs
    assert ("tabs: [" in convert(page(*cells)).text) == (len(tabs) < 3)


def test_a_text_block_gives_a_page_a_tab_but_nothing_to_its_library() -> None:
    block = "\n:begin_tab:`jax`\ntext\n:end_tab:\n"
    assert convert(page("%%tab all\nx") + block).page.tabs == ("mxnet", "jax")
    saving = convert(page("%%tab all\nx = 1  #@save") + block)
    assert saving.page.tabs == ("mxnet", "jax")
    assert "%%tab mxnet\nx = 1  #@save\n" in saving.text
    assert "%%tab jax\nx = 1\n" in saving.text


def test_the_interactive_cell_names_the_tabs_of_the_page_and_stands_below_the_title() -> None:
    first = cell("%load_ext d2lbook.tab\ntab.interact_select(['a'])\n#required_libs(\"gym==0.21.0\", 'x')")
    result = convert(f"{first}\n# Title\n:label:`t`\n\n{cell('%%tab jax' + chr(10) + 'x')}")
    assert (
        "(t)=\n# Title\n\n```{code-cell} python\n%load_ext tabbook.tab\ntab.interact_select('jax')\n"
        in result.text
    )
    assert result.page.cells[0].libraries == ("gym==0.21.0", "x")
    assert result.page.tabs == ("jax",)


def test_a_book_of_one_tab_needs_no_marks() -> None:
    assert "%%tab" not in convert(page("#@tab mxnet\nx", "y"), ("mxnet",)).text


SHOWN = [
    ("%%tab xx\nx = 1", "unknown tab 'xx'", "of a tab that the book does not have"),
    ("%%tab jax\nfor x in", "not valid Python for jax: invalid syntax", "Not valid Python: invalid syntax"),
    ("f(a=1, a=2)", "keyword argument repeated: a", "keyword argument repeated: a"),
    ("%%tab all\nx = tab.selected(name)", "not valid Python for mxnet, pytorch, jax", "tab.selected takes"),
]


@pytest.mark.parametrize(("code", "fault", "shown"), SHOWN)
def test_a_cell_that_cannot_run_is_a_fault_and_shown(code: str, fault: str, shown: str) -> None:
    result = convert(page(code, *EVERY))
    assert len(result.faults) == 1
    assert result.faults[0].startswith("a.md:4:" if "%%tab xx" in code else ("a.md:5:", "a.md:4:"))
    assert fault in result.faults[0]
    assert shown in result.text
    assert "```python\n" + code.split("\n", 1)[-1] in result.text
    assert all(
        code.rsplit("\n", maxsplit=1)[-1] not in shown
        for tab in ("mxnet", "jax")
        for shown in codes(page(code), tab)
    )


def test_a_tab_that_is_unknown_among_others_leaves_the_cell_to_them() -> None:
    result = convert(page("%%tab jax, xx\nx = 1"))
    assert "%%tab jax\nx = 1" in result.text
    assert result.faults == [
        "a.md:4: unknown tab 'xx'; the book's tabs are mxnet, pytorch, jax; the cell stays with the others"
    ]


def test_a_branch_for_an_unknown_tab_is_never_chosen() -> None:
    source = page("%%tab all\nif tab.selected('jax', 'zz'):\n    x\nif tab.selected('zz'):\n    y", *EVERY)
    assert [codes(source, tab)[0] for tab in ("mxnet", "jax")] == ["y", "x"]
    assert len(convert(source).faults) == 2


def test_a_fence_in_a_string_does_not_end_the_cell() -> None:
    code = 's = """\n```python\nx\n```\n"""'
    result = convert(page(code))
    assert result.faults == []
    assert f"````{{code-cell}} python\n%%tab mxnet\n{code}\n````" in result.text


def test_a_cell_that_is_never_closed_ends_where_its_code_does() -> None:
    source = "# Title\n\n```{.python .input}\nx = 1\n\nsome text\n\n" + cell("%%tab jax\ny")
    result = convert(source)
    assert [fault.split(";")[0] for fault in result.faults] == ["a.md:3: this code cell is never closed"]
    assert codes(source, "mxnet") == ["x = 1"]
    assert "\n\nsome text\n\n" in result.text


def test_an_empty_cell_is_gone() -> None:
    assert convert(page("", "%%tab jax\n", "  ")).text == "# Title\n"


def test_hidden_parts_become_tags() -> None:
    assert ':tags: ["remove-input"]\n%%tab mxnet\n# hide code' in convert(page("# hide code\nx")).text
    assert ':tags: ["remove-output"]' in convert(page("#@hide_output\nx")).text
    assert ':tags: ["remove-input", "remove-output"]' in convert(page("# Hide codes\n# Hide outputs\nx")).text


def test_a_mark_hides_all_cells_behind_it() -> None:
    text = convert(page("a = 1", "#@hide_all\nb = 2", "c = 3")).text
    assert text.count(':tags: ["remove-input", "remove-output"]') == 2
    assert text.index("a = 1") < text.index(":tags:")


SAVED = [
    ("x = 1  #@save\ny = 2\nprint(y)\n\nz", "x = 1  #@save\ny = 2  #@save\nprint(y)  #@save\n\nz"),
    ("#@save\ndef f():\n    pass\nq = 1", "def f():  #@save\n    pass\nq = 1"),
    ("#@save\nimport a\nimport b\n\nimport c", "#@save\nimport a\nimport b\n\nimport c"),
    ("#@save\nx = f(1,\n      2)\ny = 2", "x = f(1,  #@save\n      2)\ny = 2"),
    ("@d(C)  #@save\ndef f(self):\n    pass", "@d(C)  #@save\ndef f(self):\n    pass"),
    ("def f(a,\n      b):     #@save\n    pass", "def f(a,\n      b):     #@save\n    pass"),
    ("class A:  #@save\n    def f(self):  #@save\n        pass", "class A:  #@save\n    def f(self):\n        pass"),
    ("x = 1  # note #@save", "x = 1  # note  #@save"),
    ("s = '#@save'\nt = 1  # @save", "s = '#@save'\nt = 1  # @save"),
    ("def f():  #@save\n    # @save it\n    x = 1  #@save y", "def f():  #@save\n    # it\n    x = 1  # y"),
    ("x = '''\nat the margin\n'''  #@save", "x = '''\nat the margin\n'''  #@save"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), SAVED)
def test_marks_save_what_they_saved(code: str, expected: str) -> None:
    text, faults = normalise_marks(code)
    assert text.replace("# note #@save", "# note  #@save") == expected
    assert [fault for fault in faults if fault.severity == "fault"] == []
    assert normalise_marks(text)[0] == text


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("#@save\n\ndef f():\n    pass", "this #@save saves nothing: a blank line follows it"),
        ("def f():\n    x = 1  #@save", "this #@save is inside a body, where it saves nothing"),
        ("x = 1\n#@save", "this #@save saves nothing: no statement stands below it"),
    ],
)
def test_marks_that_save_nothing_are_faults_and_gone(code: str, message: str) -> None:
    text, faults = normalise_marks(code)
    assert [fault.message for fault in faults] == [message]
    assert "@save" not in text


def test_an_expression_that_is_saved_by_the_way_is_noted() -> None:
    assert [f.severity for f in normalise_marks("x = 1  #@save\nprint(x)")[1]] == ["note"]


NESTED = """class M:
    if tab.selected('mxnet', 'pytorch'):
        def __init__(self):
            self.a = 1
        if tab.selected('pytorch'):
            self.t = None

    def f(self):
        pass"""


def test_nested_branches_keep_the_code_that_was_published() -> None:
    published = "class M:\n    def __init__(self):\n        self.a = 1\n        self.t = None\n\n    def f(self):\n        pass"
    assert by_lines(NESTED, "pytorch") == published
    source = page(f"%%tab all\n{NESTED}", *EVERY)
    assert codes(source, "pytorch")[0] == published
    assert "self.t" not in codes(source, "mxnet")[0]
    assert [note.split(": ")[0] for note in convert(source).notes] == ["a.md:5"]


@pytest.mark.parametrize(
    "code",
    [
        "if tab.selected('jax'):\n    x\nelse:\n    y",
        "if not tab.selected('jax'):\n    x",
        "if tab.selected('jax'): x = 1",
        "x = 1 if tab.selected('jax') else 2",
        "if tab.selected('jax',\n                'mxnet'):\n    x = 1",
        "if tab.selected('jax'):\n    x\nelif tab.selected('mxnet'):\n    y",
        "if tab.selected('jax') or tab.selected('mxnet'):\n    x = 1\ny = 2",
        "if tab.selected('jax'):\n    x = '''\ntext\n'''",
    ],
)
def test_whatever_defeats_the_line_reader_is_read_as_python(code: str) -> None:
    assert published_readings(code, ("mxnet", "pytorch", "jax")) == {}


def outputs(*values: object) -> str:
    return f"```{{.json .output n=3}}\n{json.dumps(list(values))}\n```\n"


TEXT = {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]}
NOTICE = {
    "output_type": "stream",
    "name": "stderr",
    "text": 'Ignored to run as it is not marked as a "jax" cell.',
}
WIDGET = {
    "output_type": "display_data",
    "metadata": {},
    "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "HBox(…)"},
}
RESULT = {"output_type": "execute_result", "execution_count": 7, "metadata": {}, "data": {"text/plain": "3"}}
ERROR = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mE\x1b[0m: v"]}


def test_outputs_go_with_their_cell_as_nbformat_has_them() -> None:
    result = convert(page("%%tab all\nx") + outputs(TEXT, RESULT, WIDGET, ERROR))
    assert [stored.outputs for stored in result.stored] == [
        (
            {"output_type": "stream", "name": "stdout", "text": "a\nb\n"},
            {**RESULT, "execution_count": None},
            {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "HBox(…)"}},
            ERROR,
        )
    ]
    assert "json" not in result.text


def test_notices_are_no_outputs_but_tell_in_which_tab_the_others_were_made() -> None:
    source = page("%%tab mxnet\ny") + outputs(NOTICE) + cell("%%tab mxnet, jax\nx") + outputs(TEXT)
    assert [stored.tabs for stored in convert(source).stored] == [("jax",)]
    assert "Ignored" not in convert(source).text
    assert convert(source).faults == []


@pytest.mark.parametrize(
    "text", ["{}", "not json", '[{"output_type": "new"}]', '[{"output_type": "stream", "text": 1}]']
)
def test_outputs_that_cannot_be_read_are_faults_and_stay(text: str) -> None:
    result = convert(page("x") + f"```{{.json .output}}\n{text}\n```\n")
    assert len(result.faults) == 1
    assert "a.md:6: a stored output cannot be read" in result.faults[0]
    assert f"```json\n{text}\n```" in result.text


def test_outputs_of_a_cell_that_cannot_run_are_shown_as_text() -> None:
    result = convert(page("%%tab xx\nx") + outputs(TEXT, ERROR))
    assert "```text\na\nb\nE: v\n```" in result.text
    assert result.stored == ()


EXPORTED = """# Title

```python
print(1)
```

    1
    2


```python
x
```




    array([1])



![svg](a_files/a_1.svg)


text

```python

```
"""


def test_an_exported_notebook_has_its_outputs_as_outputs() -> None:
    result = convert(EXPORTED, ("mxnet",), {"a_files/a_1.svg": b"<svg/>"})
    kinds = [[output["output_type"] for output in stored.outputs] for stored in result.stored]
    assert kinds == [["stream"], ["execute_result", "display_data"]]
    assert result.stored[1].outputs[1]["data"]["image/svg+xml"] == "<svg/>"
    assert result.text.count("{code-cell}") == 2
    assert "array" not in result.text
    assert result.faults == []


def test_a_missing_figure_of_an_export_is_a_fault_and_its_output_says_so() -> None:
    result = convert(EXPORTED, ("mxnet",))
    assert result.faults == ["a.md:22: the figure a_files/a_1.svg is missing; the output says so"]
    assert "a_1.svg is missing" in result.stored[1].outputs[1]["data"]["text/plain"]


def test_plain_python_fences_of_other_pages_stay_text() -> None:
    assert "{code-cell}" not in convert("# Title\n\n```python\nx\n```\n\ntext\n").text
