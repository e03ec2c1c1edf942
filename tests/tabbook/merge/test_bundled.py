"""Outputs that come with a section: shown with the cell that they belong to, and no other."""

from pathlib import Path

from core_helpers import SETTINGS, section
from engine_helpers import code, make_book

from tabbook.merge.bundled import BundledCell, cell_hash, dump, load, outputs_path, parse, result
from tabbook.model import Projection, Result
from tabbook.plan.outputs import page_result
from tabbook.plan.planner import device_class, job
from tabbook.project.projection import project
from tabbook.read.section import read_section
from tabbook.store.local import Store

ONE = ({"output_type": "stream", "name": "stdout", "text": "one\n"},)
TWO = ({"output_type": "stream", "name": "stdout", "text": "two\n"},)


def projected(*cells: str, tab: str = "jax") -> Projection:
    return project(read_section(section(*cells), "a.md", SETTINGS), tab, SETTINGS)


def test_outputs_stay_with_their_cell_when_the_page_grows() -> None:
    cells = [BundledCell(cell_hash("print(1)"), 0, None, ONE)]
    before, after = projected("print(1)"), projected("x = 0", "print(1)")
    assert result(cells, before).outputs == (ONE,)  # type: ignore[union-attr]
    assert result(cells, after).outputs == ((), ONE)  # type: ignore[union-attr]


def test_outputs_of_a_cell_that_was_edited_are_gone() -> None:
    cells = [BundledCell(cell_hash("print(1)"), 0, None, ONE)]
    assert result(cells, projected("print(2)")) is None


def test_the_same_code_twice_has_outputs_of_its_own() -> None:
    digest = cell_hash("print(x)")
    cells = [BundledCell(digest, 1, None, TWO), BundledCell(digest, 0, None, ONE)]
    assert result(cells, projected("print(x)", "print(x)")).outputs == (ONE, TWO)  # type: ignore[union-attr]


def test_outputs_made_in_one_tab_are_no_other_tabs() -> None:
    cells = [BundledCell(cell_hash("print(1)"), 0, ("jax",), ONE)]
    assert result(cells, projected("print(1)", tab="jax")) is not None
    assert result(cells, projected("print(1)", tab="pytorch")) is None


def test_what_is_written_is_read_and_what_is_broken_counts_as_nothing(tmp_path: Path) -> None:
    cells = (BundledCell("0" * 64, 0, ("jax",), ONE), BundledCell("1" * 64, 2, None, TWO))
    text = dump(cells)
    assert parse(text) == cells
    assert dump(parse(text)) == text
    path = tmp_path / outputs_path("chapters/a.md")
    path.parent.mkdir()
    path.write_text(text)
    assert load(tmp_path, "chapters/a.md") == cells
    for broken in ("", "[]", '{"format": "other", "cells": []}', text.replace('"number"', '"n"')):
        path.write_text(broken)
        assert load(tmp_path, "chapters/a.md") == ()
    assert load(tmp_path, "chapters/b.md") == ()


def test_readers_see_the_stores_outputs_and_else_those_that_came_along(tmp_path: Path) -> None:
    """Pages and exports ask one function: an export must not miss what its page shows."""
    book = make_book(tmp_path, {"a": code("print(1)")})
    page = book.read("chapters/a.md")
    path = tmp_path / outputs_path(page.path)
    path.write_text(dump([BundledCell(cell_hash("print(1)"), 0, ("jax",), ONE)]))
    assert page_result(book, page, "jax").outputs == (ONE,)
    assert page_result(book, page, "pytorch") is None
    key = job(book, page, "jax").key(device_class()).digest
    Store(book.outputs).put(Result(key, page.path, "jax", (TWO,)))
    assert page_result(book, page, "jax").outputs == (TWO,)
