"""What a kernel says about itself: its Python, what its code ran on, how its widgets look.

A running kernel is given this text, as the framework's environment does not have tabbook, and
calls `report` apart from the section's own names.
"""

import contextlib
import importlib.metadata
import platform
import re
import site
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_MAX_TEXT_CHARACTERS = 20_000
"""Characters of the text of a widget that are kept."""


def _has_gpu_open() -> bool | None:
    """Return whether this process has the device of a GPU open; ``None`` if that cannot be known."""
    try:
        files = [*Path("/proc/self/fd").iterdir()]
    except OSError:
        return None
    for file in files:
        with contextlib.suppress(OSError):
            if re.match(r"/dev/(nvidia\d|kfd|dri/)", str(file.readlink())):
                return True
    return False


def device(expression: str) -> str:
    """Return what the code ran on: ``cpu``, ``gpu``, what ``expression`` names, or nothing if unknown.

    ``expression`` is the framework's own answer. Where the code has not imported what it asks, or it
    fails, what counts is whether this process has a GPU open.
    """
    modules = {name: module for name, module in sys.modules.copy().items() if "." not in name}
    answer: str | bool | None = None
    if expression:
        # A framework may be of any version, or half imported, and an array is neither true nor false.
        with contextlib.suppress(Exception, SystemExit):
            found = eval(expression, modules)
            answer = found if found is None or isinstance(found, str) else bool(found)
    if isinstance(answer, str):
        return answer
    uses_gpu = _has_gpu_open() if answer is None else answer
    return {True: "gpu", False: "cpu", None: ""}[uses_gpu]


def folders() -> dict[str, list[str]]:
    """Return where this Python has its parts, by what they are."""
    paths = sysconfig.get_paths()
    packages = [paths["purelib"], paths["platlib"], *site.getsitepackages()]
    return {
        "packages": list(dict.fromkeys(packages)),
        "library": list(dict.fromkeys([paths["stdlib"], paths["platstdlib"]])),
        "prefix": list(dict.fromkeys([sys.prefix, sys.exec_prefix])),
        "base": list(dict.fromkeys([sys.base_prefix, sys.base_exec_prefix])),
    }


def _version(distribution: str) -> str:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError, ValueError):
        return importlib.metadata.version(distribution)
    return ""


def _widget_text(kernel: Any, comm_id: str) -> str:
    """Return the text of the widget that a comm belongs to; empty if it has none."""
    comm = kernel.comm_manager.comms.get(comm_id)
    widget = getattr(getattr(comm, "_msg_callback", None), "__self__", None)
    with contextlib.suppress(Exception):  # it is the section's own code
        return repr(widget)[:_MAX_TEXT_CHARACTERS] if widget is not None else ""
    return ""


def report(
    kernel: Any, distribution: str, is_over: bool, device_expression: str | None, widgets: Iterable[str]
) -> dict[str, Any]:
    """Return versions, folders, texts of widgets and, if the section's code ``is_over``, its device."""
    return {
        "python": platform.python_version(),
        "framework": _version(distribution),
        "folders": folders(),
        "device": device(device_expression or "") if is_over else "",
        "texts": {name: text for name in widgets if (text := _widget_text(kernel, name))},
    }
