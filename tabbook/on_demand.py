"""Classes of other packages that are loaded when one is made, not when their module is imported.

MyST-NB imports its clients for execution even where it executes nothing, and with them SQLAlchemy
and nbclient: a fifth of the time of a check with one page changed.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

CLIENTS = {
    "myst_nb.core.execute.cache": "NotebookClientCache",
    "myst_nb.core.execute.direct": "NotebookClientDirect",
    "myst_nb.core.execute.inline": "NotebookClientInline",
}
"""MyST-NB's clients for execution: modules, each with the class that is imported from it."""


class _OnDemand(MetaPathFinder, Loader):
    """Finds the modules in ``classes`` with a function in place of the class that loads it and calls it."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self.classes = classes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: object = None
    ) -> ModuleSpec | None:
        """Return how a module is loaded; ``None`` for those that are none of ours, or not installed."""
        found = PathFinder.find_spec(fullname, path) if fullname in self.classes else None
        return ModuleSpec(fullname, self, loader_state=found) if found else None

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its function."""
        found, name = module.__spec__.loader_state, self.classes[module.__name__]  # type: ignore[union-attr]

        def make(*args: Any, **options: Any) -> object:
            real = module_from_spec(found)
            found.loader.exec_module(real)
            return getattr(real, name)(*args, **options)

        setattr(module, name, make)


@contextmanager
def on_demand(classes: Mapping[str, str] = CLIENTS) -> Iterator[None]:
    """Let what is imported meanwhile find ``classes``, by their modules, without loading them."""
    finder = _OnDemand(classes)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
