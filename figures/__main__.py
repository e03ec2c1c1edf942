"""Draw the figures again: ``python -m figures``; ``python -m figures calculus`` draws some alone."""

import runpy
import sys
from pathlib import Path

from tabbook.files import write_atomic

HERE = Path(__file__).parent


def scripts() -> list[Path]:
    """Return the scripts of all figures: each is in the folder of its chapter."""
    return sorted(HERE.glob("*/*.py"))


def drawn(script: Path) -> str:
    """Return the SVG that a script draws: the text of what its function ``draw`` returns."""
    return str(runpy.run_path(str(script))["draw"]().svg())


if __name__ == "__main__":
    for script in scripts():
        if not sys.argv[1:] or any(word in str(script.relative_to(HERE)) for word in sys.argv[1:]):
            write_atomic(script.with_suffix(".svg"), drawn(script).encode())
