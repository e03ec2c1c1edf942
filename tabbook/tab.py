"""Tabs in a live notebook: ``%load_ext tabbook.tab``.

A section opened in JupyterLab holds the code of every framework. This extension lets it run
from top to bottom in any one of them: cells that belong to other tabs say so instead of
running, and ``tab.selected`` answers for the tab that is chosen. It needs only IPython.

The tabs of the book come from the variable ``TABBOOK_TABS``, which registered kernels have, or else from
the ``_config.yml`` above the notebook, or else from the notebook itself.
"""

import contextlib
import importlib.metadata
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

_MARK = re.compile(r"\s*(?:%%tab|#\s*@tab)\b(?P<names>[^\n]*)\n?\Z")
_SKIP = "__import__('tabbook.tab', fromlist=['tab']).run_mark({names!r})\n"


def _flat(names: Iterable[str | Iterable[str]]) -> tuple[str, ...]:
    """Return names that were given one by one, in lists, or both, without repeats."""
    flat: list[str] = []
    for name in names:
        flat += [name] if isinstance(name, str) else list(name)
    return tuple(dict.fromkeys(flat))


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.split(r"[,\s]+", text.strip(" ,\t\r\n")))) if text.strip(" ,\t\r\n") else ()


def _declared() -> dict[str, str]:
    """Return the tabs of the book that this notebook is in, each with its framework's distribution."""
    here = Path.cwd()
    file = next(
        (path for folder in (here, *here.parents) if (path := folder / "_config.yml").is_file()), None
    )
    with contextlib.suppress(Exception):  # it may be missing, of any form, or PyYAML may not be installed
        import yaml

        tabs = yaml.safe_load(Path(str(file)).read_text(encoding="utf-8"))["sphinx"]["config"]["tabbook"][
            "tabs"
        ]
        return {tab: str(about.get("distribution") or about["module"]) for tab, about in tabs.items()}
    return {}


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False
    return True


class Tabs:
    """The tabs that a notebook offers, and the one that is selected; none and empty until they are known."""

    def __init__(self) -> None:
        named = _split(os.environ.get("TABBOOK_TABS", ""))
        own = os.environ.get("TABBOOK_TAB", "")
        self._distributions = {} if named else _declared()
        known = named or tuple(self._distributions)
        self.offered: tuple[str, ...] = known if not own or own in known else (own, *known)
        self.current = self._preferred()

    def _preferred(self) -> str:
        """Return the kernel's own framework, else the first that is installed, else the first."""
        own = os.environ.get("TABBOOK_TAB", "")
        if own in self.offered:
            return own
        found = (tab for tab in self.offered if _is_installed(self._distributions.get(tab, tab)))
        return next(found, self.offered[0] if self.offered else "")

    def check(self, names: Iterable[str]) -> None:
        """Raise ``UsageError`` if one of ``names`` is not a tab of this notebook, or none is known."""
        if not self.offered:
            raise UsageError("no tab is selected; name the tabs first: tab.interact_select('TAB', …)")
        for name in names:
            if name not in self.offered:
                raise UsageError(f"unknown tab {name!r}; the tabs are {', '.join(self.offered)}")

    def select(self, name: str) -> None:
        """Select a tab. Cells that ran before are not run again."""
        self.check([name])
        self.current = name
        print(f"The selected tab is {name}.")

    def selected(self, *names: str | Iterable[str]) -> bool:
        """Return whether the selected tab is one of ``names``."""
        flat = _flat(names)
        if not flat:
            raise UsageError("tab.selected needs the names of tabs: tab.selected('TAB', …)")
        self.check(flat)
        return self.current in flat

    def interact_select(self, *names: str | Iterable[str]) -> None:
        """Offer the tabs ``names`` (all, if none is given) and let the reader choose one.

        The kernel's own framework is selected to begin with. Where ipywidgets is installed
        there is a drop-down, elsewhere a line that says how to choose.
        """
        flat = _flat(names)
        if flat:
            self.offered = flat
            if self.current not in flat or os.environ.get("TABBOOK_TAB") in flat:
                self.current = self._preferred()
        elif not self.offered:
            self.check(())
        try:
            import ipywidgets
        except ImportError:
            others = [name for name in self.offered if name != self.current]
            hint = f" To choose another: tab.select({others[0]!r})" if others else ""
            print(f"The selected tab is {self.current}, of {', '.join(self.offered)}.{hint}")
            return
        self._drop_down(ipywidgets)

    def _drop_down(self, widgets: Any) -> None:
        from IPython import display

        menu = widgets.Dropdown(options=list(self.offered), value=self.current, description="tab")

        def chosen(change: dict[str, str]) -> None:
            self.current = change["new"]

        menu.observe(chosen, names="value")
        show: Any = display.display
        show(menu)

    def __repr__(self) -> str:
        return f"<tab {self.current}, of {', '.join(self.offered)}>"


tab = Tabs()
"""The tabs of this kernel; the extension puts it into the notebook under this name."""


def _belongs(names: str) -> bool:
    """Say whether a cell marked with ``names`` runs; false also where the mark is wrong."""
    marked = _split(names)
    return marked == ("all",) or (tab.current in marked and not set(marked) - set(tab.offered))


def run_mark(names: str) -> None:
    """Stand for a cell that does not run: say why, or raise ``UsageError`` if its mark is wrong."""
    marked = _split(names)
    if not marked or ("all" in marked and len(marked) > 1):
        raise UsageError("a tab mark names tabs, or all: %%tab TAB, …")
    tab.check(marked)
    print(f"Skipped: this cell is for {', '.join(marked)}; the selected tab is {tab.current}")


def transform(lines: list[str]) -> list[str]:
    """Return a cell's lines as IPython is to run them: its tab mark obeyed and taken away.

    Because the mark is gone before IPython looks at the cell, what is below it behaves as in
    any other cell: magics, displays, ``await``, errors and their line numbers.
    """
    mark = _MARK.match(lines[0]) if lines else None
    if mark is None:
        return lines
    names = mark["names"]
    if not _belongs(names):
        return [_SKIP.format(names=names)]
    rest = lines[1:]
    # A cell magic must stay on the first line; other cells keep their line numbers.
    return rest if rest and rest[0].startswith("%%") else ["\n", *rest]


def load_ipython_extension(shell: Any) -> None:
    """Make ``%%tab`` and ``tab`` known to a notebook. Loading it again changes nothing."""

    def run_if_selected(line: str, cell: str) -> None:
        """Run this cell only if the selected tab is among those named.

        ``%%tab pytorch, jax`` or ``%%tab all``, on the first line of the cell.
        """
        # Cells never come here, as `transform` takes the mark away; run_cell_magic does.
        if _belongs(line):
            shell.run_cell(cell)
        else:
            run_mark(line)

    shell.register_magic_function(run_if_selected, magic_kind="cell", magic_name="tab")
    if transform not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(transform)
    shell.push({"tab": tab}, interactive=False)


def unload_ipython_extension(shell: Any) -> None:
    """Take ``%%tab`` and ``tab`` away again."""
    if transform in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(transform)
    shell.magics_manager.magics["cell"].pop("tab", None)
    shell.drop_by_id({"tab": tab})
