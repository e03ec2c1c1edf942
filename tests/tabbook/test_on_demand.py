"""What is left until it is needed: a check must not wait for packages that it does not use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from render_helpers import write_book

from tabbook.on_demand import CLIENTS, on_demand


def test_a_class_is_loaded_when_one_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function in its place gives the same objects, and modules imported later are whole again."""
    package = tmp_path / "shelf"
    package.mkdir()
    (package / "__init__.py").write_text("LOADED = []\n")
    (package / "book.py").write_text(
        "from . import LOADED\n\nLOADED.append(__name__)\n\n\n"
        "class Book:\n    def __init__(self, title, pages=1):\n        self.told = f'{title}, {pages}'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with on_demand({"shelf.book": "Book", "shelf.missing": "Missing"}):
        import shelf  # type: ignore[import-not-found]
        from shelf.book import Book  # type: ignore[import-not-found]

        with pytest.raises(ModuleNotFoundError, match=r"shelf\.missing"):
            import shelf.missing  # type: ignore[import-not-found]
    assert shelf.LOADED == []
    made = Book("Ulysses", pages=700)
    assert (shelf.LOADED, made.told, type(made).__name__) == (["shelf.book"], "Ulysses, 700", "Book")


def test_the_classes_are_those_that_the_package_has() -> None:
    """A MyST-NB that moved its clients would be loaded whole, and nobody would see why a check is slow."""
    for module, name in CLIENTS.items():
        __import__(module)
        assert isinstance(getattr(sys.modules[module], name), type), f"{module}.{name}"


def test_a_check_of_pages_does_without_what_executes_notebooks(tmp_path: Path) -> None:
    write_book(tmp_path, {"index": "# A book\n\nText.\n"})
    code = (
        "import json, sys\nfrom pathlib import Path\nfrom tabbook.book import Book\n"
        "from tabbook.checks.pages import _check\n"
        f"faults = _check(Book.load(Path({str(tmp_path)!r})))\n"
        "print(json.dumps([list(map(str, faults)), sorted({name.split('.')[0] for name in sys.modules})]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    faults, modules = json.loads(run.stdout)
    assert not faults
    assert "myst_nb" in modules
    assert not {"sqlalchemy", "nbclient"} & set(modules)
