"""A browser, and two sites to look at: the book as it was built, and a small one of our own."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from render_helpers import fill_store, model_page, write_book
from visits import Visit, visit_all

from tabbook.book import Book
from tabbook.render.site import build_site

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # there is no network
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    found = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        pytest.skip("no Chromium: install one, or name it in $CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield launched
        launched.close()


@dataclass
class Site:
    """A built site: its folder, and where a server shows it."""

    folder: Path
    url: str

    @property
    def pages(self) -> list[str]:
        """The pages, without the templates that themes leave among their files, and without decks."""
        files = (file.relative_to(self.folder) for file in self.folder.rglob("*.html"))
        return sorted(file.as_posix() for file in files if file.parts[0] not in ("_static", "_exports"))


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


def serve(folder: Path) -> Iterator[Site]:
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Site(folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.fixture(scope="session")
def book_site() -> Iterator[Site]:
    """The book, as ``make book`` built it: building it here would take minutes."""
    folder = ROOT / "_build" / "html"
    if not (folder / "chapters").is_dir():
        pytest.skip("the book is not built: run make book")
    yield from serve(folder)


@pytest.fixture(scope="session")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A book of three pages with made-up outputs."""
    pages = {
        "index": "# Welcome\n\nRead {ref}`sec_model`.\n",
        "model": model_page("model"),
        "next": model_page("next"),
    }
    root = write_book(tmp_path_factory.mktemp("small"), pages)
    fill_store(root)
    built = build_site(Book.load(root), jobs=1, quiet=True)
    assert built.status == 0
    yield from serve(built.page.parent)


@dataclass
class Reader:
    """Somebody with a browser: opens pages, and hears what the console says."""

    context: Any
    site: Site
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Any:
        """Open a page of the site in a new window."""
        page = self.context.new_page()
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self.watch)
        page.goto(f"{self.site.url}/{path}")
        return page

    def hear(self, said: Any) -> None:
        """Keep what the console calls an error, but for the icon that a browser asks for by itself."""
        where = said.location["url"]
        if said.type == "error" and not where.endswith("/favicon.ico"):
            self.complaints.append(f"{said.text} ({where})")

    def watch(self, request: Any) -> None:
        """Complain of a page that asks for anything from elsewhere: it does not work without a network."""
        if not request.url.startswith((self.site.url, "data:", "blob:")):
            self.complaints.append(f"asked for {request.url}")


def new_reader(browser: Any, site: Site, **options: Any) -> Reader:
    """Return a reader of a site, who wants little motion; options are those of a browser context."""
    usual = {"viewport": {"width": 1200, "height": 800}, "reduced_motion": "reduce"}
    return Reader(browser.new_context(**usual | options), site)


NewReader = Callable[..., Reader]


@pytest.fixture
def reader(browser: Any) -> Iterator[NewReader]:
    """Return a new reader of a site; options are those of a browser context."""
    someones = []

    def new(site: Site, **options: Any) -> Reader:
        someones.append(new_reader(browser, site, **options))
        return someones[-1]

    yield new
    for someone in someones:
        someone.context.close()


def visits_of(browser: Any, site: Site) -> dict[str, Visit]:
    """Return what a visit to each page of a site finds, by the page's path."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    someone = new_reader(browser, site)
    visits = dict(visit_all(someone, axe))
    someone.context.close()
    return visits


@pytest.fixture(scope="session")
def book_visits(browser: Any, book_site: Site) -> dict[str, Visit]:
    """What a visit to each page of the book finds."""
    return visits_of(browser, book_site)


@pytest.fixture(scope="session")
def small_visits(browser: Any, small_site: Site) -> dict[str, Visit]:
    """What a visit to each page of the small site finds."""
    return visits_of(browser, small_site)
