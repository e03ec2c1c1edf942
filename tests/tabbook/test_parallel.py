"""Work shared among processes is done, all of it, whatever becomes of the processes."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial

import pytest
import yaml
from engine_helpers import LocalBook, code, make_book

from tabbook import book as books
from tabbook import parallel
from tabbook.errors import TabbookError
from tabbook.library.generator import generate
from tabbook.plan.planner import jobs, prepare

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


def write(folder, items):
    for item in items:
        (folder / f"{item}").write_text(f"{os.getpid()}")


@pytest.fixture
def cores(monkeypatch):
    monkeypatch.setattr(parallel, "_usable_cores", lambda: 3)


@linux
def test_every_item_is_worked_on_once_and_by_all_processes(tmp_path, cores):
    parallel.run_in_parts(partial(write, tmp_path), list(range(10)))
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert sorted(found, key=int) == [str(number) for number in range(10)]
    assert len(set(found.values())) == 3
    assert found["0"] == str(os.getpid())


@pytest.mark.parametrize("items", [[], [1]])
def test_little_work_forks_nothing(tmp_path, items, cores, monkeypatch):
    monkeypatch.setattr(parallel, "_fork", lambda *_: pytest.fail("forked"))
    parallel.run_in_parts(partial(write, tmp_path), items)
    assert len(list(tmp_path.iterdir())) == len(items)


def test_nothing_is_forked_beside_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "_fork", lambda *_: pytest.fail("forked"))
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        parallel.run_in_parts(partial(write, tmp_path), list(range(3)))
    finally:
        done.set()
        thread.join()
    assert len(list(tmp_path.iterdir())) == 3


@linux
@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 1 / 0])
def test_a_process_that_fails_says_nothing_and_leaves_its_part(tmp_path, end, cores, capfd):
    own = os.getpid()

    def work(items):
        if os.getpid() != own:
            end()
        write(tmp_path, items)

    parallel.run_in_parts(work, list(range(6)))
    assert {path.name for path in tmp_path.iterdir()} == {"0", "3"}
    assert capfd.readouterr() == ("", "")


@linux
def test_the_first_process_ends_the_others_when_it_is_stopped(tmp_path, cores):
    own, (read_end, write_end) = os.getpid(), os.pipe()

    def work(items):
        if os.getpid() == own:
            raise KeyboardInterrupt
        signal.pause()  # with the pipe's other end held open

    with pytest.raises(KeyboardInterrupt):
        parallel.run_in_parts(work, list(range(3)))
    os.close(write_end)
    assert os.read(read_end, 1) == b""  # nobody holds it: they are gone


SECTIONS = {
    f"s{number}": code(
        f"class C{number}:  #@save\n    def f(self, x):\n        return math.tanh(x)\nimport math  #@save"
    )
    + code(f"%%tab jax\nfrom d2l import jax as d2l\nd2l.C{number // 2}().f(d2l.tanh({number}))")
    for number in range(20)
}


def results(root, prepared):
    book = LocalBook.load(root)
    if prepared:
        prepare(book)
    texts = generate(book)
    return texts, [(job.section, job.projection, job.key("cpu")) for job in jobs(book, library_texts=texts)]


@linux
@pytest.mark.parametrize("large", [False, True])
def test_a_book_is_the_same_however_many_processes_read_it(tmp_path, large, cores, monkeypatch):
    make_book(tmp_path, SECTIONS)
    expected = results(tmp_path, prepared=False)
    if large:  # then the library's modules are shared, too
        monkeypatch.setattr("tabbook.library.generator._MIN_PARALLEL_STATEMENTS", 1)
        monkeypatch.setattr("tabbook.plan.planner._MIN_PARALLEL_CHARACTERS", 1)
    assert results(tmp_path, prepared=True) == expected
    monkeypatch.setattr("tabbook.parallel._fork", lambda *_: pytest.fail("forked although all is known"))
    assert results(tmp_path, prepared=True) == expected


@linux
def test_other_processes_write_what_this_one_takes(tmp_path, cores, monkeypatch):
    make_book(tmp_path, SECTIONS)
    book, read, read_section = LocalBook.load(tmp_path), [], books.read_section
    monkeypatch.setattr(
        "tabbook.book.read_section", lambda *given: read.append(given[1]) or read_section(*given)
    )
    prepare(book)
    assert len(book.sections) == len(book.files)
    assert 0 < len(read) < len(book.files) / 2


@linux
def test_faults_are_those_of_one_process(tmp_path, cores):
    make_book(tmp_path, SECTIONS | {"s3": "```{code-cell}\nopen", "s4": code("x = = 1  #@save")})
    (tmp_path / "chapters/s5.md").unlink()

    def faults(*, prepared):
        book = LocalBook.load(tmp_path)
        if prepared:
            book.prepare_check()
        with pytest.raises(TabbookError) as caught:
            book.check()
        return caught.value.faults

    assert faults(prepared=True) == faults(prepared=False)


def test_no_command_leaves_processes_or_words_of_theirs(tmp_path):
    sections = {name: text.replace("d2l import jax", "d2l import rest") for name, text in SECTIONS.items()}
    make_book(tmp_path, sections, names={"tanh": dict.fromkeys(("pytorch", "jax"), "lambda x: x")})
    config = yaml.safe_load((tmp_path / "_config.yml").read_text())
    config["sphinx"]["config"]["tabbook"]["tabs"]["jax"]["module"] = "rest"
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "tabbook", "check", "--book", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("no fault") == 1


def test_work_that_is_begun_is_done_even_if_its_process_is_not():
    """The value comes from the other process; where that ends too early, this one does the work."""
    here = os.getpid()
    assert parallel.run_in_fork(lambda: [1, 2])() == [1, 2]
    assert parallel.run_in_fork(lambda: here if os.getpid() == here else os._exit(1))() == here
