"""Fixtures that every test of the toolchain gets, those of its plugins too: conftest.py imports them."""

import pytest
import sphinx.domains.changeset  # noqa: F401 - its words are those of the language in which it is loaded
from sphinx.locale import translators


@pytest.fixture(autouse=True)
def jobs_may_leave_notes(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the jobs of tests, which may write to their own folders alone, write to those of tests, too."""
    monkeypatch.setenv("TABBOOK_WRITABLE", str(tmp_path_factory.getbasetemp()))


@pytest.fixture(autouse=True)
def books_have_their_own_language() -> None:
    """Forget the language of the last book: Sphinx keeps it for the process, and commands have one each."""
    translators.clear()
