"""Time `tabbook status` and `tabbook lib` on a large book: python benchmarks/speed.py [--sections 140].

Each command is timed three times in a process of its own; the best is shown, as other programs
of the machine can only make it slower.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from make_book import fill_store, make

from tabbook.library import generate, update


def timed(folder: Path, *arguments: str, before: Callable[[], object] = lambda: None) -> float:
    """Return the best of three times, in seconds, of a command of tabbook on the book in ``folder``."""
    command = [sys.executable, "-m", "tabbook", *arguments, "--book", str(folder)]
    times = []
    for _ in range(3):
        before()
        start = time.perf_counter()
        subprocess.run(command, check=False, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Make the book, time the commands, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sections", type=int, default=140)
    arguments = parser.parse_args()
    os.environ["TABBOOK_DEVICE"] = "cpu"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book = make(folder, arguments.sections)
        update(book, generate(book))
        fill_store(book)
        page, edits = folder / "chapters/s001.md", iter(range(1000))

        def forget() -> None:
            for path in (folder / ".tabbook/cache").glob("*"):
                path.unlink()

        def edit() -> None:
            with page.open("a") as file:
                file.write(f"\nA remark, the {next(edits)}th.\n")

        rows = [
            ("tabbook --help", timed(folder, "--help")),
            ("lib --check, nothing known", timed(folder, "lib", "--check", before=forget)),
            ("lib --check, nothing changed", timed(folder, "lib", "--check")),
            ("lib --check, a line of prose edited", timed(folder, "lib", "--check", before=edit)),
            ("status, nothing known", timed(folder, "status", before=forget)),
            ("status, nothing changed", timed(folder, "status")),
            ("status, a line of prose edited", timed(folder, "status", before=edit)),
        ]
    sys.stdout.write("".join(f"{title:38} {seconds:6.2f} s\n" for title, seconds in rows))


if __name__ == "__main__":
    main()
