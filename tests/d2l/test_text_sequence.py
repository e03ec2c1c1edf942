"""From raw text to numbers: the vocabulary, and a loader that never hands out a wrong file."""

import hashlib
import http.server
import os
import threading
import time
from pathlib import Path

import pytest

NAME = "timemachine.txt"
BOOK = b"The Time Machine, by H. G. Wells [1898]\n\nThe Time Traveller (for so it will be\n"
OTHER = b"The War of the Worlds, by H. G. Wells [1898]\n"


class Server:
    """A web server on this machine whose answers, and misbehaviour, a test chooses."""

    def __init__(self):
        self.mode, self.body, self.requests = "good", BOOK, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.requests += 1
                self.close_connection = True
                if outer.mode == "missing":
                    self.send_error(404)
                    return
                if outer.mode == "rude":  # It hangs up without an answer
                    return
                self.send_response(200)
                if outer.mode == "chunked":  # It hangs up in the middle of a chunk
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    self.wfile.write(b"%x\r\n" % len(outer.body) + outer.body[:20])
                    return
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                if outer.mode == "partial":
                    self.wfile.write(outer.body[:20])
                elif outer.mode == "drip":  # Each byte is in time, the file never is
                    for i in range(40):
                        self.wfile.write(outer.body[i : i + 1])
                        self.wfile.flush()
                        time.sleep(0.05)
                elif outer.mode == "silent":
                    time.sleep(2)
                else:
                    self.wfile.write(outer.body)

            def log_message(self, *args):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # A client that gave up is what some tests want

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{NAME}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def cache(d2l, server, tmp_path, monkeypatch):
    """An empty cache; no other place to look in; the server stands for the book's."""
    for name in ("D2L_DATA", "D2L_DATA_OFFLINE", "D2L_STRICT_DATA", "TABBOOK_SECTION", "TABBOOK_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(d2l.DATA_HUB, NAME, (server.url, hashlib.sha1(BOOK).hexdigest()))
    monkeypatch.delitem(d2l.DATA_MIRRORS, NAME)
    return tmp_path / "cache" / "d2l"


def names(folder):
    """Return the names of all files in a folder, whatever they begin or end with."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_the_registered_corpus_is_the_one_of_the_book(d2l):
    url, sha1 = d2l.DATA_HUB[NAME]
    assert url == d2l.DATA_URL + NAME == "http://d2l-data.s3-accelerate.amazonaws.com/timemachine.txt"
    assert sha1 == "090b5e7e70c295757f55df93cb0a180b9691891a"


def test_downloads_once_into_the_cache(d2l, server, cache):
    path = d2l.data_file(NAME)
    assert path == cache / NAME and path.read_bytes() == BOOK
    assert names(cache) == [NAME]
    assert d2l.data_file(NAME) == path and server.requests == 1


def test_the_cache_is_in_the_home_folder_unless_told_otherwise(d2l, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert d2l.cache_folder() == tmp_path / ".cache" / "d2l"


def test_the_users_folder_comes_first(d2l, server, cache, tmp_path, monkeypatch):
    cache.mkdir(parents=True)
    (cache / NAME).write_bytes(BOOK)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / NAME).write_bytes(BOOK)
    monkeypatch.setenv("D2L_DATA", str(tmp_path / "mine"))
    assert d2l.data_file(NAME) == tmp_path / "mine" / NAME
    assert server.requests == 0


def test_a_wrong_file_of_the_user_is_reported_kept_and_not_used(
    d2l, server, cache, tmp_path, monkeypatch, capsys
):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / NAME).write_bytes(OTHER)
    monkeypatch.setenv("D2L_DATA", str(mine))
    assert d2l.data_file(NAME) == cache / NAME
    assert str(mine / NAME) in capsys.readouterr().out
    assert (mine / NAME).read_bytes() == OTHER


def test_a_folder_of_the_user_without_the_file_is_passed_over_in_silence(
    d2l, cache, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("D2L_DATA", str(tmp_path / "nowhere"))
    assert d2l.data_file(NAME) == cache / NAME
    assert capsys.readouterr().out == ""


def test_a_wrong_file_in_the_cache_is_replaced(d2l, server, cache):
    cache.mkdir(parents=True)
    (cache / NAME).write_bytes(BOOK[:-1])
    assert d2l.data_file(NAME).read_bytes() == BOOK
    assert names(cache) == [NAME]


@pytest.mark.parametrize("mode", ["missing", "offline"])
def test_a_wrong_file_in_the_cache_is_removed_even_if_there_is_no_other(
    d2l, server, cache, mode, monkeypatch
):
    cache.mkdir(parents=True)
    (cache / NAME).write_bytes(OTHER)
    server.mode = mode
    if mode == "offline":
        monkeypatch.setenv("D2L_DATA_OFFLINE", "1")
    with pytest.raises(FileNotFoundError):
        d2l.data_file(NAME)
    assert names(cache) == []


@pytest.mark.parametrize("mode", ["partial", "chunked", "missing", "rude"])
def test_what_did_not_arrive_whole_is_neither_used_nor_left_behind(d2l, server, cache, mode):
    server.mode = mode
    with pytest.raises(FileNotFoundError, match=server.url):
        d2l.data_file(NAME)
    assert names(cache) == []


def test_what_arrives_but_is_another_file_is_neither_used_nor_left_behind(d2l, server, cache):
    server.body = OTHER
    with pytest.raises(FileNotFoundError, match="SHA-1"):
        d2l.data_file(NAME)
    assert names(cache) == []


@pytest.mark.parametrize("mode", ["drip", "silent"])
def test_a_download_gives_up_in_time(d2l, server, cache, mode):
    server.mode = mode
    start = time.monotonic()
    with pytest.raises(OSError):
        d2l.download(server.url, cache, timeout=0.3)
    assert time.monotonic() - start < 1.5
    assert names(cache) == []


def test_a_part_is_noticed_without_a_digest_too(d2l, server, cache):
    server.mode = "partial"
    with pytest.raises(OSError, match="missing"):
        d2l.download(server.url, cache)
    assert names(cache) == []


def test_offline_nothing_is_asked_for(d2l, server, cache, monkeypatch):
    monkeypatch.setenv("D2L_DATA_OFFLINE", "1")
    with pytest.raises(FileNotFoundError, match="D2L_DATA_OFFLINE"):
        d2l.data_file(NAME)
    assert server.requests == 0 and names(cache) == []


@pytest.mark.parametrize(
    ("declared", "line"),
    [((), "data: [timemachine.txt]"), (("a.txt", "b.txt"), "data: [a.txt, b.txt, timemachine.txt]")],
)
@pytest.mark.parametrize("there", [True, False])
def test_a_section_that_is_built_reads_only_what_it_declares(
    d2l, server, cache, tmp_path, monkeypatch, capsys, declared, line, there
):
    """Neither the real file nor a stand-in: both would be outputs that do not follow the file."""
    (tmp_path / "mine").mkdir()
    if there:
        (tmp_path / "mine" / NAME).write_bytes(BOOK)
    monkeypatch.setenv("D2L_DATA", str(tmp_path / "mine"))
    monkeypatch.setenv("TABBOOK_SECTION", "chapters/x/y.md")
    monkeypatch.setenv("TABBOOK_DATA", os.pathsep.join(declared))
    for read in (d2l.data_file, d2l.data_text):
        with pytest.raises(LookupError) as error:
            read(NAME)
        assert str(error.value) == (
            f"chapters/x/y.md does not declare {NAME}: write '{line}' under tabbook in its front matter"
        )
    assert capsys.readouterr().out == "" and server.requests == 0
    monkeypatch.setenv("TABBOOK_DATA", os.pathsep.join((*declared, NAME)))
    assert d2l.data_text(NAME) == BOOK.decode()


def test_offline_the_cache_still_serves(d2l, server, cache, monkeypatch):
    cache.mkdir(parents=True)
    (cache / NAME).write_bytes(BOOK)
    monkeypatch.setenv("D2L_DATA_OFFLINE", "1")
    assert d2l.data_file(NAME).read_bytes() == BOOK
    assert server.requests == 0


def test_the_error_names_every_place(d2l, server, cache, tmp_path, monkeypatch):
    server.mode = "missing"
    monkeypatch.setenv("D2L_DATA", str(tmp_path / "mine"))
    with pytest.raises(FileNotFoundError) as error:
        d2l.data_file(NAME)
    assert str(tmp_path / "mine" / NAME) in str(error.value) and server.url in str(error.value)


@pytest.mark.parametrize("mode", ["missing", "partial", "other"])
def test_a_mirror_is_asked_when_the_first_address_fails(d2l, server, cache, monkeypatch, mode):
    second = Server()
    monkeypatch.setitem(d2l.DATA_MIRRORS, NAME, ["http://127.0.0.1:9/gone/" + NAME, second.url])
    server.mode, server.body = mode, OTHER if mode == "other" else BOOK
    assert d2l.data_file(NAME).read_bytes() == BOOK
    assert server.requests == second.requests == 1 and names(cache) == [NAME]
    second.mode = "missing"
    (cache / NAME).unlink()
    with pytest.raises(FileNotFoundError) as error:
        d2l.data_file(NAME)
    tried = [line.partition(": ")[0] for line in str(error.value).splitlines()[1:]]
    assert tried == [server.url, "http://127.0.0.1:9/gone/" + NAME, second.url]
    second.server.shutdown()
    second.server.server_close()


def test_download_takes_the_arguments_that_older_code_gives(d2l, server, cache, tmp_path):
    path = d2l.download(server.url, str(tmp_path / "data"), hashlib.sha1(BOOK).hexdigest())
    assert path == str(tmp_path / "data" / NAME)
    assert Path(path).read_bytes() == BOOK


def test_without_the_corpus_a_stand_in_is_announced(d2l, server, cache, capsys):
    server.mode = "missing"
    text = d2l.data_text(NAME)
    out = capsys.readouterr().out
    assert "STAND-IN DATA" in out and NAME in out and server.url in out
    assert text == d2l.data_text(NAME)  # The same each time
    assert names(cache) == []


def test_the_stand_in_reads_as_a_book_does_and_is_frozen(d2l, server, cache, corpus):
    """Outputs are made from it: another text needs another name, which the keys of jobs see."""
    server.mode = "missing"
    text = d2l.data_text(NAME)
    assert hashlib.sha1(text.encode()).hexdigest() == "24103bc063c3db9fa43b01276961f3c609d48a39"
    indices, vocab = corpus.build(text)
    assert len(vocab) == 28 and len(indices) > 50_000  # 26 letters, the space and <unk>
    words = corpus._preprocess(text).split()
    assert 4 < len(indices) / len(words) < 6
    assert {word for word, _ in d2l.Vocab(words).token_freqs[:10]} >= {"the", "of", "and", "a"}


def test_with_the_corpus_nothing_is_announced(d2l, cache, capsys):
    assert d2l.data_text(NAME) == BOOK.decode()
    assert capsys.readouterr().out == ""


def test_strict_data_makes_the_stand_in_an_error(d2l, server, cache, monkeypatch, capsys):
    server.mode = "missing"
    monkeypatch.setenv("D2L_STRICT_DATA", "1")
    with pytest.raises(FileNotFoundError):
        d2l.data_text(NAME)
    assert "STAND-IN" not in capsys.readouterr().out


def test_time_machine_reads_the_corpus(d2l, cache):
    assert d2l.TimeMachine._download(None) == BOOK.decode()


@pytest.fixture
def corpus(d2l):
    """The methods of `TimeMachine`, without its constructor, which needs the data."""
    return object.__new__(d2l.TimeMachine)


def test_preprocess_keeps_letters_and_single_spaces(corpus):
    assert corpus._preprocess("Don't -- 42 times,\n\nMr. É!") == "don t times mr "


def test_tokens_are_characters(corpus):
    assert corpus._tokenize("a b") == ["a", " ", "b"]


def test_build_numbers_a_text_and_can_be_undone(corpus):
    indices, vocab = corpus.build("The  Time-Machine")
    assert all(isinstance(idx, int) for idx in indices)
    assert "".join(vocab.to_tokens(indices)) == "the time machine"


def test_build_with_a_vocabulary_keeps_its_numbers(corpus):
    _, vocab = corpus.build("abc")
    indices, same = corpus.build("c x", vocab)
    assert same is vocab
    assert indices == [vocab["c"], vocab.unk, vocab.unk]


def test_vocab_counts_by_frequency_and_numbers_by_the_alphabet(d2l):
    vocab = d2l.Vocab(list("banana cab"))
    assert vocab.token_freqs == [("a", 4), ("b", 2), ("n", 2), (" ", 1), ("c", 1)]
    assert vocab.idx_to_token == [" ", "<unk>", "a", "b", "c", "n"]
    assert vocab.token_to_idx == {token: i for i, token in enumerate(vocab.idx_to_token)}
    assert len(vocab) == 6 and vocab.unk == 1


def test_vocab_min_freq_leaves_out_the_rarer(d2l):
    vocab = d2l.Vocab(list("aaabbc"), min_freq=2)
    assert vocab.idx_to_token == ["<unk>", "a", "b"]
    assert vocab["c"] == vocab.unk
    assert ("c", 1) in vocab.token_freqs  # Counted all the same


def test_vocab_reserved_tokens_are_numbered_with_the_others_and_not_repeated(d2l):
    vocab = d2l.Vocab(["<bos>", "a", "a"], reserved_tokens=["<pad>", "<bos>"])
    assert vocab.idx_to_token == ["<bos>", "<pad>", "<unk>", "a"]


def test_vocab_takes_lines_of_tokens(d2l):
    assert d2l.Vocab([["a", "b"], ["a"]]).token_freqs == [("a", 2), ("b", 1)]


def test_vocab_may_be_empty(d2l):
    vocab = d2l.Vocab()
    assert vocab.idx_to_token == ["<unk>"] and vocab["x"] == 0


def test_vocab_translates_single_tokens_and_nested_lists(d2l):
    vocab = d2l.Vocab(list("aab"))
    assert vocab["b"] == 2 and vocab[["a", ("b", "?")]] == [1, [2, 0]]
    assert vocab.to_tokens(2) == "b" and vocab.to_tokens([1]) == ["a"]
    assert vocab.to_tokens([[1, 2], [0]]) == [["a", "b"], ["<unk>"]]


def test_vocab_translates_tensors(d2l):
    vocab = d2l.Vocab(list("aab"))
    indices = d2l.tensor([[1, 2], [2, 0]])
    assert vocab.to_tokens(indices) == [["a", "b"], ["b", "<unk>"]]
    assert vocab.to_tokens(indices[0][1]) == "b"
