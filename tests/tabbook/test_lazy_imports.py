"""What is left until it is needed: a check must not wait for packages that it does not use."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from render_helpers import write_book

from tabbook.lazy_imports import MODULES, lazy_classes


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
    with lazy_classes({"shelf.book": "Book", "shelf.missing": "Missing"}):
        import shelf  # type: ignore[import-not-found]
        from shelf.book import Book  # type: ignore[import-not-found]

        with pytest.raises(ModuleNotFoundError, match=r"shelf\.missing"):
            import shelf.missing  # type: ignore[import-not-found]
    assert shelf.LOADED == []
    made = Book("Ulysses", pages=700)
    assert (shelf.LOADED, made.told, type(made).__name__) == (["shelf.book"], "Ulysses, 700", "Book")
    assert type(made) is sys.modules["shelf.book"].Book, "there is one module, not two"


def test_a_whole_package_is_loaded_when_something_of_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others see the real one, also its modules, and no class has a copy of another identity."""
    package = tmp_path / "cellar"
    package.mkdir()
    (package / "__init__.py").write_text("from .wine import Wine\n\nCOUNT = 2\n")
    (package / "wine.py").write_text("class Wine:\n    pass\n\ndef pour(glasses):\n    return glasses + 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    with lazy_classes({"cellar": "", "cellar.wine": "pour"}):
        import cellar  # type: ignore[import-not-found]
        from cellar.wine import pour  # type: ignore[import-not-found]
    assert not {"cellar", "cellar.wine"} & sys.modules.keys()
    assert pour(1) == 2
    assert cellar.COUNT == 2
    assert cellar.Wine is sys.modules["cellar.wine"].Wine
    with pytest.raises(AttributeError, match="GLASS"):
        _ = cellar.GLASS


def test_the_modules_have_what_is_imported_from_them() -> None:
    """If MyST-NB moved its clients, it would be loaded whole, and checks would be slow without a sign."""
    for module, name in MODULES.items():
        found = importlib.import_module(module)
        assert not name or callable(getattr(found, name)), f"{module}.{name}"


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
    assert not {"sqlalchemy", "nbclient", "IPython", "snowballstemmer"} & set(modules)
