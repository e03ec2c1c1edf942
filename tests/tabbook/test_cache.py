"""The cache saves time and decides nothing: with it, without it, damaged or old, results are equal."""

import pickle

import pytest
from engine_helpers import LocalBook, code, make_book

from tabbook import cache
from tabbook.book import read_section
from tabbook.cache import Cache
from tabbook.errors import TabbookError
from tabbook.library.generator import generate
from tabbook.plan.planner import jobs

SECTIONS = {
    "a": code("import math  #@save\nx = 1") + code("def f():  #@save\n    return math.tanh(1)"),
    "b": code("%%tab jax\nfrom d2l import jax as d2l\nd2l.f()") + code("y = 2"),
}


def results(root):
    """Return all that is worked out of the book in ``root``, and keep it for next time."""
    book = LocalBook.load(root)
    texts = generate(book)
    found = texts, [(job.section, job.projection, job.key("cpu")) for job in jobs(book, library_texts=texts)]
    book.cache.save()
    return found


@pytest.fixture
def root(tmp_path):
    make_book(tmp_path, SECTIONS)
    return tmp_path


def forbid(monkeypatch):
    def never(*_arguments, **_options):
        raise AssertionError("computed again")

    for name in ("book.read_section", "book.project", "book.extract", "book.check_section"):
        monkeypatch.setattr(f"tabbook.{name}", never)
    for name in (
        "plan.planner.cells_use",
        "plan.planner.LibraryIndex",
        "library.generator.assemble",
        "keys.key.normal_code",
    ):
        monkeypatch.setattr(f"tabbook.{name}", never)


def test_nothing_is_computed_twice(root, monkeypatch):
    first = results(root)
    forbid(monkeypatch)
    assert results(root) == first


def test_one_section_changed_is_one_section_computed(root, monkeypatch):
    results(root)
    path = root / "chapters/b.md"
    path.write_text(path.read_text().replace("y = 2", "y = 3"))
    read = []
    monkeypatch.setattr(
        "tabbook.book.read_section", lambda *given: read.append(given[1]) or read_section(*given)
    )
    warm = results(root)
    assert read == ["chapters/b.md"]
    for file in (root / ".tabbook/cache").iterdir():
        file.unlink()
    assert results(root) == warm


def test_edited_prose_makes_no_module_again(root, monkeypatch):
    first = results(root)
    path = root / "chapters/a.md"
    path.write_text(path.read_text().replace("# a\n", "# a\n\nMore prose, so the code stands lower.\n"))

    def never(*_arguments):
        raise AssertionError("computed again")

    monkeypatch.setattr("tabbook.library.generator.assemble", never)
    assert results(root)[0] == first[0]
    path.write_text(path.read_text().replace("math.tanh(1)", "d2l.tanh(2)"))
    with pytest.raises(AssertionError, match="computed again"):
        results(root)


def damage(data, how):
    return {
        "empty": b"",
        "half": data[: len(data) // 2],
        "changed": data[:-1] + bytes([data[-1] ^ 1]),
        "not ours": pickle.dumps({"section": b"x"}),
    }[how]


@pytest.mark.parametrize("how", ["empty", "half", "changed", "not ours"])
def test_a_damaged_file_is_computed_again_and_replaced(root, how, monkeypatch):
    first = results(root)
    for file in (root / ".tabbook/cache").iterdir():
        file.write_bytes(damage(file.read_bytes(), how))
    assert results(root) == first
    forbid(monkeypatch)
    assert results(root) == first


def test_other_settings_and_other_code_make_it_worthless(root, monkeypatch):
    first = results(root)
    config = root / "_config.yml"
    config.write_text(config.read_text() + "\n")
    assert results(root) == first
    text = config.read_text().replace(
        "data:", "names: {tanh: {pytorch: sys.tanh, jax: sys.tanh}}\n      data:"
    )
    config.write_text(text)
    assert "sys.tanh" in next(iter(results(root)[0].values()))
    monkeypatch.setattr(cache, "_fingerprint", lambda: b"other code")
    with pytest.raises(AssertionError, match="computed again"):
        forbid(monkeypatch)
        results(root)


def test_faults_are_found_again(root):
    path = root / "chapters/a.md"
    path.write_text(path.read_text().replace("x = 1", "x = = 1"))
    said = []
    for _ in range(2):
        with pytest.raises(TabbookError) as caught:
            results(root)
        LocalBook.load(root).cache.save()
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "chapters/a.md" in said[0]


def test_a_folder_that_cannot_be_written_costs_time_alone(tmp_path):
    (tmp_path / "file").touch()
    made = Cache(tmp_path / "file", "")
    assert made.entry("a", b"x").get("n", lambda: 1) == 1
    made.save()
    assert Cache(tmp_path / "file", "").entry("a", b"x").get("n", lambda: 2) == 2


def test_an_entry_is_of_one_content(tmp_path):
    made = Cache(tmp_path, "")
    made.entry("a", b"x").get("n", lambda: 1)
    made.save()
    assert made.entry("a", b"x") is made.find("a")
    assert Cache(tmp_path, "").entry("a", b"x").get("n", lambda: 2) == 1
    assert Cache(tmp_path, "").entry("a", b"y").get("n", lambda: 2) == 2
    assert Cache(tmp_path, "s").entry("a", b"x").get("n", lambda: 2) == 2
    assert Cache(tmp_path, "").entry("b", b"x").get("n", lambda: 2) == 2
    assert Cache(tmp_path, "").find("a") is None
