"""Files by their URLs: on a web server, in a bucket, in a folder; whatever fsspec knows."""

from collections.abc import Iterator
from typing import Any

_PART_BYTES = 1 << 20
"""Bytes that are read at once."""


def file_system(
    url: str, *, total: float | None = None, silence: float | None = None, is_raw: bool = False
) -> tuple[Any, str]:
    """Return the file system of ``url``, and the path in it.

    Args:
        url: Such as ``https:``, ``file:``, ``s3:``, ``gs:``.
        total: Seconds that one request to a web server may take; any number, if not given.
        silence: Seconds for which a web server may send nothing; any number, if not given.
        is_raw: Whether to take what a web server sends as it is: of a file that is compressed itself,
            some say that it was compressed for the way.

    Raises:
        ValueError: There is no such kind of URL.
    """
    from fsspec.core import url_to_fs

    options: dict[str, Any] = {}
    if url.startswith(("http://", "https://")):
        from aiohttp import ClientTimeout

        timeout = ClientTimeout(total=total, sock_connect=silence, sock_read=silence)
        options["client_kwargs"] = {"timeout": timeout, "trust_env": True}  # which may name a proxy
        if is_raw:
            headers = {"Accept-Encoding": "identity"}
            options["client_kwargs"] |= {"auto_decompress": False, "headers": headers}
    system, path = url_to_fs(url, skip_instance_cache=not url.startswith("memory:"), **options)
    return system, str(path)


def read_parts(system: Any, path: str) -> Iterator[bytes]:
    """Yield what is in a file, part by part.

    Raises:
        FileNotFoundError: There is none.
        Exception: It cannot be read; file systems raise errors of many kinds.
    """
    protocols = [system.protocol] if isinstance(system.protocol, str) else system.protocol
    # A web server is not asked for the size before, and what it sends is not read at once.
    options = {"block_size": 0, "size": 1} if "http" in protocols else {}
    with system.open(path, "rb", **options) as file:
        while part := file.read(_PART_BYTES):
            yield part


def reason(error: BaseException) -> str:
    """Return in one line why a file could not be read or written."""
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "it did not answer in time"
    if isinstance(error, FileNotFoundError) and not error.errno:  # which says the address alone
        return "there is no such file"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
