"""Outputs come from elsewhere whole or not at all, and nothing there can hold up or break a run."""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import pytest
import trustme
from engine_helpers import code, make_book, with_data

from tabbook.errors import StoreError
from tabbook.model import Result
from tabbook.plan.outputs import StoredOutputs
from tabbook.plan.planner import jobs
from tabbook.plan.used_keys import pull_outputs, used_keys
from tabbook.store.local import Store
from tabbook.store.remote import pull, push

KEYS = tuple(f"{n:064x}" for n in range(30))
OUTPUTS = (({"output_type": "stream", "name": "stdout", "text": "1\n"},),)


def result(key):
    return Result(key, "chapters/a.md", "jax", OUTPUTS, {"seconds": 1.0})


@contextlib.contextmanager
def served(handler, tls=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def answering(answer):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *args):
            pass

    return Handler


@pytest.fixture
def full(tmp_path):
    store = Store(tmp_path / "full")
    for key in KEYS[:20]:
        store.put(result(key))
    return store


@pytest.fixture(params=["file", "path", "memory", "http"])
def url(request, full):
    """The address of a store elsewhere that has the first 20 of `KEYS`."""
    if request.param == "path":
        yield str(full.root)
    elif request.param == "file":
        yield full.root.as_uri() + "/"
    elif request.param == "memory":
        push("memory://outputs", full, KEYS)
        yield "memory://outputs"
        fsspec.filesystem("memory").rm("/outputs", recursive=True)
    else:
        with served(partial(Quiet, directory=str(full.root))) as address:
            yield address


def test_what_is_there_comes_and_what_is_not_does_not(url, full, tmp_path):
    store = Store(tmp_path / "here")
    pulled = pull(url, store, [[key] for key in KEYS])
    assert (pulled.keys, pulled.warning) == (KEYS[:20], "")
    assert tuple(store.keys()) == KEYS[:20]
    assert all(store.path(key).read_bytes() == full.path(key).read_bytes() for key in KEYS[:20])


def test_the_best_of_a_jobs_keys_is_taken_alone(url, tmp_path):
    store = Store(tmp_path / "here")
    assert pull(url, store, [KEYS[25:26] + KEYS[3:6], KEYS[26:]]).keys == (KEYS[3],)
    assert tuple(store.keys()) == (KEYS[3],)


def test_damaged_entries_stay_where_they_are(url, full, tmp_path):
    store, bad = Store(tmp_path / "here"), full.path(KEYS[1])
    if url.startswith("memory"):
        fsspec.filesystem("memory").pipe_file(f"/outputs/00/{KEYS[1]}.json", b"<html>Welcome</html>")
    else:
        bad.write_bytes(full.path(KEYS[2]).read_bytes())  # whole, but another key's
    pulled = pull(url, store, [KEYS[:1], KEYS[1:2], KEYS[2:3]])
    assert pulled.keys == (KEYS[0], KEYS[2])
    assert "1 of its entries are damaged" in pulled.warning
    assert url in pulled.warning


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def hang(handler):
    time.sleep(20)


def trickle(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.2)


def fail(handler):
    handler.send_error(500)


def nonsense(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"<html>Log in first</html>")


def endless(handler):
    """More than memory holds, as fast as it is taken."""
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(bytes(1 << 20))


def astray(handler):
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.end_headers()


@pytest.mark.parametrize("answer", [hang, trickle, fail, nonsense, astray])
def test_a_server_that_misbehaves_costs_a_warning(tmp_path, answer):
    store, start = Store(tmp_path), time.monotonic()
    with served(answering(answer)) as address:
        pulled = pull(address, store, [[key] for key in KEYS], timeout=0.5)
    assert pulled.keys == ()
    assert pulled.warning.startswith(address)
    assert "\n" not in pulled.warning
    assert time.monotonic() - start < 10
    assert list(store.keys()) == []


def test_an_answer_without_end_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("tabbook.store.remote._MAX_ENTRY_BYTES", 20 << 20)
    with served(answering(endless)) as address:
        pulled = pull(address, Store(tmp_path), [KEYS[:1]], timeout=20)
    assert "1 of its entries are damaged" in pulled.warning


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/x", "nosuchprotocol://x", "https://[broken"])
def test_an_address_where_nobody_is_costs_a_warning(tmp_path, address):
    pulled = pull(address.format(port=closed_port()), Store(tmp_path), [[key] for key in KEYS], timeout=2)
    assert pulled.keys == ()
    assert pulled.warning


def test_a_folder_that_is_not_there_has_nothing(tmp_path):
    pulled = pull(str(tmp_path / "nowhere"), Store(tmp_path / "here"), [KEYS[:1]])
    assert (pulled.keys, pulled.warning) == ((), "")


TAKE = """
import sys
from pathlib import Path
from tabbook.store.local import Store
from tabbook.store.remote import pull
pulled = pull(sys.argv[1], Store(Path(sys.argv[2])), [[key] for key in sys.argv[3:]])
print(len(pulled.keys), pulled.warning)
"""


@pytest.mark.parametrize("trusted", [True, False])
def test_over_https_only_a_site_with_a_certificate_is_believed(full, tmp_path, trusted):
    """In a process of its own: which authorities to trust is read once."""
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    variables = {"SSL_CERT_FILE": str(tmp_path / "authority.pem")} if trusted else {}
    with served(partial(Quiet, directory=full.root), tls) as url:
        done = subprocess.run(
            [sys.executable, "-c", TAKE, url, str(tmp_path / "here"), *KEYS[:5]],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=True,
        )
    count, _, warning = done.stdout.partition(" ")
    assert count == ("5" if trusted else "0")
    assert ("CERTIFICATE_VERIFY_FAILED" in warning) is not trusted
    assert len(list(Store(tmp_path / "here").keys())) == int(count)


def test_patience_ends_even_with_a_server_that_is_just_fast_enough(tmp_path):
    def slow(handler):
        time.sleep(0.3)
        handler.send_error(404)

    start = time.monotonic()
    with served(answering(slow)) as address:
        pulled = pull(address, Store(tmp_path), [[key] * 40 for key in KEYS], timeout=5, total_timeout=1)
    assert "in time" in pulled.warning
    assert time.monotonic() - start < 4


def test_a_store_here_that_cannot_be_written_costs_a_warning(full, tmp_path):
    (tmp_path / "here").write_text("in the way")
    pulled = pull(str(full.root), Store(tmp_path / "here"), [[key] for key in KEYS])
    assert pulled.keys == ()
    assert pulled.warning


@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_pushing_copies_what_is_new_and_whole(full, tmp_path, scheme):
    address = "memory://pushed" if scheme == "memory" else (tmp_path / "there").as_uri()
    first = push(address, full, [*KEYS[:3], KEYS[29]])
    assert (first.new, first.existing) == (KEYS[:3], ())
    full.path(KEYS[4]).write_bytes(b"{}")
    again = push(address, full, KEYS[:6])
    assert (again.new, again.existing) == ((KEYS[3], KEYS[5]), KEYS[:3])
    assert pull(address, Store(tmp_path / "here"), [[key] for key in KEYS]).keys == (*KEYS[:4], KEYS[5])
    if scheme == "memory":
        fsspec.filesystem("memory").rm("/pushed", recursive=True)


def test_pushing_keeps_what_others_made_and_mends_what_is_damaged(full, tmp_path):
    there = Store(tmp_path / "there")
    other = replace(result(KEYS[0]), made_with={"seconds": 222.0})
    there.put(other)
    there.path(KEYS[1]).write_bytes(b"half")
    pushed = push(str(there.root), full, KEYS[:2])
    assert (pushed.new, pushed.existing) == ((KEYS[1],), (KEYS[0],))
    assert there.get(KEYS[0]) == other
    assert there.get(KEYS[1]) == full.get(KEYS[1])


def test_a_site_can_only_be_read(full):
    with (
        served(partial(Quiet, directory=str(full.root.parent))) as address,
        pytest.raises(StoreError, match="cannot be written: 501"),
    ):
        push(f"{address}/other", full, KEYS[:1])


def test_pushing_where_nobody_is_is_an_error(full):
    with pytest.raises(StoreError, match="cannot be written"):
        push("nosuchprotocol://x", full, KEYS[:1])


class TestBook:
    @pytest.fixture
    def book(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tabbook.plan.used_keys.device_class", lambda: "cpu")
        return make_book(tmp_path / "book", {"a": with_data(code("x = 1")), "b": code("x = 2")})

    def fill(self, book, store, device="cpu"):
        keys = [job.key(device).digest for job in jobs(book)]
        for key in keys:
            store.put(result(key))
        return sorted(keys)

    def test_a_book_takes_what_it_would_execute(self, book, tmp_path):
        there = Store(tmp_path / "there")
        keys = self.fill(book, there)
        (b,) = book.find(("b",))
        (first,) = pull_outputs(book, str(there.root), [b], ["jax"]).keys
        assert first in keys
        assert sorted(pull_outputs(book, str(there.root)).keys) == sorted(set(keys) - {first})
        assert pull_outputs(book, str(there.root)).keys == ()

    def test_a_machine_without_a_gpu_takes_what_one_with_it_made(self, book, tmp_path):
        there = Store(tmp_path / "there")
        keys = self.fill(book, there, "gpu")
        assert sorted(pull_outputs(book, str(there.root)).keys) == keys

    def test_a_machine_without_the_data_takes_what_was_made_without_it(self, book, tmp_path, monkeypatch):
        """A run would execute it with a stand-in all the same; what was made with the data comes first."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        there, (a,) = Store(tmp_path / "there"), book.find(("a",))
        (planned,) = jobs(book, [a], ["jax"])
        without, whole = (planned.key("cpu", missing).digest for missing in (["words.txt"], ()))
        there.put(result(without))
        assert pull_outputs(book, str(there.root), [a], ["jax"]).keys == (without,)
        assert pull_outputs(book, str(there.root), [a], ["jax"]).keys == ()
        there.put(result(whole))
        assert pull_outputs(book, str(there.root), [a], ["jax"]).keys == (whole,)

    def test_what_a_book_uses_is_all_that_its_pages_may_show(self, book):
        used, holdings = used_keys(book), StoredOutputs(Store(book.outputs))
        for job in jobs(book):
            assert {
                job.key(device, missing).digest for device in ("cpu", "gpu") for missing in ([], job.data)
            } == {*holdings.keys(job)}
            assert {*holdings.keys(job)} <= used
        by_name = {(job.section.name, job.tab): len([*holdings.keys(job)]) for job in jobs(book)}
        assert by_name == {("a", "pytorch"): 4, ("a", "jax"): 4, ("b", "pytorch"): 2, ("b", "jax"): 2}
