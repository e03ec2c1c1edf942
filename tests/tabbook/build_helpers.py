"""A small book that is built again and again, with what Sphinx can find wrong with its pages."""

# ruff: noqa: E501 - every fault on one line

import contextlib
import io
import multiprocessing
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from render_helpers import FRONT, NAMES, write_book

from tabbook.book import Book
from tabbook.cli import main
from tabbook.render.site import Site, build_site

CODE = "```{code-cell} python\n%%tab pytorch\nprint(1)\n```\n"
CLEAN = {
    "index": "# A book\n\nText.\n\n```{bibliography}\n```\n",
    "one": f"{FRONT}(sec_one)=\n# One\n\n(fig_one)=\n```{{figure}} one.png\nA caption.\n```\n\n$$a$$ (eq_one)\n\n{CODE}",
    "two": f"{FRONT}# Two\n\nSee {{ref}}`sec_one`, {{numref}}`fig_one`, {{eq}}`eq_one`, {{cite}}`One.2020`.\n\n{CODE}",
    **{f"more{number}": f"# More {number}\n\nText.\n" for number in range(5)},
}
ENTRY = "@book{{{0}, title={{T}}, author={{A. B}}, year={{2020}}, publisher={{P}}}}\n"


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what ``work`` returns in a process of its own: what Sphinx's extensions leave behind is not seen."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        return pool.submit(work, *arguments).result()


def command(*arguments: str) -> tuple[int, str, str]:
    """Return the status of a command, and what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    return status, out.getvalue(), err.getvalue()


def build(root: Path, jobs: int) -> Site:
    return build_site(Book.load(root), jobs=jobs, quiet=True)


class Builds:
    """Builds one book, again and again; ``read`` and ``written`` are the pages of the last build."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.read: set[str] = set()
        self.written: set[str] = set()
        self.status = 0

    def __call__(self, jobs: int = 1) -> list[str]:
        """Build; return the faults as they are printed."""
        trees, pages = self._times("_build/.doctrees", ".doctree"), self._times("_build/html", ".html")
        site = alone(build, self.root, jobs)
        self.read = _changed(trees, self._times("_build/.doctrees", ".doctree"))
        self.written = _changed(pages, self._times("_build/html", ".html")) - {"genindex", "search"}
        self.status = site.status
        return [str(fault) for fault in site.faults]

    def command(self, name: str, *more: str) -> tuple[int, str, str]:
        """Return the status of a command about the book, and what it prints."""
        found: tuple[int, str, str] = alone(command, name, *more, "--book", str(self.root))
        return found

    def check(self) -> list[str]:
        """Return the faults that a check prints."""
        _, _, err = self.command("check")
        return [line for line in err.splitlines() if not line.startswith("tabbook: ")]

    def _times(self, folder: str, suffix: str) -> dict[str, int]:
        root = self.root / folder
        return {
            path.relative_to(root).with_suffix("").as_posix(): path.stat().st_mtime_ns
            for path in root.rglob(f"*{suffix}")
            if "_static" not in path.parts
        }

    def edit(self, page: str, old: str, new: str) -> None:
        path = next(self.root / name for name in (page, f"{page}.md") if (self.root / name).is_file())
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def add(self, page: str, text: str) -> None:
        path = self.root / f"{page}.md"
        path.write_text(f"{path.read_text()}\n{text}\n")

    def from_nothing(self, jobs: int = 1) -> list[str]:
        """Return what a build that remembers nothing says."""
        shutil.rmtree(self.root / "_build", ignore_errors=True)
        return self(jobs)


def _changed(before: dict[str, int], after: dict[str, int]) -> set[str]:
    return {name for name, time in after.items() if before.get(name) != time}


def make(root: Path) -> Builds:
    write_book(root, CLEAN)
    for tab in NAMES:
        (root / f"{tab}.txt").write_text("")
    path = root / "_config.yml"
    config = yaml.safe_load(path.read_text())
    config["bibtex_bibfiles"] = ["references.bib"]
    config["parse"] = {"myst_enable_extensions": ["dollarmath", "colon_fence"]}
    config["sphinx"]["config"]["myst_heading_anchors"] = 2
    config["sphinx"]["local_extensions"] = {"own": "."}
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    (root / "references.bib").write_text(ENTRY.format("One.2020"))
    (root / "one.png").write_bytes(b"x")
    (root / "own.py").write_text(OWN)
    return Builds(root)


OWN = '''
"""An extension that fails in as many ways as there are."""
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform

class fragile(nodes.General, nodes.Element):
    pass

class Raises(Directive):
    required_arguments = 1
    def run(self):
        if self.arguments[0] == "directive":
            raise ValueError("a bad\\nshape")
        return [fragile("", where=self.arguments[0], value=(lambda: 0) if self.arguments[0] == "pickle" else 0)]

def role(name, rawtext, text, lineno, inliner, options={}, content=[]):
    raise KeyError(text)

class Read(SphinxTransform):
    default_priority = 500
    def apply(self, **kwargs):
        for node in self.document.findall(fragile):
            if node["where"] == "transform":
                raise TypeError("a transform")

class Resolved(SphinxPostTransform):
    default_priority = 500
    def run(self, **kwargs):
        for node in self.document.findall(fragile):
            if node["where"] == "post-transform":
                raise TypeError("a post-transform")

def on_read(app, doctree):
    if any(node["where"] == "event" for node in doctree.findall(fragile)):
        raise RuntimeError("an event")

def on_context(app, page, template, context, doctree):
    if doctree and any(node["where"] == "context" for node in doctree.findall(fragile)):
        raise RuntimeError("a template")

def visit(translator, node):
    if node["where"] == "writer":
        raise RuntimeError("a writer")
    raise nodes.SkipNode

def setup(app):
    app.add_node(fragile, html=(visit, None))
    app.add_directive("raises", Raises)
    app.add_role("raising", role)
    app.add_transform(Read)
    app.add_post_transform(Resolved)
    app.connect("doctree-read", on_read)
    app.connect("html-page-context", on_context)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
'''

FAULTS = {
    "more0": "{ref}`sec_nowhere` and {numref}`fig_nowhere` and {eq}`eq_nowhere` and {cite}`No.2020`",
    "more1": "{rolle}`x`\n\n:::{notte}\nx\n:::",
    "more2": "```{include} nowhere.txt\n```\n\n```json\n{ 'a: }\n```",
    "more3": "## A\n\n#### B\n\n[text](nowhere.md)",
}


def jupyter_book(root: Path) -> str:
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "jupyter-book", "build", root],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr
