"""A job is kept to its own folders: it changes neither the book nor other jobs, and sees no secrets.

Every attack is a cell that raises where it must not succeed, and is run as a book's job.
"""

from pathlib import Path

import pytest
from engine_helpers import code

from tabbook.execute.landlock import version

confined = pytest.mark.skipif(
    not version(), reason="this kernel has no Landlock (Linux 5.13): nothing confines jobs"
)

REFUSED = """
import os, pathlib, shutil, subprocess
book = pathlib.Path({book!r})
def refused(attempt):
    try:
        attempt()
    except (PermissionError, OSError) as error:
        assert error.errno in (1, 13, 18), error  # not permitted, no access, not across devices
    else:
        raise AssertionError("that was possible")
{attack}
'refused'
"""

ATTACKS = {
    "a section": "refused(lambda: (book / 'chapters/a.md').write_text('mine'))",
    "by appending": "refused(lambda: (book / 'chapters/a.md').open('a'))",
    "by truncating": "refused(lambda: os.truncate(book / 'chapters/a.md', 0))",
    "by removing": "refused((book / 'chapters/a.md').unlink)",
    "by a hard link": "refused(lambda: os.link(book / 'chapters/a.md', 'mine.md'))",
    "by a symbolic link": (
        "os.symlink(book / 'chapters/a.md', 'mine.md')\nrefused(lambda: open('mine.md', 'a'))"
    ),
    "by renaming": "refused(lambda: (book / 'chapters').rename(book / 'other'))",
    "by a relative path": "refused(lambda: open(os.path.relpath(book / 'chapters/a.md'), 'a'))",
    "by a child": "assert subprocess.run(['rm', '-rf', str(book / 'chapters')], stderr=-3).returncode",
    "by a child in its own session": (
        "assert subprocess.run(['sh', '-c', f'echo mine > {{book}}/chapters/a.md'], stderr=-3,"
        " start_new_session=True).returncode"
    ),
    "the configuration": "refused(lambda: (book / '_config.yml').write_text(''))",
    "the store": "refused(lambda: (book / '.tabbook/outputs/00').mkdir())",
    "an entry": (
        "entries = list((book / '.tabbook/outputs').glob('*/*.json'))\nassert entries\n"
        "refused(entries[0].unlink)"
    ),
    "the environment": "refused(lambda: (book / '.tabbook/environments/jax/bin/mine').write_text(''))",
    "the library": "import d2l\nrefused(lambda: pathlib.Path(d2l.__file__).write_text('mine'))",
    "the data": (
        "data = pathlib.Path(os.environ['D2L_DATA'], 'words.txt')\nassert data.read_text()\n"
        "refused(lambda: data.open('a'))"
    ),
    "another job's folder": (
        "own = pathlib.Path.cwd().parent\n"
        "refused(lambda: own.with_name('tabbook-other').mkdir())\nrefused(lambda: own.rename(str(own) + 'x'))"
    ),
    "the temporary folder": "refused(lambda: pathlib.Path('/tmp/tabbook-attack').write_text(''))",
    "processes": (
        "import signal\n"
        "for pid in {{int(os.environ['JPY_PARENT_PID']), os.getppid(), {tabbook}}}:\n"
        "    refused(lambda: os.kill(pid, signal.SIGKILL))"
    ),
    "the secrets of tabbook": (
        "for pid in {{os.getppid(), {tabbook}}}:\n    refused(lambda: open(f'/proc/{{pid}}/environ').read())"
    ),
}
"""What a job must not be able to do; ``book`` is the book's folder."""

TABBOOK = "int(open(f'/proc/{{os.getppid()}}/stat').read().rpartition(')')[2].split()[1])"
"""The process that started the guard of this kernel."""


def cell(name, text, book):
    """Return a code cell with one attack on ``book``."""
    attack = f"# {name}\n{text.format(tabbook=TABBOOK.format())}"
    return code(REFUSED.format(book=str(book), attack=attack).strip())


@confined
def test_what_a_job_must_not_do_it_cannot(faulty, tmp_path, monkeypatch):
    """All attacks in one job, so that the test is quick; each says which it is when it succeeds."""
    cells = "".join(cell(name, text, tmp_path / "book") for name, text in ATTACKS.items())
    data = "---\nfile_format: mystnb\ntabbook: {data: [words.txt]}\n---\n"
    book = faulty({"a": code("def f():  #@save\n    return 1"), "z": data + cells})
    (tmp_path / "data").mkdir()
    (tmp_path / "data/words.txt").write_bytes(b"It was a time machine.\n")
    book.variables |= {"D2L_DATA": str(tmp_path / "data")}
    book.go("run", "a")
    before = {path: path.read_bytes() for path in contents(book.root)}
    book.go("run", "z", "-t", "jax")
    kept = {path: path.read_bytes() for path in contents(book.root)}
    assert {path: kept.get(path) for path in before} == before
    assert len(book.trusted()) == 3
    assert (tmp_path / "data/words.txt").read_bytes() == b"It was a time machine.\n"


def contents(root: Path) -> list[Path]:
    """Return the files of a book, but for what any run writes for itself."""
    own = ("cache", "last", "seconds", "memory", "locks", "matplotlib")
    return [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file() and not any(part in own for part in path.relative_to(root).parts)
    ]


SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "s3cret-aws",
    "GITHUB_TOKEN": "s3cret-github",
    "HF_TOKEN": "s3cret-hf",
    "D2L_PASSWORD": "s3cret-d2l",
    "HTTPS_PROXY": "http://me:s3cret-proxy@127.0.0.1:9",
    "NETRC": "s3cret-netrc",
}


def test_a_job_sees_no_credentials_unless_they_are_named(faulty, tmp_path):
    """Neither among its variables nor in the home folder; one that is named it does see."""
    (tmp_path / "home/.aws").mkdir(parents=True)
    (tmp_path / "home/.netrc").write_text("machine x password s3cret-file")
    (tmp_path / "home/.aws/credentials").write_text("s3cret-file")
    look = """
import os, pathlib
seen = [f"{name}={value}" for name, value in os.environ.items()]
home = pathlib.Path.home()
seen += [str(path) for path in home.rglob("*") if "ipython" not in str(path)]
found = [text for text in seen if "s3cret" in text or ".aws" in text or ".netrc" in text]
found"""
    book = faulty({"a": code(look.strip())})
    book.variables |= {"HOME": str(tmp_path / "home"), **SECRETS, "TABBOOK_PASS_ENV": "FAULTS_MARK,HF_TOKEN"}
    book.go("run", "-t", "jax")
    [shown] = book.trusted().values()
    assert "['HF_TOKEN=s3cret-hf']" in shown


def test_the_library_is_checked_without_credentials(faulty, tmp_path):
    """It is imported in the environment before it is written: that runs the book's code, too."""
    body = "import os  #@save\nassert 'GITHUB_TOKEN' not in os.environ, 'seen'  #@save\nx = 1  #@save"
    book = faulty({"a": code(body)})
    book.variables |= SECRETS
    book.go("lib")


def test_a_folder_can_be_named_that_jobs_may_write(faulty, tmp_path):
    (tmp_path / "models").mkdir()
    book = faulty({"a": code(f"open({str(tmp_path / 'models/m')!r}, 'w').write('weights')")})
    book.variables |= {"TABBOOK_WRITABLE": f"/nowhere/at/all:{tmp_path / 'models'}"}
    book.go("run", "-t", "jax")
    assert (tmp_path / "models/m").read_text() == "weights"


def test_what_frameworks_need_to_write_they_can(faulty):
    """Shared memory, locks between processes, sockets, temporary files, the home folder, /dev/null."""
    source = """
import multiprocessing, os, pathlib, socket, tempfile
from multiprocessing import shared_memory
memory = shared_memory.SharedMemory(create=True, size=100)
memory.close(); memory.unlink()
context = multiprocessing.get_context("spawn")
lock, values = context.Lock(), context.Queue()
values.put(1); values.get()
socket.socketpair()
tempfile.NamedTemporaryFile().write(b"x")
(pathlib.Path.home() / ".cache").mkdir()
os.rename(tempfile.mkstemp()[1], "moved")
open(os.devnull, "w").write("x")"""
    book = faulty({"a": code(source.strip())})
    book.go("run", "-t", "jax")
