"""Fixtures of the toolchain's tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from core_helpers import same_bytes
from pytest_regressions.file_regression import FileRegressionFixture
from shared_fixtures import books_have_their_own_language, jobs_may_leave_notes

__all__ = ["books_have_their_own_language", "golden", "jobs_may_leave_notes"]

# Tests read what Sphinx and others print. A CI that asks for colours, by one of these, gets none here.
for name in ("CI", "FORCE_COLOR", "FORCE_COLOUR", "CLICOLOR_FORCE", "GITHUB_ACTIONS"):
    os.environ.pop(name, None)

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden(file_regression: FileRegressionFixture) -> Callable[[str, str], None]:
    """Return a check that a text is what ``golden/NAME`` holds; ``--force-regen`` writes it anew."""

    def check(name: str, text: str) -> None:
        file_regression.check(
            text, fullpath=GOLDEN / name, extension="", check_fn=same_bytes, encoding="utf-8", newline=""
        )

    return check
