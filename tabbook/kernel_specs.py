"""Kernels of the frameworks' environments for JupyterLab, so that sections open and run there."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tabbook import environments
from tabbook.book import Book
from tabbook.errors import EnvironmentFailedError, Fault
from tabbook.machine import cores


def kernel_name(tab: str) -> str:
    """Return the name under which the kernel of ``tab`` is registered."""
    return f"tabbook-{tab}"


def kernel_spec(book: Book, tab: str) -> dict[str, object]:
    """Return what Jupyter needs to know to start the kernel of ``tab``."""
    return {
        "argv": [str(book.python(tab)), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": f"{book.settings.tabs[tab].name} (book)",
        "language": "python",
        "metadata": {"debugger": True},
        "env": {
            **book.settings.tabs[tab].environ(Path.home(), cores()),
            "TABBOOK_TAB": tab,
            "TABBOOK_TABS": ",".join(book.settings.tabs),
            "PYTHONPATH": str(book.library_folder),
        },
    }


def register(book: Book, tabs: Iterable[str], *, prefix: Path | None = None) -> tuple[Path, ...]:
    """Register the kernels of ``tabs`` and return their folders.

    They go to the user's Jupyter folder, or under ``prefix/share/jupyter``. One that was
    registered before is replaced.

    Raises:
        EnvironmentFailedError: Environments are missing; the kernels of the others are registered.
        OSError: The folder cannot be written.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    manager = KernelSpecManager()
    folders: list[Path] = []
    faults: list[Fault] = []
    for tab in tabs:
        state = environments.state(book, tab)
        if state.status in ("failed", "missing"):
            faults.append(Fault("", 0, f"{tab}: there is no environment to start a kernel in", state.reason))
            continue
        with tempfile.TemporaryDirectory() as source:
            text = json.dumps(kernel_spec(book, tab), indent=1) + "\n"
            (Path(source) / "kernel.json").write_text(text, encoding="utf-8")
            folder = manager.install_kernel_spec(
                source,
                kernel_name=kernel_name(tab),
                user=prefix is None,
                prefix=None if prefix is None else str(prefix),
            )
        folders.append(Path(folder))
    if faults:
        raise EnvironmentFailedError(faults)
    return tuple(folders)
