"""The benchmarks count what they say they count, and the book they measure with is a book."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from engine_helpers import code, make_book

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import lib
import make_book as generator
import pages
import peer
import replay
import timing

from tabbook.book import Book
from tabbook.library.generator import generate
from tabbook.status.overview import status
from tabbook_d2lbook import import_book


@pytest.fixture
def commit(tmp_path):
    """Make the repository ``tmp_path`` and return what commits all of it after replacements in pages."""
    try:
        replay.git(tmp_path, "init", "-q")
    except FileNotFoundError:
        pytest.skip("git is not installed")

    def commit(**changed):
        for name, (old, new) in changed.items():
            path = next(tmp_path.rglob(f"{name}.md"))
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))
        replay.git(tmp_path, "add", "-A")
        author = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        replay.git(tmp_path, *author, "commit", "-qm", "x")

    return commit


def test_a_replay_counts_runs_and_stale_pages(tmp_path, commit):
    sections = {
        "s": code("%%tab pytorch\ndef f():  #@save\n    return 1"),
        "a": code("%%tab pytorch\nfrom d2l import nbclient as d2l\nd2l.f()"),
        "b": code("%%tab pytorch\nx = 1"),
    }
    make_book(tmp_path, sections)
    commit()
    commit(b=("# b", "# b\n\nMore prose."))
    commit(s=("return 1", "return 2"))
    commit(s=("return 2", "return = 2"))
    commit(s=("return = 2", "return 1"))
    policies, commits, total, left_out = replay.replay(tmp_path, None, imported=False)
    assert (commits, total, left_out) == (4, 12, 1)
    counted = [(policy.executed, policy.stale) for policy in policies]
    # Everything; s, a, b, then b, s, s, with a stale once; s, a, b, s; s, a, b, s, a.
    assert counted == [(12, 0), (6, 1), (4, 1), (5, 0)]


def test_a_replay_imports_every_commit_of_a_d2lbook_project(tmp_path, commit):
    (tmp_path / "plans.txt").write_text("To write a book.")
    commit()
    peer.make(tmp_path, 2)
    commit()
    commit(p1=("It has a method", "It has a good method"))
    commit(p0=("return d2l.tanh(d2l.matmul(X, X))", "return d2l.matmul(X, X)"))
    (tmp_path / "c0/index.md").write_text("# Chapter 0\n\n```toc\np0\n```\n")
    (tmp_path / "c0/p1.md").unlink()
    commit()
    policies, commits, total, left_out = replay.replay(tmp_path, None, imported=True)
    # Two pages in four tabs, three times, and one of them in the end, when c0's other page is gone.
    assert (commits, total, left_out) == (4, 3 * 8 + 4, 1)
    executed = [policy.executed for policy in policies]
    # By time stamps: all, p1, p0. By code: all, p0. By keys also p0 again, which looks into
    # sys.modules, and so may use what went with p1.
    assert executed == [28, 16, 12, 16]
    assert [policy.stale for policy in policies] == [0, 4, 4, 0]


def test_a_history_that_is_none_fails(tmp_path):
    with pytest.raises(subprocess.CalledProcessError):
        replay.replay(tmp_path, None, imported=False)


def test_the_large_book_is_one_and_is_the_same_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr("tabbook.status.overview.device_class", lambda: "cpu")
    book, again = generator.make(tmp_path / "one", 6), generator.make(tmp_path / "two", 6)
    texts = generate(book)
    assert texts == generate(again)
    book.check()
    for path, text in texts.items():
        (tmp_path / "one" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "one" / path).write_text(text)
    generator.fill_store(book)
    report = status(book)
    assert len(report.jobs) == 24
    assert report.ok


def test_the_project_to_measure_with_can_be_imported_without_a_fault(tmp_path):
    report = import_book(peer.make(tmp_path / "source", 3), tmp_path / "ours")
    assert report.faults == ()
    book = Book.load(tmp_path / "ours")
    assert list(book.settings.tabs) == peer.tabs_of(tmp_path / "source")
    texts = [text for path, text in generate(book).items() if not path.endswith("__init__.py")]
    assert len(texts) == 4
    for text in texts:
        classes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}
        assert len(classes) == 15
        assert "d2l.matmul(X, X)" in ast.unparse(classes["Net2x4"].body[-1])


def test_both_tools_make_the_library_from_the_same_start(tmp_path):
    source, theirs = peer.project(peer.options("").parse_args(["--pages", "1"]), tmp_path)
    import_book(source, tmp_path / "ours")
    written = theirs / "d2l/new.py"
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\nopen({str(written)!r}, 'x')\n")  # fails if it is there
    program.chmod(0o755)
    taken = lib.measure(tmp_path / "ours", theirs, program, 2)
    assert [len(runs) for runs in taken.values()] == [2, 2, 2]
    assert written.exists()
    assert len(list((tmp_path / "ours/d2l_lib/d2l").glob("*.py"))) == 5
    assert [line.endswith(" 1.0 x") for line in lib.table(taken).splitlines()][:1] == [True]


def test_a_command_that_fails_ends_the_measurement():
    python = (sys.executable, "-c")
    taken = timing.run(*python, "b = b'x' * 80_000_000; raise SystemExit(1)")
    assert taken.seconds > 0
    assert taken.cpu > 0
    assert 80 < taken.megabytes < 1000
    ballast = b"x" * 150_000_000  # what whoever measures takes does not count
    small = timing.run(*python, "").megabytes
    assert small < 60, len(ballast)
    with pytest.raises(SystemExit, match="what was wrong"):
        timing.run(*python, "print('what was wrong'); raise SystemExit(2)")
    assert timing.best(*python, "", repeats=2).seconds > 0


def test_the_plain_book_beside_ours_is_one_framework_in_plain_notebooks(tmp_path):
    import_book(peer.make(tmp_path / "source", 3), tmp_path / "ours")
    book = Book.load(tmp_path / "ours")
    plain = pages.plain_book(book, tmp_path / "plain", "jax")
    assert {path.relative_to(plain).as_posix() for path in plain.rglob("*.md")} == set(book.files)
    assert "tabbook.render" not in (plain / "_config.yml").read_text()
    (path,) = plain.rglob("p2.md")
    text = path.read_text()
    assert text.count("{code-cell}") == 16, "of 34 for four frameworks"
    assert "self.rate = 2 * rate" in text and "self.rate = rate" not in text
    assert "jnp.tanh(jnp.matmul(X, X))" in text and "%%tab" not in text


def test_the_pages_that_a_build_has_read_are_counted(tmp_path):
    old, new = (tmp_path / "_build/.doctrees" / f"{name}.doctree" for name in ("old", "new"))
    old.parent.mkdir(parents=True)
    old.touch()
    os.utime(old, (0, 0))
    write = (sys.executable, "-c", f"open({str(new)!r}, 'x')")
    taken, read = pages.build(tmp_path, write)
    assert read == 1
    shown = pages.table({"cold": {"plain": [(taken, 1)], "ours": [(taken, 1)]}})
    assert [line.endswith(" 1.00 x  1.00 x CPU") for line in shown.splitlines()] == [True, True]
