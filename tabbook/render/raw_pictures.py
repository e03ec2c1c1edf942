"""Pictures in HTML that an author wrote: Sphinx neither copies their files nor misses them."""

import posixpath
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

from tabbook.render.build_warnings import warn
from tabbook.render.variants import parents_of

_SHOWN = frozenset({"img", "source", "video", "audio", "embed", "track"})


class _Sources(HTMLParser):
    """Collects the addresses of what a browser would show, each with its line."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[tuple[int, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the address, if it is an element that shows something."""
        address = dict(attrs).get("src") if tag in _SHOWN else None
        if address:
            self.addresses.append((self.getpos()[0] - 1, address))


class CheckRawPictures(SphinxTransform):
    """Warn of files that HTML in a page's text names and that the site will not have."""

    default_priority = 400

    def apply(self, **_arguments: object) -> None:
        """Look at the HTML of the text; outputs are shown as the kernel made them."""
        for raw in self.document.findall(nodes.raw):
            if raw.get("format") != "html" or _is_output(raw):
                continue
            for line, address in _Sources(raw.astext()).addresses:
                if not _is_on_site(self.env, address):
                    place = (self.env.docname, (raw.line or 0) + line if raw.line else None)
                    hint = "write a picture of Markdown, or put the file into _static"
                    warn(
                        f"the site has no {address}: files that HTML names are not copied; {hint}",
                        "html",
                        place,
                    )


def _is_output(raw: nodes.raw) -> bool:
    return any("mime_type" in parent or "nb_element" in parent for parent in parents_of(raw))


def _is_on_site(env: BuildEnvironment, address: str) -> bool:
    """Say whether a browser can load ``address`` from the page that is read, or nothing can be said."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return True
    here = posixpath.dirname(env.docname)
    path = posixpath.normpath(posixpath.join(here, unquote(parts.path)))
    folders = [Path(env.srcdir) / name for name in env.config.html_static_path]
    extra = [Path(env.srcdir) / name for name in env.config.html_extra_path]
    static = path.removeprefix("_static/")
    return any((folder / static).is_file() for folder in folders if static != path) or any(
        (folder / path).is_file() or folder.name == path for folder in extra
    )
