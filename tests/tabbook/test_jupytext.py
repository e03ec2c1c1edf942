"""A section saved in JupyterLab with the real Jupytext: what it declares is still there."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copy
from typing import Any

import jupytext
import nbformat
import pytest
from core_helpers import HERE, faults_of
from jupytext.config import JupytextConfiguration, load_jupytext_configuration_file

from tabbook.book import Book
from tabbook.kernel_specs import kernel_name, kernel_spec
from tabbook.model import Section

ROOT = HERE.parents[1]
BOOK = Book.load(ROOT)
CONFIGURATION = ROOT / "jupytext.toml"
WITH_CODE = [section.path for section in BOOK.sections if section.code_cells]
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "3.11.7",
}
"""What ipykernel says of itself, and JupyterLab notes in the notebook."""


def use(notebook: dict[str, Any], tab: str = "jax") -> dict[str, Any]:
    """Return a notebook as JupyterLab saves it after its cells have been run in the kernel of ``tab``."""
    known = kernel_spec(BOOK, tab)
    kernel = {"name": kernel_name(tab), "display_name": known["display_name"], "language": "python"}
    notebook["metadata"] |= {"kernelspec": kernel, "language_info": LANGUAGE, "widgets": {"state": {}}}
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] |= {"editable": True, "jp-MarkdownHeadingCollapsed": True}
        if cell["cell_type"] == "code":
            output = {"output_type": "stream", "name": "stdout", "text": "text\n"}
            cell |= {"outputs": [output], "execution_count": number}
            cell["metadata"] |= {
                "collapsed": False,
                "execution": {"iopub.status.busy": "2026-01-01T00:00:00Z"},
                "jupyter": {"outputs_hidden": False, "source_hidden": False},
                "scrolled": True,
                "trusted": True,
            }
    return notebook


def saved(text: str, configuration: JupytextConfiguration | None) -> str:
    """Return a section that was opened, run and saved, by the calls of Jupytext's contents manager."""
    opened = jupytext.reads(text, fmt="md", config=configuration)
    shown = use(json.loads(nbformat.writes(opened)))
    return str(
        jupytext.writes(nbformat.reads(json.dumps(shown), as_version=4), fmt="md", config=configuration)
    )


def meaning(section: Section) -> tuple[object, ...]:
    """Return what a section says. Where text cells of the notebook meet (`+++`) is nothing to us."""
    sources = [
        [line for line in cell.source.split("\n") if cell.kind == "code" or line not in ("", "+++")]
        for cell in section.cells
    ]
    cells = [
        (cell.kind, source, cell.tabs, dict(cell.metadata))
        for cell, source in zip(section.cells, sources, strict=True)
    ]
    return section.title, section.label, section.tabs, section.settings, cells


@pytest.mark.parametrize("path", [*WITH_CODE, "tests/tabbook/books/constructs.md"])
def test_saving_keeps_all_that_a_section_says(path: str) -> None:
    configuration = load_jupytext_configuration_file(str(CONFIGURATION))
    text = (ROOT / path).read_text(encoding="utf-8")
    again = saved(text, configuration)
    assert meaning(BOOK.parse(again, path)) == meaning(BOOK.parse(text, path))
    for name in ("tabbook-jax", "language_info", "jupytext", "outputs_hidden"):
        assert name not in again.split("\n---\n")[0]
    assert saved(again, configuration) == again, "the second time nothing changes at all"


@pytest.mark.parametrize("path", WITH_CODE)
def test_sections_of_the_book_are_saved_byte_for_byte_but_for_the_name_of_the_language(path: str) -> None:
    configuration = load_jupytext_configuration_file(str(CONFIGURATION))
    text = (ROOT / path).read_text(encoding="utf-8")
    again = saved(text, configuration).replace("```{code-cell} ipython3\n", "```{code-cell} python\n")
    assert again == text


OPTIONS = """---
file_format: mystnb
myst:
  enable_extensions: [dollarmath]
tabbook: {tabs: [jax], timeout: 20min}
---

# A section

```{code-cell} python
---
mystnb:
  figure: {name: fig_a, caption: "A: b"}
tags: [hide-input]
---
%%tab jax
x = 1  #@save
```

+++

More [**text**].

````{code-cell} python
:tags: [raises-exception]

'''
```
'''
````
"""


def test_options_marks_and_settings_of_myst_are_kept() -> None:
    configuration = load_jupytext_configuration_file(str(CONFIGURATION))
    again = saved(OPTIONS, configuration)
    assert meaning(BOOK.parse(again, "a.md")) == meaning(BOOK.parse(OPTIONS, "a.md"))


def test_the_commands_of_jupytext_find_the_configuration(tmp_path: Path) -> None:
    """What is lost without it is a fault, not a section that declares nothing."""
    path = WITH_CODE[-1]
    text = (ROOT / path).read_text(encoding="utf-8")
    for name, configured in (("plain", False), ("configured", True)):
        section = tmp_path / name / "chapters" / "a.md"
        section.parent.mkdir(parents=True)
        section.write_text(text, encoding="utf-8")
        if configured:
            copy(CONFIGURATION, tmp_path / name)
        command = [sys.executable, "-m", "jupytext", "--quiet"]
        subprocess.run([*command, "--to", "ipynb", section], check=True)
        notebook = section.with_suffix(".ipynb")
        notebook.write_text(json.dumps(use(json.loads(notebook.read_text()))), encoding="utf-8")
        subprocess.run([*command, "--to", "md:myst", notebook], check=True)
        again = section.read_text(encoding="utf-8")
        if configured:
            assert BOOK.parse(again, path).settings == BOOK.parse(text, path).settings
        else:
            assert any("no key 'tabbook'" in fault for fault in faults_of(again, book=BOOK.settings))
