"""A job as it travels to another machine: with hashes of files in place of this machine's paths.

The client makes it (`payload_of`) and sends the files that the worker asks for; the worker puts its own
paths in (`Payload.job_here`).
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import tabbook
from tabbook.cache import source_hash
from tabbook.files import state_of
from tabbook.plan.job_spec import JobSpec


def version() -> str:
    """Return what identifies this tabbook: its version, and a hash of its source and the plugin's."""
    both = source_hash() + source_hash(Path(__file__).parent)
    return f"{tabbook.__version__} ({hashlib.sha256(both.encode()).hexdigest()[:12]})"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, computed again only when the file changes.

    Raises:
        OSError: It cannot be read.
    """
    return _digest(path, *state_of(path))


@lru_cache(maxsize=1024)
def _digest(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Payload:
    """A job without paths: ``library``, ``data`` and ``files`` are its files' hashes, by name."""

    job: JobSpec
    library: Mapping[str, str]
    data: Mapping[str, str]
    files: Mapping[str, str]

    def job_here(
        self,
        python: str,
        library: Path,
        shared: Path,
        data: Mapping[str, str],
        files: Mapping[str, str],
        threads: int,
        variables: Mapping[str, str],
    ) -> JobSpec:
        """Return the job as it runs on this machine.

        Args:
            python: The interpreter of the framework's environment.
            library: The folder that holds the library's package.
            shared: The folder that jobs have in common.
            data: Where the data files are, by name.
            files: Where the files of the section are, by name.
            threads: How many cores the job may keep busy.
            variables: What its environment variables are to hold besides those that came along.
        """
        return replace(
            self.job,
            python=python,
            library_folder=str(library) if self.library else None,
            data=data,
            files=files,
            shared=str(shared),
            threads=threads,
            variables={**self.job.variables, **variables},
        )


def payload_of(job: JobSpec) -> tuple[Payload, dict[str, Path]]:
    """Return ``job`` ready to travel, and the files that go with it, by hash.

    Raises:
        OSError: A file cannot be read.
    """
    library = {name: (path, file_digest(path)) for name, path in _library(job)}
    data, files = (
        {name: (Path(path), file_digest(Path(path))) for name, path in some.items()}
        for some in (job.data, job.files)
    )
    payload = Payload(
        replace(job, python="", library_folder=None, data={}, files={}, shared=None),
        {name: digest for name, (_, digest) in library.items()},
        {name: digest for name, (_, digest) in data.items()},
        {name: digest for name, (_, digest) in files.items()},
    )
    sent = (*library.values(), *data.values(), *files.values())
    return payload, {digest: path for path, digest in sent}


def _library(job: JobSpec) -> Iterator[tuple[str, Path]]:
    """Yield the modules and other files of the library's packages, by their path in its folder."""
    root = Path(job.library_folder) if job.library_folder else None
    for folder, inside, names in os.walk(root) if root else ():
        inside[:] = sorted(name for name in inside if not name.startswith((".", "__")))
        for name in sorted(names):
            if not name.endswith(".pyc"):
                path = Path(folder) / name
                yield path.relative_to(root or "").as_posix(), path
