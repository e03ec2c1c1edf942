"""Fixtures of the toolchain's tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sphinx.domains.changeset  # noqa: F401 - its words are those of the language in which it is loaded
from core_helpers import same_bytes
from pytest_regressions.file_regression import FileRegressionFixture
from sphinx.locale import translators

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden(file_regression: FileRegressionFixture) -> Callable[[str, str], None]:
    """Return a check that a text is what ``golden/NAME`` holds; ``--force-regen`` writes it anew."""

    def check(name: str, text: str) -> None:
        file_regression.check(
            text, fullpath=GOLDEN / name, extension="", check_fn=same_bytes, encoding="utf-8", newline=""
        )

    return check


@pytest.fixture(autouse=True)
def jobs_may_leave_notes(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the jobs of tests, which may write to their own folders alone, write to those of tests, too."""
    monkeypatch.setenv("TABBOOK_WRITABLE", str(tmp_path_factory.getbasetemp()))


@pytest.fixture(autouse=True)
def books_have_their_own_language() -> None:
    """Forget the language of the last book: Sphinx keeps it for the process, and commands have one each."""
    translators.clear()
