"""Bring files to workers that miss them: in parts, each file once to each worker, checked there."""

import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabbook_dask.payload import file_digest

if TYPE_CHECKING:
    from distributed import Client

_CHUNK_BYTES = 8 << 20
_MAX_SENDS = 3


class FileTransfer:
    """Sends files through the scheduler, which keeps nothing of them; for several threads at once."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._lock = threading.Lock()
        self._sending: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._sent: Counter[tuple[str, str]] = Counter()

    def send(self, worker: str, files: Mapping[str, Path]) -> str:
        """Send those of ``files``, by hash, that a worker still misses; return what is wrong, if so.

        A worker that is gone meanwhile is nothing wrong.

        Raises:
            OSError: A file cannot be read.
        """
        from tabbook_dask.worker import missing

        with self._lock:
            sending = self._sending[worker]
        with sending:  # another job may have been here with the same wish
            for digest in self._ask(worker, missing, list(files)) or ():
                path = files[digest]
                self._sent[worker, digest] += 1
                if self._sent[worker, digest] > _MAX_SENDS:
                    return f"{path.name} was sent to it, and is missing there again"
                if file_digest(path) != digest:
                    return f"{path.name} was changed during the run"
                if problem := self._send(worker, path, digest):
                    return f"{path.name} cannot be sent to it: {problem}"
        return ""

    def _send(self, worker: str, path: Path, digest: str) -> str:
        from tabbook_dask.worker import receive

        token = uuid.uuid4().hex
        with path.open("rb") as file:
            chunk, following = file.read(_CHUNK_BYTES), file.read(_CHUNK_BYTES)
            while not (problem := self._ask(worker, receive, digest, token, chunk, not following)):
                if not following:
                    break
                chunk, following = following, file.read(_CHUNK_BYTES)
        return problem or ""

    def _ask(self, worker: str, what: object, *arguments: object) -> Any:
        """Return what a worker answers; ``None`` if it is gone."""
        answer = self._client.run(what, *arguments, workers=[worker], on_error="return").get(worker)
        return None if isinstance(answer, Exception) else answer
