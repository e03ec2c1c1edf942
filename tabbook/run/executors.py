"""Where jobs can be executed besides this machine: what a plugin for a kind of cluster provides."""

from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Protocol, Self, cast

from tabbook.plan.job_spec import JobSpec, Outcome

_DEFAULT_SCHEME = "tcp"


class JobExecutor(Protocol):
    """What runs jobs: the part of ``concurrent.futures.Executor`` that a run needs."""

    def submit(self, fn: Callable[[JobSpec], Outcome], job: JobSpec, /) -> "Future[Outcome]":
        """Hand over ``job`` and return a future of what ``fn`` returns for it, wherever it is called.

        The future may raise a `DeferredError` for a job that nothing there can run. One that is
        cancelled ends the job.

        Raises:
            RuntimeError: No more jobs are taken.
        """


class Cluster(JobExecutor, Protocol):
    """Other machines that execute jobs: a context manager; at its end, nothing of the run goes on there.

    Jobs get no GPUs and no environments from the run. The cluster gives them those of its machines,
    and makes sure that each machine would give the outputs that the job's key promises.
    """

    @property
    def device(self) -> str:
        """The class of device that jobs run on there: ``cpu`` or ``gpu``."""

    def on_begin(self, begun: Callable[[str, str], None]) -> None:
        """Call ``begun`` with the section and the tab of each job when it begins there."""

    def __enter__(self) -> Self:
        """Return the cluster itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """End what still runs, and the connection."""


class Connect(Protocol):
    """What an entry point of the group ``tabbook.executors`` names; it has the scheme of the addresses."""

    def __call__(self, address: str, /) -> Cluster:
        """Return the cluster at ``address``.

        Raises:
            UsageError: There is none, or it cannot be reached.
        """


def connect(address: str) -> Cluster:
    """Return the cluster at ``address``, such as ``tcp://host:8786``; a plugin knows its scheme.

    Raises:
        UsageError: No installed plugin does, or the cluster cannot be reached.
    """
    from tabbook.plugins import EXECUTORS, load

    scheme, mark, _ = address.partition("://")
    name = scheme if mark else _DEFAULT_SCHEME
    return cast(Connect, load(EXECUTORS, name, f"--cluster {address}"))(address)
