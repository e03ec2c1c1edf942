"""`tabbook store` shows, checks, tidies and shares outputs; what the book uses is never lost."""

import os
import time

import pytest
from engine_helpers import code, make_book

from tabbook.cli import main
from tabbook.model import Result
from tabbook.plan.planner import jobs
from tabbook.store.local import Store

OLD = "f" * 64
MADE = {"framework": "JAX 0.8", "device": "cpu", "date": "2026-11-21T10:00:00Z", "seconds": 61.5}
DAY = 86_400


@pytest.fixture
def book(tmp_path):
    """A book with outputs for everything, and an entry that nobody uses, 40 days old all of them."""
    book = make_book(tmp_path / "book", {"a": code("x = 1"), "b": code("x = 2")})
    store = Store(book.outputs)
    for key, section, tab in (
        *((job.key("cpu").digest, job.section.path, job.tab) for job in jobs(book)),
        (OLD, "chapters/gone.md", "jax"),
    ):
        path = store.put(Result(key, section, tab, ((),), MADE))
        os.utime(path, (time.time() - 40 * DAY,) * 2)
    return book


def keys(book):
    return set(Store(book.outputs).keys())


def damage(book, key):
    path = Store(book.outputs).path(key)
    written = path.stat().st_mtime
    path.write_bytes(path.read_bytes()[:-9])
    os.utime(path, (written, written))


def go(book, *arguments):
    return main(["store", *arguments, "--book", str(book.root)])


def test_list_says_what_there_is(book, capsys):
    damage(book, OLD)
    assert go(book, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert sum("  used  " in line for line in lines) == 4
    assert any("chapters/a.md · jax  JAX 0.8 · cpu · 2026-11-21T10:00:00Z · 61.5 s" in line for line in lines)
    assert lines[0].startswith(OLD[:12])
    assert "damaged: its content does not match its hash" in lines[0]
    assert lines[-1].startswith("5 entries, ")


def test_verify_counts_what_is_damaged(book, capsys):
    assert go(book, "verify") == 0
    assert "none damaged" in capsys.readouterr().out
    damage(book, OLD)
    assert go(book, "verify") == 1
    printed = capsys.readouterr().err
    assert f"{OLD}.json: its content" in printed
    assert "1 damaged" in printed


def test_gc_removes_what_nobody_uses(book, capsys):
    everything = keys(book)
    assert go(book, "gc", "--dry-run") == 0
    assert "would be removed; 4 stay" in capsys.readouterr().out
    assert go(book, "gc", "--keep", "50") == 0
    assert keys(book) == everything
    assert go(book, "gc") == 0
    assert "removed 1 entry" in capsys.readouterr().out.splitlines()[-1]
    assert keys(book) == everything - {OLD}


def test_gc_forgets_failures_of_jobs_that_the_book_does_not_have(book, capsys):
    """They would pile up for ever: each edit of a cell that fails makes a key of its own."""
    known = min(keys(book) - {OLD})
    folder = book.work / "failures"
    folder.mkdir()
    for name, age in ((known, 99), ("1" * 64, 99), ("2" * 64, 1)):
        (folder / f"{name}.json").write_text("{}")
        os.utime(folder / f"{name}.json", (time.time() - age * 86_400,) * 2)
    assert go(book, "gc", "--dry-run") == 0
    assert "1 failure of jobs that the book does not have would be forgotten" in capsys.readouterr().out
    assert go(book, "gc") == 0
    assert {path.stem for path in folder.iterdir()} == {known, "2" * 64}


def test_gc_removes_what_is_damaged_although_it_is_used(book):
    used = sorted(keys(book) - {OLD})
    damage(book, used[0])
    assert go(book, "gc") == 0
    assert keys(book) == set(used[1:])


def test_gc_removes_nothing_while_nobody_knows_what_the_book_uses(book):
    everything = keys(book)
    (book.root / "chapters/a.md").write_text(
        "---\nfile_format: mystnb\ntabbook: {}\n---\n# A\n\n```{code-cell} python\nx\n"
    )
    assert go(book, "gc", "--keep", "0") == 1
    assert keys(book) == everything


def test_gc_keeps_what_the_book_uses_before_and_after_its_library_is_written(tmp_path):
    uses = code("from d2l import nbclient as d2l\nd2l.f()")
    saved = code("def f():  #@save\n    return 1")
    book = make_book(tmp_path, {"a": saved + uses})
    store = Store(book.outputs)
    for _ in range(2):
        for planned in jobs(book, tabs=["pytorch"]):
            path = store.put(Result(planned.key("cpu").digest, "chapters/a.md", "pytorch", ()))
            os.utime(path, (time.time() - 40 * DAY,) * 2)
        main(["lib", "--book", str(book.root)])
        book = make_book(tmp_path, {"a": saved + uses})
    before = keys(book)
    book.library_file("pytorch").unlink()
    assert go(book, "gc") == 0
    assert keys(book) == before
    assert len(before) == 2


def test_what_one_clone_pushes_another_takes_and_executes_nothing(book, tmp_path, capsys):
    url = (tmp_path / "shared").as_uri()
    assert go(book, "push", url) == 0
    assert f"4 copied to {url}, 0 were there" in capsys.readouterr().out
    assert go(book, "push", url, "--all") == 0
    assert "1 copied" in capsys.readouterr().out
    clone = make_book(tmp_path / "clone", {"a": code("x = 1"), "b": code("x = 2")}, remote=url)
    assert main(["run", "--pull", "--book", str(clone.root)]) == 0
    assert f"4 taken from {url}" in capsys.readouterr().out
    assert keys(clone) == keys(book) - {OLD}


def test_a_remote_that_is_not_there_costs_a_warning(book, tmp_path, capsys):
    assert main(["run", "--remote", "http://127.0.0.1:9/x", "--book", str(book.root)]) == 0
    assert capsys.readouterr().err.count("could not be used") == 0  # nothing was wanted of it
    clone = make_book(tmp_path / "clone", {"a": code("x = 1")})
    assert main(["run", "--remote", "http://127.0.0.1:9/x", "--book", str(clone.root)]) == 1
    printed = capsys.readouterr().err
    assert printed.count("warning: http://127.0.0.1:9/x could not be used") == 1


@pytest.mark.parametrize("arguments", [["store", "push"], ["run", "--pull"]])
def test_without_an_address_there_is_nothing_to_do(book, capsys, arguments):
    assert main([*arguments, "--book", str(book.root)]) == 2
    assert "set remote:" in capsys.readouterr().err
