"""Plugins: packages of their own that commands find by their entry points.

Looking through all installed packages takes as long as a quick command, so only a command that needs
a plugin imports this module.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from tabbook.errors import usage

IMPORTERS = "tabbook.importers"
"""By the name of the command: an `Importer` of ``tabbook.importers.importer``."""
EXECUTORS = "tabbook.executors"
"""By the scheme of an address: a `Connect` of ``tabbook.run.executors``."""
EXPORTERS = "tabbook.exporters"
"""By the name of the format: a `Format` of ``tabbook.export.formats``."""
_OURS = {
    IMPORTERS: {"d2lbook": "tabbook-d2lbook"},
    EXECUTORS: dict.fromkeys(("tcp", "tls", "ucx", "ws", "wss"), "tabbook-dask"),
}
"""The plugins in the repository of tabbook, to be named where they are missing."""


def _install(plugin: str) -> str:
    return f"in a clone of tabbook: pip install plugins/{plugin}"


def installed(group: str) -> tuple[str, ...]:
    """Return the names that installed plugins have in ``group``, sorted."""
    return tuple(sorted({found.name for found in entry_points(group=group)}))


def load(group: str, name: str, wish: str) -> Any:
    """Return what the plugin ``name`` of ``group`` provides.

    Args:
        group: One of the groups of this module.
        name: Which of its entry points.
        wish: What the user asked for, to begin the message with.

    Raises:
        UsageError: No plugin has it, several have it, or its code cannot be imported.
    """
    found = tuple(entry_points(group=group, name=name))
    if not found:
        raise usage(*_missing(group, name, wish))
    if len(found) > 1:
        raise usage(f"{wish}: {' and '.join(sorted(map(_package, found)))} both provide it", "uninstall one")
    try:
        return found[0].load()
    except Exception as error:  # of the plugin's code, or of what that imports
        message = f"{wish}: the plugin {_package(found[0])} cannot be loaded: {type(error).__name__}: {error}"
        raise usage(message, "install it again") from error


def _missing(group: str, name: str, wish: str) -> tuple[str, str]:
    """Return what is wrong where no plugin is for ``name``, and what to do."""
    if plugin := _OURS.get(group, {}).get(name):
        return f"{wish} needs the plugin {plugin}, which is not installed", _install(plugin)
    others = ", ".join(installed(group)) or "none"
    return f"{wish} needs a plugin for {name!r}, and none is installed", f"installed are: {others}"


def _package(found: EntryPoint) -> str:
    return found.dist.name if found.dist else found.value
