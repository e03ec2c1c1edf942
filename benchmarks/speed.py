"""Time the commands that execute nothing on a large book: python benchmarks/speed.py [--sections 140].

Each is run several times in a process of its own; the best is shown, with the memory of the
largest of its processes.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from make_book import fill_store, make
from timing import TABBOOK, best

from tabbook.library.generator import generate, update


def nothing() -> None:
    """Prepare for a run that finds all as it is."""


def main() -> None:
    """Make the book, time the commands, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sections", type=int, default=140)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["TABBOOK_DEVICE"] = "cpu"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book = make(folder, arguments.sections)
        update(book, generate(book))
        fill_store(book)
        page, edits = folder / "chapters/s001.md", iter(range(1000))

        def forget() -> None:
            shutil.rmtree(folder / ".tabbook/cache", ignore_errors=True)

        def edit() -> None:
            with page.open("a") as file:
                file.write(f"\nA remark, the {next(edits)}th.\n")

        states: dict[str, Callable[[], None]] = {
            "nothing known": forget,
            "nothing changed": nothing,
            "a line of prose edited": edit,
        }
        rows = {"tabbook --help": best(*TABBOOK, "--help", repeats=arguments.repeats)}
        for command in (("lib", "--check"), ("status",), ("check", "--no-pages"), ("check",)):
            for state, before in states.items():
                whole = (*TABBOOK, *command, "--book", folder)
                rows[f"{' '.join(command)}, {state}"] = best(*whole, repeats=arguments.repeats, before=before)
    sys.stdout.write("".join(f"{title:32} {one}\n" for title, one in rows.items()))


if __name__ == "__main__":
    main()
