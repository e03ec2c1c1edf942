"""Remote stores, by URL: a folder, a bucket, or the published site over plain https.

Taking never writes there, and whatever such a store does (it is down, it hangs, it answers
nonsense) costs time that is bounded and one warning, never more. Each entry proves itself by
its hash before it enters the store here.
"""

import queue
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tabbook.errors import Fault, StoreError
from tabbook.files import write_atomic
from tabbook.store.entry import decode
from tabbook.store.local import Store, entry_path
from tabbook.urls import file_system, read_parts, reason

__all__ = ["Pulled", "Pushed", "pull", "push"]

REQUEST_SECONDS = 30.0
"""Seconds that one entry may take."""
PULL_SECONDS = 600.0
"""Seconds that all of them may take."""
_MAX_ENTRY_BYTES = 256 << 20
"""Bytes that an entry may have."""
_MAX_THREADS = 8
_MAX_ERRORS = 3
"""After so many errors a remote store is not asked again."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """The result of a pull: the keys of the entries that are here now.

    ``warning`` says what was wrong with it; empty if nothing was.
    """

    keys: tuple[str, ...] = ()
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result of a push: the keys that are new there, and those it had."""

    new: tuple[str, ...] = ()
    existing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What asking for a job's entry gave: its key; or what was wrong with the remote store."""

    key: str = ""
    damaged: int = 0
    error: str = ""


def _fetch(system: Any, path: str) -> bytes:
    """Return the content of a file; of one that no entry can be, a part.

    A site may answer with anything, without end, so that is not read at once.
    """
    data = bytearray()
    for part in read_parts(system, path):
        data += part
        if len(data) > _MAX_ENTRY_BYTES:
            break
    return bytes(data)


def _ask(system: Any, root: str, store: Store, keys: Iterable[str]) -> _Answer:
    """Take the first of ``keys`` that there is."""
    damaged = 0
    for key in keys:
        try:
            data = _fetch(system, f"{root.rstrip('/')}/{entry_path(key)}")
        except FileNotFoundError:
            continue
        try:
            result = decode(data, key)
        except ValueError:
            damaged += 1
            continue
        store.put(result)
        return _Answer(key, damaged)
    return _Answer(damaged=damaged)


def _ask_for_all(
    url: str, store: Store, jobs: Sequence[Sequence[str]], timeout: float
) -> tuple["queue.SimpleQueue[_Answer]", threading.Event]:
    """Begin to ask for the entries of ``jobs``; return where the answers come, and what stops the asking.

    The threads are daemons, so one that hangs delays neither the run nor its end.
    """
    answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
    stopped, lock, waiting = threading.Event(), threading.Lock(), iter(jobs)
    opened = cache(lambda: file_system(url, total=timeout))

    def work() -> None:
        while not stopped.is_set():
            with lock:
                keys = next(waiting, None)
            if keys is None:
                return
            try:
                with lock:
                    system, root = opened()
                answers.put(_ask(system, root, store, keys))
            except Exception as error:  # file systems raise whatever they like
                answers.put(_Answer(error=reason(error)))

    for _ in range(min(_MAX_THREADS, len(jobs))):
        threading.Thread(target=work, daemon=True, name="tabbook-pull").start()
    return answers, stopped


def pull(
    url: str,
    store: Store,
    jobs: Sequence[Sequence[str]],
    timeout: float = REQUEST_SECONDS,
    total_timeout: float = PULL_SECONDS,
) -> Pulled:
    """Take entries from the store at ``url`` into ``store``; nothing raises here.

    Args:
        url: A URL that fsspec knows: ``https:``, ``file:``, ``s3:``, ``gs:``, …
        store: Where the entries go.
        jobs: For each job the keys that would do, the best first: one is taken.
        timeout: Seconds that one entry may take.
        total_timeout: Seconds that all of them may take together.
    """
    answers, stopped = _ask_for_all(url, store, jobs, timeout)
    end = time.monotonic() + total_timeout
    taken: list[str] = []
    errors: list[str] = []
    damaged = 0
    for _ in jobs:
        try:
            answer = answers.get(timeout=max(0.0, min(timeout * 2, end - time.monotonic())))
        except queue.Empty:
            errors.append("it did not answer in time")
            break
        damaged += answer.damaged
        if answer.key:
            taken.append(answer.key)
        if answer.error:
            errors.append(answer.error)
            if len(errors) >= _MAX_ERRORS:
                break
    stopped.set()
    problems = errors[:1] + [f"{damaged} of its entries are damaged or not tabbook's"] * bool(damaged)
    warning = f"{url} could not be used: {'; '.join(problems)}" if problems else ""
    return Pulled(tuple(sorted(taken)), warning)


def _has(system: Any, path: str, key: str, data: bytes) -> bool:
    """Say whether the entry of ``key`` is there already, and whole."""
    try:
        if system.info(path).get("size") == len(data):
            return True
        decode(system.cat_file(path), key)
    except (FileNotFoundError, ValueError):
        return False
    return True


def push(url: str, store: Store, keys: Iterable[str], timeout: float = REQUEST_SECONDS) -> Pushed:
    """Copy the whole entries of ``keys`` that ``store`` has to the store at ``url``.

    What is there is left as it is, unless it is damaged.

    Raises:
        StoreError: It cannot be written.
    """
    new, known = [], []
    try:
        system, root = file_system(url, total=timeout)
        is_local = "file" in ([system.protocol] if isinstance(system.protocol, str) else system.protocol)
        for key in keys:
            if store.get(key) is None:
                continue
            path, data = f"{root.rstrip('/')}/{entry_path(key)}", store.path(key).read_bytes()
            if _has(system, path, key, data):
                known.append(key)
                continue
            if is_local:  # in one step, as in the store here: others may read it meanwhile
                write_atomic(Path(path), data)
            else:
                system.makedirs(path.rpartition("/")[0], exist_ok=True)
                system.pipe_file(path, data)
            new.append(key)
    except NotImplementedError:
        hint = "name a folder or a bucket"
        raise StoreError([Fault("", 0, f"{url} can only be read", hint)]) from None
    except Exception as error:  # file systems raise whatever they like
        hint = "what was copied before is there, and is not copied again"
        raise StoreError([Fault("", 0, f"{url} cannot be written: {reason(error)}", hint)]) from error
    return Pushed(tuple(new), tuple(known))
