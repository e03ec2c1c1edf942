"""Replay a book's git history, and count the jobs that each policy would have executed.

    python benchmarks/replay.py [REPOSITORY] [--last N] [--d2lbook]

Nothing is executed. For every commit that changes the book, each policy says which jobs it would
run again; a page that it would not, although the job's key changed, is one that it publishes
stale. ``--d2lbook`` imports every commit from d2lbook's format first.
"""

import argparse
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tabbook.book import Book
from tabbook.errors import TabbookError
from tabbook.keys.key import canonical, sha256
from tabbook.library.generator import generate
from tabbook.plan.planner import jobs
from tabbook_d2lbook import import_book


@dataclass(frozen=True, slots=True)
class Seen:
    """A job at one commit: its key, the hash of its section's file, and that of its own code."""

    name: tuple[str, str]
    key: str
    file: str
    code: str


@dataclass(slots=True)
class Policy:
    """Decides by ``known``: what it calls the same, it does not execute again.

    One that does not ``remember`` knows the job's last run alone, as time stamps do.
    """

    title: str
    known: Callable[[Seen], str] | None
    remember: bool = True
    executed: int = 0
    stale: int = 0
    outputs: dict[tuple[tuple[str, str], str], str] = field(default_factory=dict)

    def meet(self, job: Seen) -> None:
        """Execute ``job``, or publish what is there, which may be another key's."""
        name = (job.name, self.known(job)) if self.known else None
        if name is None or name not in self.outputs:
            self.executed += 1
            if not self.remember:
                self.outputs = {kept: key for kept, key in self.outputs.items() if kept[0] != job.name}
            if name is not None:
                self.outputs[name] = job.key
        elif self.outputs[name] != job.key:
            self.stale += 1


def git(repository: Path, *arguments: str) -> bytes:
    """Return what git says."""
    return subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True).stdout


def check_out(repository: Path, commit: str, folder: Path) -> None:
    """Put the files of ``commit`` into ``folder``, whose hidden folders stay."""
    for path in folder.iterdir():
        if path.name != ".tabbook":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with tarfile.open(fileobj=io.BytesIO(git(repository, "archive", commit))) as archive:
        archive.extractall(folder, filter="data")


def jobs_of(root: Path) -> Iterator[Seen]:
    """Yield the jobs of the book in ``root``, by the library as its sections make it."""
    book = Book.load(root)
    texts = generate(book)
    for job in jobs(book, library_texts=texts):
        record = job.key("cpu").record
        yield Seen(
            (job.section.path, job.tab),
            job.key("cpu").digest,
            sha256((root / job.section.path).read_bytes()),
            sha256(canonical([record["cells"], record["tab"]])),
        )
    book.cache.save()


def replay(repository: Path, last: int | None, imported: bool) -> tuple[list[Policy], int, int, int]:
    """Return the policies, and how many commits, jobs in all and commits left out there were."""
    policies = [
        Policy("everything, at each commit", None),
        Policy("changed section files (time stamps)", lambda job: job.file, remember=False),
        Policy("changed code of the section's own", lambda job: job.code),
        Policy("changed keys (tabbook)", lambda job: job.key),
    ]
    commits = git(repository, "rev-list", "--reverse", "--first-parent", "HEAD").decode().split()
    replayed = left_out = total = 0
    with tempfile.TemporaryDirectory() as name:
        folder, before = Path(name) / "book", frozenset[Seen]()
        folder.mkdir()
        for commit in commits[-last:] if last else commits:
            check_out(repository, commit, folder)
            root = Path(name) / "imported" if imported else folder
            try:
                if imported:
                    import_book(folder, root, force=True)
                found = list(jobs_of(root))
            except (TabbookError, OSError):
                left_out += 1
                continue
            if frozenset(found) == before:
                continue  # the commit changed something else
            before = frozenset(found)
            replayed, total = replayed + 1, total + len(found)
            for policy in policies:
                for job in found:
                    policy.meet(job)
    return policies, replayed, total, left_out


def main() -> None:
    """Replay a history as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("repository", type=Path, nargs="?", default=Path())
    parser.add_argument("--last", type=int, metavar="N", help="only the last N commits")
    parser.add_argument("--d2lbook", action="store_true", help="the history is of a book for d2lbook")
    arguments = parser.parse_args()
    policies, commits, total, left_out = replay(arguments.repository, arguments.last, arguments.d2lbook)
    lines = [f"{commits} commits that change the book ({left_out} that are no whole book left out)"]
    lines.append(f"{'executes again':38} {'jobs':>7} {'of all':>7} {'stale pages':>12}")
    for policy in policies:
        share = 100 * policy.executed / total if total else 0
        lines.append(f"{policy.title:38} {policy.executed:7} {share:6.1f}% {policy.stale:12}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
