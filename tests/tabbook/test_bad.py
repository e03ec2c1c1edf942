"""Every fault, from a tiny file in ``bad/``: what it says is in the ``.txt`` beside it."""

from pathlib import Path

import pytest
from core_helpers import HERE, faults_of
from pytest_regressions.file_regression import FileRegressionFixture

from tabbook.book import Book
from tabbook.config import read_settings
from tabbook.contents import read_contents
from tabbook.errors import ConfigError, TabbookError
from tabbook.project.projection import check_idioms

BAD = HERE / "bad"
SECTIONS = sorted(BAD.glob("*.md"))
CONFIGURATIONS = sorted(BAD.glob("*.yml"))


def check(regression: FileRegressionFixture, path: Path, faults: list[str]) -> None:
    assert faults, f"{path.name} has no fault"
    regression.check(
        "\n".join(faults) + "\n", fullpath=path.with_suffix(".txt"), extension="", encoding="utf-8"
    )


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_bad_sections(path: Path, file_regression: FileRegressionFixture) -> None:
    check(file_regression, path, faults_of(path.read_text(encoding="utf-8"), path.name))


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_bad_configurations(path: Path, file_regression: FileRegressionFixture) -> None:
    text = path.read_text(encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        if path.stem.startswith("toc"):
            read_contents(text, path.name)
        else:
            check_idioms(read_settings(text, path.name), text)
    check(file_regression, path, [str(fault) for fault in caught.value.faults])


def test_every_message_of_bad_belongs_to_an_input() -> None:
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in [*SECTIONS, *CONFIGURATIONS]}


def test_all_faults_of_a_book_are_reported_together_and_in_order(tmp_path: Path) -> None:
    settings = (HERE / "books" / "small" / "_config.yml").read_text(encoding="utf-8")
    (tmp_path / "_config.yml").write_text(settings, encoding="utf-8")
    names = ["two-titles", "python", "save-in-body", "method-of-nobody", "code-open"]
    files = "".join(f"- file: {name}\n" for name in [*reversed(names[:1] + names[2:]), "nowhere"])
    (tmp_path / "_toc.yml").write_text(f"format: jb-book\nroot: python\nchapters:\n{files}", encoding="utf-8")
    for name in names:
        (tmp_path / f"{name}.md").write_text(
            (BAD / f"{name}.md").read_text(encoding="utf-8"), encoding="utf-8"
        )
    with pytest.raises(TabbookError) as caught:
        Book.load(tmp_path).check()
    assert [(fault.path, fault.line) for fault in caught.value.faults] == [
        ("_toc.yml", 8),
        ("code-open.md", 6),
        ("python.md", 8),
        ("python.md", 13),
        ("save-in-body.md", 8),
        ("save-in-body.md", 13),
        ("two-titles.md", 5),
    ]  # methods of no class come to light when the library is put together, which has to wait
