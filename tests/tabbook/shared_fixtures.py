"""Fixtures that every test of the toolchain gets, those of its plugins too: conftest.py imports them."""

import pytest
import sphinx.domains.changeset  # noqa: F401 - its words are those of the language in which it is loaded
from hypothesis import HealthCheck, settings
from sphinx.locale import translators

# Properties say what is computed, never how quickly: an example may take long on a busy machine.
settings.register_profile("tabbook", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tabbook")


@pytest.fixture(autouse=True)
def jobs_may_leave_notes(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the jobs of tests, which may write to their own folders alone, write to those of tests, too."""
    monkeypatch.setenv("TABBOOK_WRITABLE", str(tmp_path_factory.getbasetemp()))


@pytest.fixture(autouse=True)
def books_have_their_own_language() -> None:
    """Forget the language of the last book: Sphinx keeps it for the process, and commands have one each."""
    translators.clear()
