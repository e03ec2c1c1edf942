"""Build an imported book beside plain Jupyter Book: python benchmarks/html.py [--pages 172] [--repeats 3].

The book has four frameworks and comes from d2lbook's format, as in ``import.py``. Beside it stands
a plain book of the same pages for one framework: ordinary MyST notebooks, with no extension of
ours. Nothing is executed. `tabbook build` makes the one, `jupyter-book build` the other, by turns;
the best of each counts, and what is shown is the ratio of the two: cold, with one line of prose
edited, and with nothing changed. Processor time is shown as well: it says how much of a ratio is
due to the second core.

With ``--outputs N`` each job of the imported book has made-up outputs, N pictures of 200 kB each
and as much text: the peak of memory should not depend on N.
"""

import argparse
import base64
import importlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from tabbook.book import Book
from tabbook.model import Result, Section
from tabbook.plan import jobs
from tabbook.store import Store

FRONT = (
    "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3, language: python}\n"
    "language_info: {name: python, pygments_lexer: ipython3}\n---\n"
)


@dataclass
class Taken:
    """What a build took: seconds, seconds of all processors, peak of memory in MB, pages read."""

    seconds: float
    processor: float
    memory: float
    read: int


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
    """Give the jobs of ``book`` outputs: ``count`` pictures of 200 kB, and as many long texts."""
    dice, store = random.Random(0), Store(book.outputs)
    for job in jobs(book):
        outputs: list[dict[str, object]] = []
        for _ in range(count):
            picture = base64.b64encode(dice.randbytes(150_000)).decode()
            outputs.append({"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}})
            outputs.append({"output_type": "stream", "name": "stdout", "text": "What it says.\n" * 400})
        cells = [()] * (len(job.projection.code_cells) - 1)
        store.put(Result(job.key("cpu").digest, job.section.path, job.tab, (*cells, tuple(outputs))))


def build(folder: Path, *command: str | Path) -> Taken:
    """Build the book in ``folder``; return what it took."""
    now, start = time.time(), time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)  # of its own children, too
        seconds = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            said.seek(0)
            sys.exit(f"{' '.join(map(str, command))} failed:\n{said.read().decode()[-3000:]}")
    trees = (folder / "_build/.doctrees").rglob("*.doctree")
    read = sum(tree.stat().st_mtime >= now for tree in trees)  # Sphinx writes one for each page that it reads
    return Taken(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, read)


def best(taken: list[Taken]) -> Taken:
    """Return the quickest of some builds; memory is the highest."""
    return Taken(
        min(one.seconds for one in taken),
        min(one.processor for one in taken),
        max(one.memory for one in taken),
        taken[-1].read,
    )


def measure(books: dict[str, tuple[Path, tuple[str | Path, ...]]], page: str, repeats: int) -> None:
    """Build the books by turns, and print what each took and the ratio."""
    found: dict[str, dict[str, list[Taken]]] = {
        kind: {name: [] for name in books} for kind in ("cold", "one page edited", "nothing changed")
    }
    for repeat in range(repeats):
        for name, (folder, command) in books.items():
            for made in ("_build", ".tabbook/cache"):
                shutil.rmtree(folder / made, ignore_errors=True)
            found["cold"][name].append(build(folder, *command))
        for name, (folder, command) in books.items():
            with (folder / page).open("a", encoding="utf-8") as file:
                file.write(f"\nRemark {repeat}.\n")
            found["one page edited"][name].append(build(folder, *command))
        for name, (folder, command) in books.items():
            found["nothing changed"][name].append(build(folder, *command))
    for kind, by_book in found.items():
        (_, plain), (_, ours) = ((name, best(taken)) for name, taken in by_book.items())
        for name, taken in zip(by_book, (plain, ours), strict=True):
            sys.stdout.write(
                f"{kind:16} {name:24} {taken.seconds:6.1f} s {taken.processor:6.1f} s of processors "
                f"{taken.memory:5.0f} MB {taken.read:4} pages read\n"
            )
        sys.stdout.write(
            f"{kind:16} ratio {ours.seconds / plain.seconds:.2f}, of processor time "
            f"{ours.processor / plain.processor:.2f}\n"
        )


def main() -> None:
    """Make both books, build them, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", type=Path, help="a d2lbook project; one is made if not given")
    parser.add_argument("--pages", type=int, default=172, help="how many that one has, chapters aside")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--outputs", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    tabbook, bin_folder = (sys.executable, "-m", "tabbook"), Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        # A module of this name cannot be imported by a statement.
        source = arguments.source or importlib.import_module("import").make(root / "source", arguments.pages)
        ours = root / "ours"
        subprocess.run([*tabbook, "import", "d2lbook", source, ours], check=False, capture_output=True)
        book = Book.load(ours)
        if arguments.outputs:
            subprocess.run([*tabbook, "lib", "--book", ours], check=False, capture_output=True)
            fill_store(book, arguments.outputs)
        plain = plain_book(book, root / "plain", next(iter(book.settings.tabs)))
        page = next(section.path for section in book.sections if len(section.code_cells) > 2)
        sys.stdout.write(f"{len(book.files)} pages, {len(book.settings.tabs)} frameworks beside 1\n")
        measure(
            {
                "jupyter-book, plain": (plain, (bin_folder / "jupyter-book", "build", plain)),
                "tabbook, imported": (ours, (*tabbook, "build", "--no-run", "--book", ours)),
            },
            page,
            arguments.repeats,
        )


if __name__ == "__main__":
    main()
