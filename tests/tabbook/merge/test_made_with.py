"""A page says with what its outputs were made, as far as that is known, and the same each time."""

import re
from pathlib import Path

import pytest
from render_helpers import FRONT, fill_store, model_page, write_book

from tabbook.book import Book
from tabbook.config import BookSettings
from tabbook.merge.made_with import made_with_line, made_with_note
from tabbook.merge.page import METADATA_KEY, merge
from tabbook.model import Result
from tabbook.project.projection import project
from tabbook.read.section import read_section
from tabbook.render.site import build_site

MADE = {
    "framework": "JAX 0.8.1",
    "python": "3.11.9",
    "device": "gpu",
    "date": "2026-11-21T10:00:00Z",
    "seconds": 36.4,
}
SETTINGS = BookSettings.model_validate(
    {"tabs": {"jax": {"name": "JAX", "module": "jax", "requirements": "b.txt"}}}
)


@pytest.mark.parametrize(
    ("made_with", "line"),
    [
        (MADE, "JAX 0.8.1, Python 3.11.9, GPU, 2026-11-21, 36 s"),
        ({**MADE, "seconds": 150, "device": "cpu"}, "JAX 0.8.1, Python 3.11.9, CPU, 2026-11-21, 2 min"),
        ({"seconds": 0.2}, "JAX, 0 s"),
        ({"device": "tpu", "python": ""}, "JAX, tpu"),
        ({"stored": "with the section"}, "JAX, outputs that came with the section"),
        ({}, ""),
    ],
)
def test_a_line_says_what_is_known(made_with, line):
    assert made_with_line("JAX", made_with) == line


def test_the_note_has_a_line_for_each_framework_that_knows_something():
    assert made_with_note([]) == made_with_note([("JAX", {})]) == ""
    note = made_with_note([("PyTorch", {}), ("JAX", {"framework": "a*b_c", "seconds": 1})])
    assert [line for line in note.split("\n") if line.startswith("-")] == [r"- a\*b\_c, 1 s"]


def page(text, **made_with):
    section = read_section(text, "a.md", SETTINGS)
    result = Result("k", "a.md", "jax", ((),), made_with)
    return merge(section, {"jax": project(section, "jax", SETTINGS)}, {"jax": result}, SETTINGS)


def test_it_is_the_last_thing_on_the_page():
    text = FRONT + "# A\n\n```{code-cell} python\nx\n```\n\nThe end.\n"
    cells = page(text, **MADE).cells
    assert "The end." in cells[-2].source
    assert "tabbook-made-with" in cells[-1].source
    assert page(text, **MADE) == page(text, **MADE)
    assert "made-with" not in page(text).cells[-1].source


@pytest.mark.parametrize(
    ("gpus", "note", "words"), [(1, "needs-gpu", "needs a GPU"), (2, "needs-gpus", "needs 2 GPUs")]
)
def test_code_that_waits_for_a_gpu_says_so(gpus, note, words):
    text = FRONT.replace("{}", f"{{gpus: {gpus}}}") + "# A\n\n```{code-cell} python\nx\n```\n"
    text = text.replace("x\n", "%%tab jax\nx\n")
    settings = BookSettings.model_validate(
        {
            "tabs": {
                name: {"name": name.upper(), "module": name, "requirements": "b.txt"}
                for name in ("jax", "mxnet")
            }
        }
    )
    section = read_section(text, "a.md", settings)
    projections = {tab: project(section, tab, settings) for tab in section.tabs}
    merged = merge(section, projections, {}, settings)
    assert [cell.metadata[METADATA_KEY]["note"] for cell in merged.cells if cell.cell_type == "code"] == [
        note
    ]
    assert f"not been executed, since it {words}" in merged.cells[1].source


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")
def test_the_site_shows_it_without_scripts_and_follows_the_store(tmp_path: Path):
    root = write_book(tmp_path, {"index": "# Welcome\n", "model": model_page("model")})

    def shown(made_with):
        fill_store(root, tabs=("pytorch", "jax"), made_with=made_with)
        site = build_site(Book.load(root), jobs=1, quiet=True)
        assert site.status == 0
        html = (site.page.parent / "model.html").read_text()
        note = html.split('<div class="tabbook-made-with', 1)[1].split("</div>", 1)[0]
        return re.findall(r"<li><p>(.*?)</p></li>", note)

    assert shown(MADE) == ["JAX 0.8.1, Python 3.11.9, GPU, 2026-11-21, 36 s"] * 2
    assert shown({**MADE, "device": "cpu"}) == ["JAX 0.8.1, Python 3.11.9, CPU, 2026-11-21, 36 s"] * 2
