"""Exported notebooks as branches of a repository, one per framework: what Colab and Binder open.

The branches are made in a repository of their own, beside the book's. Pushing them is a ``git push``
that needs nothing of ours: with write access, you need not run the book's code.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from tabbook.errors import UsageError, usage
from tabbook.export.write import cannot_write

_MARK = "made-by-tabbook-export"
"""A file that marks repositories as ours."""


def make_branches(
    folder: Path, branches: Mapping[str, Mapping[str, bytes]], remote: str, message: str
) -> tuple[str, ...]:
    """Make the bare repository ``folder`` with ``branches``; return those that are new or changed.

    Each branch is one commit on top of what ``remote`` has of it, or that itself where nothing
    changed, so that it can be pushed without force. Files ending in ``.whl`` stay from commit to
    commit: the notebooks of version 0.1 install the library from there.

    Args:
        folder: Where to; what an earlier export has made there is replaced.
        branches: For each branch its files, by path.
        remote: The address of the repository that has the branches now, or will have them.
        message: The message of the commits.

    Raises:
        UsageError: The folder holds something else or cannot be written, or git says no.
    """
    if folder.exists() and not (folder / _MARK).is_file():
        raise cannot_write(folder, "something else is there")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".tabbook-"))
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        made.chmod(0o755)
        first = next(iter(branches), "main")
        _git(made, "init", "--quiet", "--bare", "--template=", "--initial-branch", first)
        (made / _MARK).touch()
        old, ident = _fetch(made, remote, list(branches)), _ident(made)
        commits = (
            _commit(made, name, files, old.get(name, ""), ident, message) for name, files in branches.items()
        )
        _git(
            made, "fast-import", "--quiet", "--done", given=b"".join(chain.from_iterable(commits)) + b"done\n"
        )
        changed = tuple(branch for branch in branches if _is_changed(made, branch, old.get(branch, "")))
        if folder.exists():
            shutil.rmtree(folder)
        made.replace(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return changed


def _is_changed(made: Path, branch: str, before: str) -> bool:
    """Say whether a branch has other files than in the commit ``before``; if not, take that commit for it."""
    if not before:
        return True
    is_changed = _tree(made, before) != _tree(made, f"refs/heads/{branch}")
    if not is_changed:
        _git(made, "update-ref", f"refs/heads/{branch}", before)
    _git(made, "update-ref", "-d", f"refs/old/{branch}")
    return is_changed


def _git(folder: Path, *arguments: str, given: bytes = b"") -> str:
    """Return what git prints in ``folder``; it never asks for a password."""
    places = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")  # those of a hook
    kept = {name: value for name, value in os.environ.items() if name not in places}
    env = kept | {"GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=True, env=env)
    except FileNotFoundError:
        raise usage("branches need git", "install it") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        words = next((line for line in lines if line.startswith("fatal: ")), lines[-1]).removeprefix(
            "fatal: "
        )
        raise usage(f"git {arguments[0]} failed: {words}") from None
    return done.stdout.decode(errors="replace")


def _fetch(made: Path, remote: str, branches: list[str]) -> dict[str, str]:
    """Take the last commit of each branch that ``remote`` has; return their names by branch."""
    try:
        heads = _git(made, "ls-remote", "--heads", "--", remote).split()
        there = [branch for branch in branches if f"refs/heads/{branch}" in heads]
        if there:
            # Their files alone, not their history: a push needs no more.
            wanted = [f"+refs/heads/{branch}:refs/old/{branch}" for branch in there]
            _git(made, "fetch", "--quiet", "--depth=1", "--no-tags", "--", remote, *wanted)
    except UsageError as error:
        raise usage(f"cannot look at {remote}: {error}", "name the repository with --remote") from None
    return {branch: _git(made, "rev-parse", f"refs/old/{branch}").strip() for branch in there}


def _ident(made: Path) -> str:
    """Return who makes the commits, and when: as git is configured, or else a default."""
    try:
        return _git(made, "var", "GIT_COMMITTER_IDENT").strip()
    except UsageError:
        named = ("-c", "user.name=tabbook", "-c", "user.email=tabbook@localhost")
        return _git(made, *named, "var", "GIT_COMMITTER_IDENT").strip()


def _commit(
    made: Path, branch: str, files: Mapping[str, bytes], parent: str, ident: str, message: str
) -> Iterator[bytes]:
    """Yield the input of ``git fast-import`` for one commit."""
    yield f"commit refs/heads/{branch}\ncommitter {ident}\n".encode() + _data(message.encode())
    if parent:
        yield f"from {parent}\n".encode()
    yield b"deleteall\n"
    if parent:
        for line in filter(None, _git(made, "ls-tree", "-r", "-z", parent).split("\0")):
            about, path = line.split("\t", 1)
            if path.endswith(".whl") and path not in files:
                mode, _, name = about.split(" ")
                yield f"M {mode} {name} {path}\n".encode()
    for path in sorted(files):
        yield f"M 100644 inline {path}\n".encode() + _data(files[path])


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _tree(made: Path, commit: str) -> str:
    return _git(made, "rev-parse", f"{commit}^{{tree}}").strip()
