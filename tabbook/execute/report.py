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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_LONGEST = 20_000
"""Characters of the text of a widget that are kept."""


def _torch(torch: Any) -> bool:
    kinds = [getattr(torch, name, None) for name in ("cuda", "xpu")]
    found = [kind for kind in kinds if kind is not None and kind.is_available()]
    mps = getattr(torch, "mps", None)
    if mps is not None and torch.backends.mps.is_available() and mps.driver_allocated_memory():
        return True
    return any(kind.max_memory_allocated(index) > 0 for kind in found for index in range(kind.device_count()))


def _jax(jax: Any) -> bool:
    devices = [device for device in jax.local_devices() if device.platform != "cpu"]
    return any((device.memory_stats() or {}).get("peak_bytes_in_use", 1) > 0 for device in devices)


def _tensorflow(tensorflow: Any) -> bool:
    devices = tensorflow.config.list_logical_devices("GPU")
    memory = tensorflow.config.experimental.get_memory_info
    return any(memory(device.name.removeprefix("/device:"))["peak"] > 0 for device in devices)


def _mxnet(mxnet: Any) -> bool:
    return bool(mxnet.context.num_gpus())


_PROBES: dict[str, Callable[[Any], bool]] = {
    "torch": _torch,
    "jax": _jax,
    "tensorflow": _tensorflow,
    "mxnet": _mxnet,
}
"""Whether a framework used a GPU, by the name of its module."""


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


def device() -> str:
    """Return what the code ran on: ``cpu``, ``gpu``, or nothing if that is not known.

    Frameworks that the code did not import are not asked.
    """
    answers = []
    for name, probe in _PROBES.items():
        if name in sys.modules:
            with contextlib.suppress(Exception):  # it may be of any version, or half imported
                answers.append(probe(sys.modules[name]))
    if any(answers):
        return "gpu"
    return "cpu" if answers or _has_gpu_open() is False else ""


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
        return repr(widget)[:_LONGEST] if widget is not None else ""
    return ""


def report(kernel: Any, module: str, is_over: bool, widgets: Iterable[str]) -> dict[str, Any]:
    """Return versions, folders, texts of widgets and, if the section's code ``is_over``, its device."""
    return {
        "python": platform.python_version(),
        "framework": _version(module),
        "folders": folders(),
        "device": device() if is_over else "",
        "texts": {name: text for name in widgets if (text := _widget_text(kernel, name))},
    }
