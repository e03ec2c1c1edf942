"""Glued values on a page: the same key has a value in each framework.

MyST-NB collects what cells glue for a page as a whole. So a value that one framework alone has, or
that differs, is collected under a key that names the framework; the renderer looks for it there.
"""

from collections.abc import Iterable, Mapping, Sequence

from tabbook.model import Output


def key_for_tab(key: str, tab: str) -> str:
    """Return the key under which a page has the value of ``key`` in ``tab``."""
    return f"{key} in {tab}"


def _glued(output: Output) -> Mapping[str, str]:
    """Return what an output says about its key; nothing if it is not glued."""
    scrapbook = (output.get("metadata") or {}).get("scrapbook")
    return scrapbook if isinstance(scrapbook, Mapping) else {}


def split_glued(outputs: Iterable[Output], *, hidden: bool) -> tuple[tuple[Output, ...], tuple[Output, ...]]:
    """Return the outputs that belong at their cell, and those that are only there to be glued.

    ``hidden`` says that the cell shows no outputs.
    """
    seen, aside = list[Output](), list[Output]()
    for output in outputs:
        glued = _glued(output)
        (aside if glued and (hidden or glued.get("mime_prefix")) else seen).append(output)
    return tuple(seen), tuple(aside)


def for_tab(outputs: Iterable[Output], tab: str) -> tuple[Output, ...]:
    """Return outputs of ``tab`` with their glued values under keys of their own."""
    return tuple(_renamed(output, tab) if _glued(output) else output for output in outputs)


def _renamed(output: Output, tab: str) -> Output:
    mark = {**_glued(output), "name": key_for_tab(str(_glued(output).get("name")), tab)}
    return {**output, "metadata": {**output["metadata"], "scrapbook": mark}}


def for_all(asides: Mapping[str, Sequence[Output]], tabs: Sequence[str]) -> tuple[Output, ...]:
    """Return what a cell of ``tabs`` glues aside: once, where it is equal in all of them."""
    first = asides.get(tabs[0], ())
    if all(tuple(asides.get(tab, ())) == tuple(first) for tab in tabs):
        return tuple(first)
    return tuple(output for tab, outputs in asides.items() for output in for_tab(outputs, tab))
