"""Small books and jobs for the tests of the engine; their kernels are this environment's own."""

import hashlib
import sys
from pathlib import Path
from types import MappingProxyType

import yaml

from tabbook.book import Book
from tabbook.config import SectionSettings, Tab
from tabbook.model import Cell, Projection, Section
from tabbook.plan.job_spec import JobSpec, Limits, Step

DATA = b"It was a time machine.\n"
DATA_SHA1 = hashlib.sha1(DATA).hexdigest()
KEY = "0" * 64
FRAMEWORK = Tab(name="Client", module="nbclient", requirements="none.txt")


def steps(*sources: str | tuple[str, tuple[str, ...]]) -> tuple[Step, ...]:
    """Return steps that stand one below the other, the first on line 10, five lines between them."""
    made, line = [], 10
    for source in sources:
        code, tags = source if isinstance(source, tuple) else (source, ())
        count = code.count("\n") + 1
        made.append(Step(code, tags, tuple(range(line, line + count))))
        line += count + 5
    return tuple(made)


def job(*sources: str | tuple[str, tuple[str, ...]], **changes) -> JobSpec:
    """Return a job that runs ``sources`` in this environment's Python."""
    values = {
        "key": KEY,
        "section": "chapters/a.md",
        "tab": "pytorch",
        "python": sys.executable,
        "framework": FRAMEWORK,
        "limits": Limits(60),
    }
    return JobSpec(steps=steps(*sources), **{**values, **changes})


def projection(
    *sources: str, tab: str = "pytorch", tags: tuple[str, ...] = (), text: str = "Prose."
) -> Projection:
    """Return a section of one paragraph and code cells for all, as its projection onto ``tab``."""
    code = [Cell("code", s, 10 * i, i, None, {"tags": list(tags)}) for i, s in enumerate(sources, 1)]
    cells = (Cell("text", text, 1, 0), *code)
    return Projection(Section("chapters/a.md", "A", None, (tab,), SectionSettings(), cells), tab, cells)


class LocalBook(Book):
    """A book whose frameworks all run in this environment's Python."""

    def python(self, tab: str) -> Path:
        return Path(sys.executable)


def make_book(
    root: Path, sections=MappingProxyType({}), url: str = "file:///nowhere/at/all", **settings
) -> LocalBook:
    """Write a book of two tabs into ``root`` and load it.

    ``sections`` are bodies by name; a body may bring its own front matter. ``settings`` go into
    the configuration.
    """
    tabs = {
        tab: {"name": tab.title(), "module": module, "requirements": f"requirements/{tab}.txt"}
        for tab, module in (("pytorch", "nbclient"), ("jax", "nothing_of_that_name"))
    }
    data = {"words.txt": {"url": url, "sha1": DATA_SHA1}}
    config = {"tabs": tabs, "data": data, "timeout": 60, **settings}
    root.mkdir(parents=True, exist_ok=True)
    (root / "chapters").mkdir(exist_ok=True)
    (root / "requirements").mkdir(exist_ok=True)
    sphinx = {
        "extra_extensions": ["tabbook.render"],
        "config": {"nb_custom_formats": {".md": ["tabbook.render.read_page", {}, False]}, "tabbook": config},
    }
    (root / "_config.yml").write_text(yaml.safe_dump({"only_build_toc_files": True, "sphinx": sphinx}))
    entries = [{"file": f"chapters/{name}"} for name in sections]
    toc = {"format": "jb-book", "root": "chapters/index"}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc | ({"chapters": entries} if entries else {})))
    (root / "chapters/index.md").write_text("# Index\n\nNo code.\n")
    for tab in tabs:
        (root / f"requirements/{tab}.txt").write_text(f"{tab}==1.0\n")
    for name, body in sections.items():
        own = body.startswith("---\n")
        matter, text = body.split("---\n", 2)[1:] if own else ("file_format: mystnb\ntabbook: {}\n", body)
        (root / f"chapters/{name}.md").write_text(f"---\n{matter}---\n# {name}\n\n{text}")
    return LocalBook.load(root)


def code(source: str, options: str = "") -> str:
    """Return a code cell as the source of a section has it."""
    return f"```{{code-cell}} python\n{options}{source}\n```\n\n"


def with_data(body: str) -> str:
    """Return a section's source that declares the data file ``words.txt``."""
    return f"---\nfile_format: mystnb\ntabbook: {{data: [words.txt]}}\n---\n{body}"
