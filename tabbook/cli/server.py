"""Showing the built site on this machine."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tabbook.errors import usage


class _Handler(SimpleHTTPRequestHandler):
    """Serves files that the browser asks for anew each time: the next build may change them."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: a page asks for dozens of files."""


def server(site: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of the folder ``site`` on this machine alone; port 0 takes a free one.

    Raises:
        UsageError: There is no built site, or the port is taken.
    """
    if not (site / "index.html").is_file():
        raise usage(f"there is no site in {site}", "build it first: make book, or tabbook build")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(site)))
    except OSError as error:
        raise usage(f"port {port}: {error.strerror}", "choose another with --port") from None
