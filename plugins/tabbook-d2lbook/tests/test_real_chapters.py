"""The five real chapters: each imports, and its forms come out as ours; nothing of them is kept here."""

import ast
import re
from pathlib import Path

import pytest

from tabbook.book import Book
from tabbook.importers.report import Report
from tabbook.library.generator import generate
from tabbook.merge.bundled import load, result
from tabbook_d2lbook import import_book

CHAPTERS = Path(__file__).parents[4] / "shared" / "real-chapters"

pytestmark = pytest.mark.skipif(
    not CHAPTERS.is_dir(), reason="the real chapters are not there: ../shared/real-chapters"
)


def imported(number: str, folder: Path) -> tuple[Book, Report, str]:
    """Import one chapter; return the book, the report and the page's text."""
    source = next(CHAPTERS.glob(f"{number}_*"))
    report = import_book(source, folder / "book")
    page = (folder / "book" / f"{source.stem}.md").read_text(encoding="utf-8")
    return Book.load(folder / "book"), report, page


def kinds(book: Book, tab: str) -> list[str]:
    """Return the kinds of the outputs that came with the one page for ``tab``."""
    section = book.sections[0]
    found = result(load(book.root, section.path), book.project(section, tab))
    return [output["output_type"] for outputs in (found.outputs if found else ()) for output in outputs]


@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_our_own_tools_take_every_chapter(number: str, tmp_path: Path) -> None:
    book, _, text = imported(number, tmp_path)
    book.check(imports=False)
    for path, module in generate(book).items():
        compile(module, path, "exec")
    for tab in book.settings.tabs:
        for cell in book.project(book.sections[0], tab).code_cells:
            assert "tab.selected" not in cell.source
    for old in (":numref:", ":label:", ":begin_tab:", "{.python", "{.json", "d2lbook.tab", "Ignored to run"):
        assert old not in text


def test_the_draft_has_its_faults_reported_and_its_outputs_shown(tmp_path: Path) -> None:
    book, report, text = imported("000", tmp_path)
    assert tuple(book.settings.tabs) == ("mxnet", "pytorch", "tensorflow")
    assert [(fault.line, fault.kind) for fault in report.faults] == [
        (224, "python"), (270, "python"), (516, "python"), (703, "tab"), (788, "tab"),
    ]  # fmt: skip
    assert text.count("The code below does not run.") == 5
    assert kinds(book, "pytorch") == ["execute_result", "execute_result"]
    assert kinds(book, "mxnet") == []


def test_the_finished_section_is_complete(tmp_path: Path) -> None:
    book, report, text = imported("001", tmp_path)
    assert report.faults == ()
    assert tuple(book.settings.tabs) == ("mxnet", "pytorch", "tensorflow", "jax")
    assert "(sec_rnn-scratch)=\n# " in text
    assert text.count("{numref}") == 8
    assert "(**$$\n" in text
    module = ast.parse(generate(book)["d2l_lib/d2l/jax.py"])
    classes = {
        n.name: [m.name for m in n.body if isinstance(m, ast.FunctionDef)]
        for n in module.body
        if isinstance(n, ast.ClassDef)
    }
    assert classes["RNNScratch"] == ["setup", "__call__"]
    assert {"setup", "one_hot", "output_layer", "forward", "predict"} <= set(classes["RNNLMScratch"])


def test_the_translation_keeps_its_text_whole(tmp_path: Path) -> None:
    book, report, text = imported("002", tmp_path)
    assert report.faults == ()
    assert next(iter(book.settings.tabs)) == "mxnet"
    assert re.search(r"[\u4e00-\u9fff]\{numref\}`[\w-]+`[\u4e00-\u9fff]", text)
    source = next(CHAPTERS.glob("002_*")).read_text(encoding="utf-8")
    plain = re.sub(r"```.*?^```", "", source, flags=re.DOTALL | re.MULTILINE)
    ours = re.sub(r"```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    assert re.findall(r"[\u4e00-\u9fff]+", ours) == re.findall(r"[\u4e00-\u9fff]+", plain)
    counts = {tab: len(book.project(book.sections[0], tab).code_cells) for tab in book.settings.tabs}
    assert counts == {"mxnet": 16, "pytorch": 16, "tensorflow": 17}


def test_the_exported_notebook_has_its_outputs(tmp_path: Path) -> None:
    book, report, text = imported("003", tmp_path)
    assert tuple(book.settings.tabs) == ("mxnet",)
    assert [fault.kind for fault in report.faults] == ["image", "image"]
    assert "%%tab" not in text
    assert kinds(book, "mxnet") == [*["execute_result"] * 3, *["stream", "display_data"] * 2]


def test_figures_and_tracebacks_of_the_older_section(tmp_path: Path) -> None:
    book, report, _ = imported("004", tmp_path)
    assert [(fault.line, fault.kind) for fault in report.faults] == [(787, "python")]
    assert sorted({kind for tab in book.settings.tabs for kind in kinds(book, tab)}) == [
        "display_data", "error", "execute_result", "stream",
    ]  # fmt: skip
    stored = load(book.root, book.sections[0].path)
    assert any("image/svg+xml" in output.get("data", {}) for cell in stored for output in cell.outputs)
