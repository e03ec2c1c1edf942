"""The site carries the outputs that its pages show, and a clone can live on them."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from render_helpers import fill_store, model_page, outputs_of, write_book

from tabbook.book import Book
from tabbook.model import Result
from tabbook.plan.planner import jobs
from tabbook.plan.used_keys import SITE_STORE, copy_entries, pull_outputs
from tabbook.render.site import build_site
from tabbook.store.entry import decode
from tabbook.store.local import Store

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")
NAMES = ("model", *(f"model{number}" for number in range(2, 8)))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def build(root: Path, jobs: int = 1) -> Store:
    book = Book.load(root)
    build_site(book, jobs=jobs, quiet=True, warnings_as_errors=False)
    return Store(book.site / SITE_STORE)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_book(tmp_path / "book", {"index": "# Welcome\n", "model": model_page("model")})
    fill_store(root)
    return root


def test_what_pages_show_is_published_over_http_and_nothing_else(root, tmp_path, monkeypatch):
    monkeypatch.setenv("TABBOOK_DEVICE", "cpu")
    book = Book.load(root)
    store = Store(book.outputs)
    used = sorted(store.keys())
    store.put(Result("f" * 64, "gone.md", "jax", ()))
    published = build(root)
    assert sorted(published.keys()) == used
    assert all(published.path(key).read_bytes() == store.path(key).read_bytes() for key in used)

    clone = Book.load(write_book(tmp_path / "clone", {"index": "# Hi\n", "model": model_page("model")}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(book.site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        pulled = pull_outputs(clone, f"http://127.0.0.1:{server.server_port}/{SITE_STORE}")
    finally:
        server.shutdown()
        server.server_close()
    assert (sorted(pulled.keys), pulled.warning) == (used, "")
    assert all(Store(clone.outputs).get(job.key("cpu").digest) for job in jobs(clone))


def test_the_next_build_publishes_what_changed(root):
    before = set(build(root).keys())
    source = root / "model.md"
    source.write_text(source.read_text().replace("only_here()", "only_now()"))
    fill_store(root)
    after = set(build(root).keys())
    assert len(after) == 3
    assert len(after - before) == 1  # the cell is PyTorch's alone
    again = Store(root / ".tabbook/outputs")
    for key in after:
        assert decode(again.path(key).read_bytes(), key).section == "model.md"
    (root / "model.md").unlink()
    (root / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    assert set(build(root).keys()) == set()


def test_pages_that_other_processes_read_publish_theirs(tmp_path):
    pages = {"index": "# Welcome\n", **{name: model_page(name) for name in NAMES}}
    root = write_book(tmp_path / "book", pages)
    fill_store(root, show=lambda cell, tab: outputs_of(cell, tab)[:1])
    published = build(root, jobs=2)
    assert sorted(published.keys()) == sorted(Store(Book.load(root).outputs).keys())


def test_publishing_again_copies_what_was_made_anew_and_nothing_else(tmp_path):
    store, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    one, two = "1" * 64, "2" * 64
    for key in (one, two):
        store.put(Result(key, "a.md", "jax", ()))
    copy_entries(store, [one, two, "3" * 64], there.root)
    times = {key: there.path(key).stat().st_ino for key in (one, two)}
    store.put(Result(two, "a.md", "jax", ((),)))
    copy_entries(store, [one, two], there.root)
    assert there.path(one).stat().st_ino == times[one]
    assert there.get(two) == store.get(two)
    copy_entries(store, [two], there.root)
    assert list(there.keys()) == [two]
    assert not list(there.root.rglob("*.part"))
