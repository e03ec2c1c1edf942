"""A store that is damaged, full, read-only, or in an odd place: no result is lost, and none is wrong."""

import contextlib
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from engine_helpers import code

BOOK = {"a": code("x = 1\nx"), "b": code("print('b')\n2")}


def truncated(path, other):
    path.write_bytes(path.read_bytes()[:-40])


def emptied(path, other):
    path.write_bytes(b"")


def garbage(path, other):
    path.write_bytes(os.urandom(2000))


def zeroed(path, other):
    """What some file systems leave after a crash."""
    path.write_bytes(bytes(path.stat().st_size))


def of_another_key(path, other):
    path.write_bytes(other.read_bytes())


def a_link_to_another(path, other):
    path.unlink()
    path.symlink_to(other)


def a_link_to_nowhere(path, other):
    path.unlink()
    path.symlink_to("nowhere")


def a_link_to_itself(path, other):
    path.unlink()
    path.symlink_to(path)


def a_folder(path, other):
    path.unlink()
    (path / "sub").mkdir(parents=True)


def a_pipe(path, other):
    """Whoever opens it waits for ever."""
    path.unlink()
    os.mkfifo(path)


def unreadable(path, other):
    path.write_bytes(b"{}")
    path.chmod(0)


DAMAGES = [
    truncated, emptied, garbage, zeroed, of_another_key, a_link_to_another, a_link_to_nowhere,
    a_link_to_itself, a_folder, a_pipe, unreadable,
]  # fmt: skip


def test_a_damaged_entry_is_executed_again_and_replaced(faulty):
    """All kinds of damage in one book, so that it takes one run; the result is as it was."""
    sections = {f"s{number}": code(f"{number}") for number, _ in enumerate(DAMAGES)}
    book = faulty({**sections, "whole": code("'whole'")})
    book.go("run", "-t", "jax")
    before = book.trusted()
    by_name = {entry.result.section: entry.path for entry in book.store.entries()}
    whole = by_name["chapters/whole.md"]
    for number, damage in enumerate(DAMAGES):
        damage(by_name[f"chapters/s{number}.md"], whole)
    said = book.go("store", "verify", status=1)
    assert f"{len(DAMAGES)} damaged" in said
    assert "stale" in book.go("status", "-t", "jax", status=1)
    said = book.go("run", "-t", "jax")
    assert f"{len(DAMAGES)} to execute, 1 from the store" in said
    assert book.trusted() == before
    assert all(path.is_file() and not path.is_symlink() for path in by_name.values())


def test_damaged_entries_of_every_kind_are_tidied(faulty):
    book = faulty({"a": code("1")})
    book.go("run", "-t", "jax")
    [whole] = book.store.root.rglob("*.json")
    for number, damage in enumerate(DAMAGES, 1):
        path = book.store.path(f"{number:064x}")
        path.parent.mkdir(exist_ok=True)
        shutil.copy(whole, path)
        damage(path, whole)
        with contextlib.suppress(OSError):
            os.utime(path, (1e9, 1e9), follow_symlinks=False)
    assert f"removed {len(DAMAGES)} entries" in book.go("store", "gc")
    assert "none damaged" in book.go("store", "verify")
    assert len(book.trusted()) == 1


def test_no_file_that_a_run_leaves_for_the_next_can_break_it(faulty):
    """Caches, records, durations, failures: whatever is in them, they count as not there."""
    book = faulty({**BOOK, "bad": code("1 / 0")})
    book.go("run", "-t", "jax", status=1)
    work = book.root / ".tabbook"
    for content in (b"", os.urandom(500), b"[" * 100_000, b'{"failure": {}, "seconds": -1}', b"null"):
        for name in ("cache", "last", "seconds", "failures"):
            for path in (work / name).rglob("*"):
                if path.is_file():
                    path.write_bytes(content)
        assert "from the store" in book.go("status", "--explain", "-t", "jax", status=1)
        said = book.go("run", "-t", "jax", status=1)
        assert "1 to execute, 2 from the store" in said
        assert "ZeroDivisionError" in said
    for name in ("cache", "last", "seconds", "failures"):
        shutil.rmtree(work / name)
        (work / name).write_text("in the way")
    assert "1 to execute, 2 from the store" in book.go("run", "-t", "jax", status=1)


def test_a_book_may_lie_anywhere(faulty):
    """Blanks, letters of other scripts, and what a shell would take for its own."""
    book = faulty(BOOK, where="où est ’le livre’ — 書 $(x)")
    book.go("run", "-t", "jax")
    assert "0 to execute, 2 from the store" in book.go("run", "-t", "jax")
    assert "none damaged" in book.go("store", "verify")


@pytest.fixture
def small_disk(tmp_path):
    """Yield a folder on a disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount") or "mount"
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no small disk can be made here, which takes root: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_ends_a_run_with_one_message_and_the_next_goes_on(faulty, small_disk):
    """A real one: what fits is kept, nothing is half-written, and with more room the run ends well."""
    large = "import random\nprint(hex(random.Random({}).getrandbits(4 * 190_000)))"
    book = faulty({f"s{number}": code(large.format(number)) for number in range(9)})
    work = book.root / ".tabbook"
    shutil.copytree(work, small_disk / "work")
    shutil.rmtree(work)
    work.symlink_to(small_disk / "work")
    (small_disk / "filler").write_bytes(bytes(700_000))
    said = book.go("run", "-j", "1", "-t", "jax", status=1)
    assert said.count("No space left on device") in (1, 2)  # the job's line, and the run's
    assert "free some space, and run again" in said
    kept = book.trusted()
    assert 0 < len(kept) < 9
    assert not list(small_disk.rglob("*.tmp"))
    said = book.go("run", "-j", "1", "-t", "jax", status=1)  # still full: nothing is executed in vain
    assert " executed after " not in said or len(book.trusted()) > len(kept)
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=9m", small_disk], check=True)
    said = book.go("run", "-j", "1", "-t", "jax")
    assert len(book.trusted()) == 9
    assert {key: text for key, text in book.trusted().items() if key in kept} == kept


@contextlib.contextmanager
def read_only(folder: Path):
    """Let ``folder`` be read alone, by root, too, where that is possible.

    Root passes over modes; a read-only mount it does not.
    """
    if os.geteuid():
        modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*")) if not path.is_symlink()}
        for path, mode in modes.items():
            path.chmod(mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
        try:
            yield
        finally:
            for path, mode in modes.items():
                path.chmod(mode)
        return
    for command in (["mount", "--bind", folder, folder], ["mount", "-o", "remount,ro,bind", folder]):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("root may write everywhere, and cannot mount anything here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_read_only_store_executes_nothing_in_vain(faulty):
    book = faulty(BOOK)
    book.go("run", "a")
    with read_only(book.root / ".tabbook/outputs"):
        said = book.go("run", status=1)
        assert re.search(r"\.tabbook/outputs: outputs cannot be stored: (Read-only|Permission)", said)
        assert " …" not in said  # no job began
        assert "2 from the store" in said
        assert "0 to execute" in book.go("run", "a")
        book.go("status", "a")
    assert "2 to execute, 2 from the store" in book.go("run")


def test_a_book_that_can_only_be_read_is_of_use(faulty):
    """What the store has can be looked at, and no run of it is needed."""
    book = faulty(BOOK)
    book.go("run")
    with read_only(book.root):
        for command in (["status"], ["status", "--json"], ["check"], ["lib", "--check"], ["run"]):
            book.go(*command)
        book.go("store", "verify")
        book.go("store", "list")
        source = book.go("run", "--force", status=1)
        assert "cannot be stored" in source


def test_two_users_may_share_a_store(faulty):
    """Entries can be read by others, as the umask allows."""
    book = faulty(BOOK)
    book.go("run", "-t", "jax", preexec_fn=lambda: os.umask(0o022))
    assert {stat.S_IMODE(path.stat().st_mode) for path in book.store.root.rglob("*.json")} == {0o644}
