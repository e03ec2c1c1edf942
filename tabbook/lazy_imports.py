"""Modules of other packages that are loaded when they are used, not when they are imported.

MyST-NB imports its clients for execution even where it executes nothing, and with them SQLAlchemy
and nbclient. It imports IPython for `glue`, which only kernels call; and Sphinx has a stemmer for each
language. Together they take a quarter of the time of a check with one page changed.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

MODULES = {
    "myst_nb.core.execute.cache": "NotebookClientCache",
    "myst_nb.core.execute.direct": "NotebookClientDirect",
    "myst_nb.core.execute.inline": "NotebookClientInline",
    "IPython": "",
    "IPython.display": "display",
    "snowballstemmer": "",
}
"""The modules, each with the class or function that is imported from it; empty where none is."""


class _LazyFinder(MetaPathFinder, Loader):
    """Finds modules that load when something of them is used.

    For the class or function that ``names`` has for a module, that is when it is called.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = dict(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: object = None
    ) -> ModuleSpec | None:
        """Return how a module is loaded; ``None`` for those that are none of ours, or not installed."""
        found = PathFinder.find_spec(fullname, path) if fullname in self.names else None
        if found is None:
            return None
        spec = ModuleSpec(fullname, self, origin=found.origin)
        spec.submodule_search_locations = found.submodule_search_locations
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Let the module be replaced by the real one when it is used."""
        name = self.names[module.__name__]

        def get(attribute: str) -> Any:
            if attribute == "__path__":  # the import asks whether it is a package
                raise AttributeError(attribute)
            return getattr(self._load(module), attribute)

        def call(*arguments: Any, **options: Any) -> Any:
            return get(name)(*arguments, **options)

        vars(module)["__getattr__"] = get
        if name:
            vars(module)[name] = call

    def _load(self, module: ModuleType) -> ModuleType:
        self.names.pop(module.__name__, None)
        self._remove(module.__name__)
        return import_module(module.__name__)

    def _remove(self, name: str) -> None:
        """Let the next import of a module find the real one."""
        spec = getattr(sys.modules.get(name), "__spec__", None)
        if spec is not None and spec.loader is self:
            del sys.modules[name]

    def end(self) -> None:
        """Find nothing from now on; what has been imported still loads when it is used."""
        sys.meta_path.remove(self)
        for name in self.names:
            self._remove(name)


@contextmanager
def lazy_classes(names: Mapping[str, str] = MODULES) -> Iterator[None]:
    """Let what is imported meanwhile find the modules in ``names`` without loading them."""
    finder = _LazyFinder(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        finder.end()
