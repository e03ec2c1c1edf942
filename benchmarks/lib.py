"""Generate the library side by side with d2lbook: python benchmarks/lib.py [--source DIR] [--repeats 5].

A project in d2lbook's format is imported. Then `tabbook lib` and `d2lbook build lib` write the
modules of all tabs, in turns, from a start where neither has them; ours has no cache either, and
once more with one. The best of each and the ratio are printed, and the memory of the largest
process. `benchmarks/peer.py` says with what project.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from peer import options, peer, project
from timing import TABBOOK, Taken, run


def fresh(folder: Path, written: str) -> Callable[[], None]:
    """Return what puts ``folder / written`` back to how it is now."""
    target, copy = folder / written, folder.with_name(f"{folder.name}-before")
    if target.exists():
        shutil.copytree(target, copy)

    def restore() -> None:
        shutil.rmtree(target, ignore_errors=True)
        if copy.exists():
            shutil.copytree(copy, target)

    return restore


def measure(ours: Path, theirs: Path, program: Path, repeats: int) -> dict[str, list[Taken]]:
    """Return what each way took, by its name, run by run; all of them in turns."""
    restore_ours, restore_theirs = fresh(ours, "d2l_lib"), fresh(theirs, "d2l")
    taken: dict[str, list[Taken]] = {}

    def note(title: str, *command: str | Path, cwd: Path | None = None) -> None:
        taken.setdefault(title, []).append(run(*command, cwd=cwd))

    for _ in range(repeats):
        restore_theirs()
        note("d2lbook build lib", program, "build", "lib", cwd=theirs)
        restore_ours()
        shutil.rmtree(ours / ".tabbook" / "cache", ignore_errors=True)
        note("tabbook lib, nothing known", *TABBOOK, "lib", "--book", ours)
        restore_ours()
        note("tabbook lib, sections known", *TABBOOK, "lib", "--book", ours)
    return taken


def table(taken: dict[str, list[Taken]]) -> str:
    """Return the best of each way, and how often it fits into the time of the first."""
    best = {title: min(runs) for title, runs in taken.items()}
    first = next(iter(best.values())).seconds
    return "".join(f"{title:28} {one} {first / one.seconds:6.1f} x\n" for title, one in best.items())


def main() -> None:
    """Import the project, measure, print."""
    parser = options(__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        source, theirs = project(arguments, Path(name))
        ours = Path(name) / "ours"
        run(*TABBOOK, "import", "d2lbook", source, ours)
        sys.stdout.write(table(measure(ours, theirs, peer(arguments.work), arguments.repeats)))


if __name__ == "__main__":
    main()
