"""How the commands that execute jobs do so: here or on a cluster, before the user's eyes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tabbook.book import Book
    from tabbook.model import Section
    from tabbook.run.executors import Cluster
    from tabbook.run.shard import Shard
    from tabbook.status.standing import RunReport


@contextmanager
def connected(address: str | None) -> "Iterator[Cluster | None]":
    """Yield the cluster at ``address``; without one there is nothing to connect to."""
    if address is None:
        yield None
        return
    from tabbook.run.executors import connect

    with connect(address) as cluster:
        yield cluster


def execute(
    book: "Book",
    sections: "Sequence[Section]",
    tabs: Sequence[str],
    jobs: int | None,
    cluster: "Cluster | None",
    *,
    strict_data: bool,
    force: bool = False,
    retry: bool = False,
    shard: "Shard | None" = None,
) -> "RunReport":
    """Execute what is stale, here or on ``cluster``, and show on the terminal how it goes."""
    from rich.console import Console

    from tabbook.run.progress import RemoteProgress, progress_on
    from tabbook.run.runner import run as run_jobs

    with progress_on(Console()) as progress:
        if cluster is not None:
            cluster.on_begin(progress.begun)
        return run_jobs(
            book,
            sections,
            tabs,
            workers=jobs,
            executor=cluster,
            device=cluster.device if cluster else None,
            strict_data=strict_data,
            force=force,
            retry=retry,
            shard=shard,
            progress=RemoteProgress(progress) if cluster else progress,
        )
