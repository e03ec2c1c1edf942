"""Fixtures of the toolchain's tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
from core_helpers import same_bytes
from pytest_regressions.file_regression import FileRegressionFixture
from shared_fixtures import books_have_their_own_language, jobs_may_leave_notes

__all__ = ["books_have_their_own_language", "golden", "jobs_may_leave_notes"]
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden(file_regression: FileRegressionFixture) -> Callable[[str, str], None]:
    """Return a check that a text is what ``golden/NAME`` holds; ``--force-regen`` writes it anew."""

    def check(name: str, text: str) -> None:
        file_regression.check(
            text, fullpath=GOLDEN / name, extension="", check_fn=same_bytes, encoding="utf-8", newline=""
        )

    return check
