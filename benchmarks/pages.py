"""Build an imported book beside plain Jupyter Book: python benchmarks/pages.py [--pages 172] [--repeats 3].

The book has four frameworks and comes from d2lbook's format (``peer.py``). It is built by
`tabbook build`, by turns with two builds of `jupyter-book build`: of the same book, with our
extension, and of a plain book with the same pages for one framework: ordinary MyST notebooks, with no
extension of ours. Nothing is executed; the best of each counts. Shown are cold builds, builds with one
line of prose edited, and builds with nothing changed: the pages that Sphinx has read, and the ratios to
the builds above, by the clock and of CPU. The ratio of CPU says how much is due to a second core.

The contents are deep: parts, chapters, and pages below pages. ``--flat`` makes chapters of pages only.
With ``--faults N``, that many pages have something that Sphinx warns of.

With ``--outputs N`` each job of the imported book has made-up outputs, N pictures of 200 kB each
and as much text in all: the peak of memory should not follow N.
"""

import argparse
import base64
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from peer import make
from timing import TABBOOK, Taken, run

from tabbook.book import Book
from tabbook.model import Result, Section
from tabbook.plan.planner import jobs
from tabbook.store.local import Store

FRONT = (
    "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3, language: python}\n"
    "language_info: {name: python, pygments_lexer: ipython3}\n---\n"
)
KINDS = ("cold", "one page edited", "nothing changed")
Books = dict[str, tuple[Path, tuple[str | Path, ...]]]


def plain_page(book: Book, section: Section, tab: str) -> str:
    """Return a page as an author of a plain book would write it, for one framework."""
    if not section.code_cells or tab not in section.tabs:
        return (book.root / section.path).read_text(encoding="utf-8")
    parts = [FRONT]
    for cell in book.project(section, tab).cells:
        code = f"```{{code-cell}} python\n{cell.source}\n```\n"
        parts.append(code if cell.kind == "code" else f"{cell.source}\n")
    return "\n".join(parts)


def plain_book(book: Book, folder: Path, tab: str) -> Path:
    """Write the plain counterpart of ``book`` into ``folder`` and return it."""
    for section in book.sections:
        path = folder / section.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain_page(book, section, tab), encoding="utf-8")
    config = yaml.safe_load((book.root / "_config.yml").read_text(encoding="utf-8"))
    sphinx = config["sphinx"]
    sphinx["extra_extensions"].remove("tabbook.render")
    for name in ("tabbook", "nb_custom_formats"):
        del sphinx["config"][name]
    (folder / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    shutil.copy(book.root / "_toc.yml", folder)
    return folder


def fill_store(book: Book, count: int) -> None:
    """Give the jobs of ``book`` outputs: ``count`` pictures of 200 kB, and as many texts of 5 kB."""
    dice, store = random.Random(0), Store(book.outputs)
    for job in jobs(book):
        outputs: list[dict[str, object]] = []
        for _ in range(count):
            picture = base64.b64encode(dice.randbytes(150_000)).decode()
            outputs.append({"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}})
            outputs.append({"output_type": "stream", "name": "stdout", "text": "What it says.\n" * 350})
        cells = [()] * (len(job.projection.code_cells) - 1)
        store.put(Result(job.key("cpu").digest, job.section.path, job.tab, (*cells, tuple(outputs))))


def build(folder: Path, command: tuple[str | Path, ...]) -> tuple[Taken, int]:
    """Build the book in ``folder``; return what it took, and how many pages Sphinx has read."""
    start = time.time()
    taken = run(*command)
    trees = (folder / "_build/.doctrees").rglob("*.doctree")  # one is written for each page that is read
    return taken, sum(tree.stat().st_mtime >= start for tree in trees)


def measure(books: Books, page: str, repeats: int) -> dict[str, dict[str, list[tuple[Taken, int]]]]:
    """Build ``books``, each a folder and its command, by turns; return what each build took."""
    found: dict[str, dict[str, list[tuple[Taken, int]]]] = {
        kind: {name: [] for name in books} for kind in KINDS
    }
    for repeat in range(repeats):
        for kind in KINDS:
            for name, (folder, command) in books.items():
                if kind == "cold":
                    for made in ("_build", ".tabbook/cache"):
                        shutil.rmtree(folder / made, ignore_errors=True)
                elif kind == "one page edited":
                    with (folder / page).open("a", encoding="utf-8") as file:
                        file.write(f"\nRemark {repeat}.\n")
                found[kind][name].append(build(folder, command))
    return found


def table(found: dict[str, dict[str, list[tuple[Taken, int]]]]) -> str:
    """Return what builds took as lines, the best of each, with the ratios to the books above it."""
    lines = []
    for kind, books in found.items():
        above: list[tuple[float, float]] = []
        for name, builds in books.items():
            taken, pages = min(builds)
            cpu = min(one.cpu for one, _ in builds)
            peak = max(one.megabytes for one, _ in builds)
            ratios = [
                f"{taken.seconds / seconds:5.2f} x {cpu / other:5.2f} x CPU"
                for seconds, other in above or [(taken.seconds, cpu)]
            ]
            above.append((taken.seconds, cpu))
            lines.append(
                f"{kind:16} {name:22} {taken.seconds:7.2f} s {cpu:7.2f} s of CPU {peak:5.0f} MB "
                f"{pages:4} pages read {', '.join(ratios)}"
            )
    return "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Make both books, build them, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", type=Path, help="a d2lbook project; one is made if not given")
    parser.add_argument("--pages", type=int, default=172, help="how many that one has, chapters aside")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--flat", action="store_true", help="no pages below pages, and no parts")
    parser.add_argument("--faults", type=int, default=0, metavar="N", help="how many pages have a fault")
    parser.add_argument("--outputs", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        ours, same = root / "ours", root / "same"
        source = arguments.source or make(
            root / "source", arguments.pages, deep=not arguments.flat, faults=arguments.faults
        )
        run(*TABBOOK, "import", "d2lbook", source, ours)
        subprocess.run([*TABBOOK, "lib", "--book", ours], check=False, capture_output=True)
        book = Book.load(ours)
        if arguments.outputs:
            fill_store(book, arguments.outputs)
        plain = plain_book(book, root / "plain", next(iter(book.settings.tabs)))
        shutil.copytree(ours, same)
        jupyter_book = Path(sys.executable).parent / "jupyter-book"
        books: Books = {
            "plain, one framework": (plain, (jupyter_book, "build", plain)),
            "jupyter-book on ours": (same, (jupyter_book, "build", same)),
            f"tabbook, {len(book.settings.tabs)} frameworks": (
                ours,
                (*TABBOOK, "build", "--no-run", "--book", ours),
            ),
        }
        page = next(section.path for section in book.sections if len(section.code_cells) > 2)
        print(f"{len(book.files)} pages")
        print(table(measure(books, page, arguments.repeats)), end="")


if __name__ == "__main__":
    main()
