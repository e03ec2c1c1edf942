"""Runs cells in one framework's environment, as a notebook does: shell.py TAB CELLS.json FOUND.json.

A cell that fails does not stop the others. What is found of each is null, or its error as text.
"""

import importlib
import json
import os
import sys
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


class Shell(InteractiveShell):
    """A shell without windows: %matplotlib inline asks for none."""

    def enable_gui(self, gui=None):
        """Do nothing."""


def error_of(shell, source):
    """Run a cell; return the type and the first line of its error, if there is one."""
    with capture_output():
        result = shell.run_cell(source)
    error = result.error_before_exec or result.error_in_exec
    return None if error is None else f"{type(error).__name__}: {str(error).strip()}".splitlines()[0].strip()


def main(tab, cells, found):
    """Run all cells of a file in one shell, from a fresh seed."""
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if tab == "mxnet":
        importlib.import_module("mxnet").npx.set_np()
    importlib.import_module(f"d2l.{'torch' if tab == 'pytorch' else tab}").set_seed(0)
    shell = Shell.instance()
    sources = json.loads(Path(cells).read_text(encoding="utf-8"))
    Path(found).write_text(json.dumps([error_of(shell, source) for source in sources]), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
