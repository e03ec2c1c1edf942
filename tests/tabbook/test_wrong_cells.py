"""Cells that are wrong on purpose: not Python, but tagged ``raises-exception`` or ``skip-execution``."""

from pathlib import Path

import pytest
from core_helpers import SETTINGS, faults_of
from engine_helpers import job

from tabbook.execute.job import execute
from tabbook.project.projection import project
from tabbook.read.section import read_section
from tabbook.section_faults import check_section

WRONG = [
    "x = (1,\nprint('never')",
    "print('open",
    's = """open',
    "return 3",
    "def f():\nreturn 3",
    "  x = 1\n y = 2",
    "d2l.tanh(x) = = d2l.tanh(y)",
    "%bad magic\nx = )",
    "await = 3",
    "x = 1 $ 2 ?",
    "for i in range(3)\n    print(i)",
]
TAGS = ("raises-exception", "skip-execution")


FRONT = "---\nfile_format: mystnb\ntabbook: {}\n---\n"


def tagged(cell: str, tag: str = "raises-exception", mark: str = "") -> str:
    return f"{FRONT}# Title\n\n```{{code-cell}} python\n:tags: [{tag}]\n{mark}{cell}\n```\n"


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("cell", WRONG)
def test_a_cell_meant_to_be_wrong_is_accepted_and_kept_as_it_is(cell: str, tag: str) -> None:
    for mark in ("", "%%tab jax\n"):
        text = tagged(cell, tag, mark)
        assert faults_of(text) == []
        (kept,) = project(read_section(text, "a.md", SETTINGS), "jax", SETTINGS).code_cells
        assert kept.source == cell


@pytest.mark.parametrize("cell", WRONG)
def test_the_same_cell_without_a_tag_is_a_fault(cell: str) -> None:
    assert all("not valid Python" in fault for fault in faults_of(tagged(cell, "hide-input")))
    assert faults_of(tagged(cell, "hide-input"))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("x = (\nif tab.selected('jax'): pass", "a.md:10: tab.selected in a cell that is not valid Python"),
        ("x = (\n%%tab jax", "a.md:10: %%tab in a cell that is not valid Python"),
        ("def f(:  #@save\n    pass", "a.md:9: a #@save in a cell that is not valid Python saves nothing"),
    ],
)
def test_marks_that_need_valid_code_are_faults_in_it(cell: str, message: str) -> None:
    (fault,) = faults_of(tagged(cell))
    assert fault.startswith(message)


def test_a_wrong_cell_hides_no_other_fault_of_its_section() -> None:
    text = tagged("x = (") + "\n```{code-cell} python\nif (\n```\n"
    assert [fault.split(":")[1] for fault in faults_of(text)] == ["13"]
    missing = tagged("x = (") + "\n```{code-cell} python\nd2l.tanh(1)\n```\n"
    found = check_section(read_section(missing, "a.md", SETTINGS), SETTINGS)
    assert any("no cell imports" in fault.message for fault in found)


@pytest.mark.parametrize("cell", [*WRONG, "%bad", "1 / 0"])
def test_the_kernel_says_what_is_wrong_and_the_job_goes_on(cell: str, tmp_path: Path) -> None:
    done = execute(job((cell, ("raises-exception",)), "'after'"))
    assert done.failure is None
    assert done.result is not None
    wrong, after = done.result.outputs
    assert "'after'" in str(after)
    assert any(output["output_type"] == "error" or "UsageError" in str(output) for output in wrong)
    assert execute(job((cell, ("raises-exception",)), "'after'")).result.outputs == done.result.outputs
