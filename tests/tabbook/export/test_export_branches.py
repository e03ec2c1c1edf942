"""Branches of notebooks for Colab and Binder, made and pushed with git alone."""

import subprocess
from pathlib import Path

import pytest
import yaml
from export_helpers import make_book

from tabbook.book import Book
from tabbook.cli import main


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A repository that somebody else holds, with a branch that is not ours."""
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    tree = subprocess.run(["git", "-C", remote, "mktree"], input=b"", capture_output=True, check=True).stdout
    who = ("-c", "user.name=n", "-c", "user.email=e")
    commit = git(remote, *who, "commit-tree", "-m", "theirs", tree.decode().strip())
    git(remote, "update-ref", "refs/heads/main", commit)
    return remote


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return make_book(tmp_path / "book", repository={"url": "https://github.com/o/r"})


def make(book: Book, remote: Path, *more: str) -> int:
    return main(["export", "branches", "--book", str(book.root), "--remote", str(remote), *more])


def push(book: Book, remote: Path) -> None:
    git(book.root / "_build/exports/branches", "push", "--quiet", "--all", str(remote))


def commits(remote: Path, branch: str) -> list[str]:
    return git(remote, "log", "--format=%H", branch).splitlines()


def test_each_framework_has_a_branch_that_grows(book: Book, remote: Path, capsys) -> None:
    assert make(book, remote) == 0
    assert "3 branches" in capsys.readouterr().out
    push(book, remote)
    assert git(remote, "for-each-ref", "--format=%(refname:short)").splitlines() == [
        "main",
        "notebooks-jax",
        "notebooks-mxnet",
        "notebooks-pytorch",
    ]
    files = git(remote, "ls-tree", "-r", "--name-only", "notebooks-jax").splitlines()
    (wheel,) = [name for name in files if name.endswith(".whl")]  # what requirements.txt names
    wanted = [
        "README.md",
        "binder/requirements.txt",
        "d2l_lib/d2l/jax.py",
        "part/first.ipynb",
        "requirements.txt",
    ]
    assert set(files) >= set(wanted)

    assert make(book, remote) == 0
    assert "0 of them new" in capsys.readouterr().out
    push(book, remote)
    assert [len(commits(remote, f"notebooks-{tab}")) for tab in ("jax", "mxnet")] == [1, 1]

    page = book.root / "part/first.md"
    page.write_text(page.read_text().replace("class Quagga: pass", "class Quagga: herd = 7"))
    (book.root / "part/other.md").write_text("# Nets of other\n\nNo code, no notebook.\n")
    first = commits(remote, "notebooks-jax")
    assert make(Book.load(book.root), remote) == 0
    push(book, remote)  # without force
    assert commits(remote, "notebooks-jax")[1:] == first
    now = git(remote, "ls-tree", "-r", "--name-only", "notebooks-jax").splitlines()
    assert "part/other.ipynb" not in now
    assert len([name for name in now if name.endswith(".whl")]) == 2, "older notebooks find their library"
    assert wheel in now
    assert git(remote, "show", "notebooks-jax:d2l_lib/d2l/jax.py").count("herd = 7") == 1
    assert len(commits(remote, "main")) == 1


def test_somebody_elses_commits_are_not_overwritten(book: Book, remote: Path) -> None:
    assert make(book, remote) == 0
    push(book, remote)
    page = book.root / "part/first.md"
    page.write_text(page.read_text().replace("## No marks here", "## Here"))
    assert make(Book.load(book.root), remote) == 0
    tree = git(remote, "rev-parse", "notebooks-jax^{tree}")
    old = git(remote, "rev-parse", "notebooks-jax")
    who = ("-c", "user.name=n", "-c", "user.email=e")
    theirs = git(remote, *who, "commit-tree", "-p", old, "-m", "theirs", tree)
    git(remote, "update-ref", "refs/heads/notebooks-jax", theirs)
    branches = book.root / "_build/exports/branches"
    command = ["git", "-C", str(branches), "push", "--all", str(remote)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode and git(remote, "rev-parse", "notebooks-jax") == theirs
    assert make(Book.load(book.root), remote) == 0
    push(book, remote)
    assert commits(remote, "notebooks-jax")[1:] == [theirs, old]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["first"], "a branch has the whole book; name no section"),
        (["--tab", "keras"], "there is no tab 'keras'"),
        (["--to", "FULL"], "something else is there"),
        (["--to", "FILE/below"], "cannot write to"),
        (
            ["--remote", "/no/such/repository"],
            "cannot look at /no/such/repository: git ls-remote failed: '/no/such/repository' does",
        ),
        (["--remote", "--upload-pack=touch x"], "cannot look at --upload-pack"),
    ],
)
def test_a_wrong_command_says_so_in_one_line(
    book: Book, remote: Path, tmp_path: Path, capsys, arguments, message
):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("mine")
    given = [
        one.replace("FULL", f"{tmp_path}/full").replace("FILE", f"{tmp_path}/full/mine") for one in arguments
    ]
    assert make(book, remote, *given) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1 and captured.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "full", "remote.git"]
    assert not (book.root / "_build/exports").exists() or not list((book.root / "_build/exports").iterdir())


def test_without_a_repository_there_is_nothing_to_make(book: Book, capsys) -> None:
    config = yaml.safe_load((book.root / "_config.yml").read_text())
    del config["sphinx"]["config"]["tabbook"]["repository"]
    (book.root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    assert main(["export", "branches", "--book", str(book.root)]) == 2
    assert "there is no repository; write one into _config.yml" in capsys.readouterr().err


def test_a_book_with_faults_makes_no_branches(book: Book, remote: Path, capsys) -> None:
    """A branch without a section would take it from those who use it."""
    (book.root / "part/img/net.png").unlink()
    assert make(book, remote) == 1
    assert not (book.root / "_build/exports/branches").exists()
