"""The benchmarks count what they say they count, and the book they measure with is a book."""

import subprocess
import sys
from pathlib import Path

import pytest
from engine_helpers import code, make_book

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import make_book as generator
import replay

from tabbook.library import generate
from tabbook.status import status


def test_a_replay_counts_runs_and_stale_pages(tmp_path):
    def commit(**changed):
        for name, (old, new) in changed.items():
            path = tmp_path / f"chapters/{name}.md"
            path.write_text(path.read_text().replace(old, new))
        replay.git(tmp_path, "add", "-A")
        author = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        replay.git(tmp_path, *author, "commit", "-qm", "x")

    sections = {
        "s": code("%%tab pytorch\ndef f():  #@save\n    return 1"),
        "a": code("%%tab pytorch\nfrom d2l import nbclient as d2l\nd2l.f()"),
        "b": code("%%tab pytorch\nx = 1"),
    }
    make_book(tmp_path, sections)
    try:
        replay.git(tmp_path, "init", "-q")
    except FileNotFoundError:
        pytest.skip("git is not installed")
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


def test_a_history_that_is_none_fails(tmp_path):
    with pytest.raises(subprocess.CalledProcessError):
        replay.replay(tmp_path, None, imported=False)


def test_the_large_book_is_one_and_is_the_same_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr("tabbook.status.device_class", lambda: "cpu")
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
