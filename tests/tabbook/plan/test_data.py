"""Only the declared bytes are ever used, wherever they come from."""

import hashlib
import http.server
import logging
import os
import threading
import time

import fsspec
import pytest
from engine_helpers import DATA, DATA_SHA1, job

from tabbook.config import DataFile
from tabbook.execute.job import execute
from tabbook.plan import data
from tabbook.plan.data import cache_folder, find_all, search_folders


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path == "/slow":
            self.server.released.wait(10)
            return
        if self.path == "/error":
            self.send_error(503)
            return
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/words.txt")
            self.end_headers()
            return
        self.send_response(200)
        if self.path == "/gz":  # how some servers send files that are compressed themselves
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA[:5] if self.path == "/partial" else DATA.replace(b"t", self.server.letter))

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.letter, running.released, running.asked = b"t", threading.Event(), 0
        threading.Thread(target=running.serve_forever, daemon=True).start()
        running.url = f"http://127.0.0.1:{running.server_port}"
        yield running
        running.released.set()
        running.shutdown()


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("D2L_DATA", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "named", tmp_path / "cache/d2l"


def wanted(url="http://127.0.0.1:9/nobody"):
    return {"words.txt": DataFile(url=url, sha1=DATA_SHA1)}


def test_the_named_folder_comes_before_the_cache(folders):
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "words.txt").write_bytes(DATA)
    assert find_all(wanted(), ["words.txt"], fetch=False).paths == {"words.txt": folders[0] / "words.txt"}
    (folders[0] / "words.txt").unlink()
    assert find_all(wanted(), ["words.txt"], fetch=False).paths == {"words.txt": folders[1] / "words.txt"}


def test_without_variables_the_cache_is_the_users():
    assert str(cache_folder({})).endswith(".cache/d2l")
    assert search_folders({}) == (cache_folder({}),)


def test_a_wrong_file_is_passed_over_and_left_to_its_owner(folders, caplog):
    folders[0].mkdir()
    (folders[0] / "words.txt").write_bytes(b"other")
    found = find_all(wanted(), ["words.txt"], fetch=False)
    assert not found.paths
    assert set(found.missing) == {"words.txt"}
    assert "SHA-1" in caplog.text
    assert (folders[0] / "words.txt").read_bytes() == b"other"


def test_a_file_that_cannot_be_read_is_passed_over(folders, caplog):
    (folders[0] / "words.txt").mkdir(parents=True)
    with caplog.at_level(logging.WARNING):
        assert not find_all(wanted(), ["words.txt"], fetch=False).paths
    assert "cannot read" in caplog.text


def test_a_download_lands_in_the_cache_and_is_found_there(folders, server):
    found = find_all(wanted(server.url), ["words.txt", "words.txt"], fetch=True)
    assert found.paths == {"words.txt": folders[1] / "words.txt"}
    assert found.paths["words.txt"].read_bytes() == DATA
    assert [path.name for path in folders[1].iterdir()] == ["words.txt"]
    assert find_all(wanted(), ["words.txt"], fetch=False).paths == found.paths


def test_a_pipe_is_no_file_and_nobody_waits_for_it(folders, caplog):
    folders[0].mkdir()
    os.mkfifo(folders[0] / "words.txt")
    assert not find_all(wanted(), ["words.txt"], fetch=False).paths
    assert "it is not a file" in caplog.text


def test_mirrors_are_tried_in_turn_and_all_that_failed_are_named(folders, server):
    server.letter, wrong = b"T", DATA.replace(b"t", b"T")
    bad = [f"{server.url}/missing", server.url, "file:///nowhere/words.txt"]
    found = find_all(wanted(bad), ["words.txt"], fetch=True)
    assert found.missing["words.txt"] == (
        f"not in {folders[0]} or {folders[1]}, and the download failed: "
        f"{bad[0]}: there is no such file; "
        f"{bad[1]}: it is not the declared file: its SHA-1 is {hashlib.sha1(wrong).hexdigest()}; "
        f"{bad[2]}: [Errno 2] No such file or directory: '/nowhere/words.txt'"
    )
    assert not list(folders[1].iterdir())
    server.letter = b"t"
    found = find_all(wanted(bad), ["words.txt"], fetch=True)
    assert found.paths["words.txt"].read_bytes() == DATA
    assert server.asked == 4  # the first that has it is the last that is asked


@pytest.mark.parametrize("path", ["/gz", "/moved"])
def test_what_is_downloaded_are_the_bytes_that_the_server_has(folders, server, path):
    """A file that is compressed itself must not be unpacked on the way: its SHA-1 is that of the file."""
    found = find_all(wanted(server.url + path), ["words.txt"], fetch=True)
    assert found.paths["words.txt"].read_bytes() == DATA


@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_data_may_be_at_any_url_that_stores_may_be_at(folders, tmp_path, scheme):
    url = f"{scheme}://{tmp_path}/words.txt"
    with fsspec.open(url, "wb") as file:
        file.write(DATA)
    found = find_all(wanted(url), ["words.txt"], fetch=True)
    assert found.paths["words.txt"].read_bytes() == DATA


@pytest.mark.parametrize("path", ["/missing", "/partial", "/wrong", "/error"])
def test_a_bad_download_is_never_used_nor_left_behind(folders, server, path):
    server.letter = b"T" if path == "/wrong" else b"t"
    found = find_all(wanted(server.url + path), ["words.txt"], fetch=True)
    assert not found.paths
    assert "download failed" in found.missing["words.txt"]
    assert list(folders[1].iterdir()) == []


def test_a_wrong_file_in_the_cache_is_replaced(folders, server):
    folders[1].mkdir(parents=True)
    (folders[1] / "words.txt").write_bytes(b"half")
    assert find_all(wanted(server.url), ["words.txt"], fetch=True).paths["words.txt"].read_bytes() == DATA


def test_a_silent_server_is_given_up(folders, server):
    found = find_all(wanted(server.url + "/slow"), ["words.txt"], fetch=True, seconds=0.2)
    assert "it did not answer in time" in found.missing["words.txt"]


def test_a_proxy_that_the_environment_names_is_asked(folders, server, monkeypatch):
    """Data files and outputs come through one client, also from behind a firewall."""
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    found = find_all(wanted("http://nowhere.invalid/words.txt"), ["words.txt"], fetch=True)
    assert found.paths["words.txt"].read_bytes() == DATA


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/nobody", "nonsense", "file:///nowhere/words.txt"])
def test_an_address_that_answers_nothing_is_a_reason_not_an_error(folders, url):
    assert set(find_all(wanted(url), ["words.txt"], fetch=True).missing) == {"words.txt"}


def test_a_cache_that_cannot_be_written_is_a_reason_too(tmp_path, monkeypatch, server):
    monkeypatch.delenv("D2L_DATA", raising=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert set(find_all(wanted(server.url), ["words.txt"], fetch=True).missing) == {"words.txt"}


def test_a_download_that_failed_is_not_tried_again_for_some_time(folders, server, tmp_path):
    """Each run would wait for a server that does not answer, and use the stand-in then."""
    options = {"fetch": True, "notes": tmp_path / "notes"}
    gone, there = wanted(server.url + "/missing"), wanted(server.url)
    assert "there is no such file" in find_all(gone, ["words.txt"], **options).missing["words.txt"]
    (note,) = (tmp_path / "notes").iterdir()
    again = find_all(gone, ["words.txt"], **options).missing["words.txt"]
    assert "failed 0 min ago" in again
    assert "tabbook run --retry" in again
    assert server.asked == 1
    assert (
        "there is no such file" in find_all(gone, ["words.txt"], retry=True, **options).missing["words.txt"]
    )
    # After a while, or when the clock was set back, it is; and another address is nobody's fault.
    for shift in (-data.DOWNLOAD_RETRY_SECONDS - 1, 3600):
        os.utime(note, (time.time() + shift,) * 2)
        assert "there is no such file" in find_all(gone, ["words.txt"], **options).missing["words.txt"]
        assert abs(note.stat().st_mtime - time.time()) < 60
    assert find_all(there, ["words.txt"], **options).paths


def made_by(root, program, name="words.txt"):
    """Return the declaration of a file that this program in the book in ``root`` makes."""
    (root / "make.py").write_text(f"import sys\nfrom pathlib import Path\n{program}\n")
    return {name: DataFile(script="make.py", sha1=DATA_SHA1)}


WRITE = f"Path(sys.argv[1]).write_bytes({DATA!r})"


def test_a_script_makes_the_file_once(folders, tmp_path):
    log = tmp_path / "log"
    declared = made_by(tmp_path, f"open({str(log)!r}, 'a').write('x')\n{WRITE}")
    options = {"fetch": True, "root": tmp_path, "notes": tmp_path / "notes"}
    found = find_all(declared, ["words.txt"], fetch=False, root=tmp_path)
    assert found.missing == {"words.txt": f"not in {folders[0]} or {folders[1]}"}
    for _ in range(2):
        found = find_all(declared, ["words.txt"], **options)
        assert found.paths == {"words.txt": folders[1] / "words.txt"}
        assert found.paths["words.txt"].read_bytes() == DATA
    assert log.read_text() == "x" and [path.name for path in folders[1].iterdir()] == ["words.txt"]


def test_a_script_sees_no_variables_of_python(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    program = "import os\nassert {k: v for k, v in os.environ.items() if k[:6] == 'PYTHON'} == "
    program += "{'PYTHONHASHSEED': '0'}\nassert '/elsewhere' not in sys.path and Path('make.py').exists()\n"
    declared = made_by(tmp_path, program + WRITE)
    assert find_all(declared, ["words.txt"], fetch=True, root=tmp_path).paths


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("raise ValueError('no shirts')", "ValueError: no shirts"),
        ("sys.exit(3)", "it ended with status 3"),
        (
            "Path(sys.argv[1]).write_text('x')",
            f"it is not the declared file: its SHA-1 is {hashlib.sha1(b'x').hexdigest()}",
        ),
        ("import time; time.sleep(60)", "it took more than 0.5 s"),
    ],
)
def test_a_script_that_fails_leaves_nothing_and_says_why(folders, tmp_path, monkeypatch, program, why):
    monkeypatch.setattr(data.make, "__defaults__", (0.5,) if "sleep" in program else (60.0,))
    found = find_all(made_by(tmp_path, program), ["words.txt"], fetch=True, root=tmp_path)
    assert found.missing["words.txt"].partition(", and ")[2] == f"its script failed: make.py: {why}"
    assert not [*folders[1].iterdir()]


def test_a_job_knows_what_its_section_declares_whether_it_can_be_had_or_not(tmp_path):
    """The book's loader asks, and refuses what is not declared; see tests/d2l/test_text_sequence.py."""
    (tmp_path / "a.txt").write_bytes(DATA)
    source = "import os\nos.environ['TABBOOK_SECTION'], os.environ['TABBOOK_DATA']"
    spec = job(source, section="chapters/x.md", data={"a.txt": str(tmp_path / "a.txt")}, stand_ins=("b.txt",))
    ((output,),) = execute(spec).result.outputs
    assert output["data"]["text/plain"] == "('chapters/x.md', 'a.txt:b.txt')"
