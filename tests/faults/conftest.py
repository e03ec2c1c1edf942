"""Fixtures of the fault suite: books whose runs may leave nothing behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults_helpers import FaultyBook, make, tidy


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Callable[..., FaultyBook]]:
    """Return how to make a book; after the test nothing of its runs may be left."""
    made: list[FaultyBook] = []

    def new(sections, where="", **settings):
        made.append(make(tmp_path / where, sections, **settings))
        return made[-1]

    yield new
    left = [thing for book in made for thing in book.left()]
    for book in made:
        tidy(book)
    assert left == []
