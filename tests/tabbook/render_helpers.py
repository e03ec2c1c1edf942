"""A small book, with made-up outputs in its store, for the tests of what pages look like."""

import base64
import struct
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tabbook.book import Book
from tabbook.model import Cell, Result
from tabbook.plan.planner import job
from tabbook.sphinx_config import sphinx_config
from tabbook.store.local import Store

NAMES = {"pytorch": "PyTorch", "jax": "JAX", "mxnet": "MXNet"}
FRONT = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\ntabbook: {}\n---\n\n"

MODEL = (
    FRONT
    + """
(sec_NAME)=
# The Model

[**We begin.**] (~~Only on slides.~~) See {eq}`eq_NAME`, {numref}`fig_NAME` and {ref}`sec_model`.

$$a = b$$ (eq_NAME)

```{code-cell} python
%load_ext tabbook.tab
tab.interact_select('pytorch', 'jax', 'mxnet')
```

```{code-cell} python
%%tab jax
import jax
```

```{code-cell} python
%%tab pytorch
import torch
```

```{code-cell} python
%%tab mxnet
import mxnet
```

## Text

:::{tab} pytorch, mxnet
Here a parameter is **owned** by the module.

### A heading inside

- one
- two
:::

:::{tab} jax
Here a parameter lives outside.

(eq-target)=
$$c = d$$ (eq_jax_NAME)
:::

PROSE

```{code-cell} python
print('the same for all')
```

```{code-cell} python
print(framework())
```

```{code-cell} python
---
mystnb: {figure: {name: fig_NAME, caption: Training goes on.}}
---
draw()
```

```{code-cell} python
:tags: [hide-input]
if tab.selected('jax'):
    a = 1
else:
    a = 2
a
```

```{code-cell} python
%%tab pytorch
only_here()
```

## Summary

PROSE

PROSE
"""
)
PROSE = "The quick brown fox jumps over the lazy dog while the network trains. " * 12


def model_page(name: str) -> str:
    """Return a section with every kind of group; its labels end in ``name``."""
    return MODEL.replace("NAME", name).replace("PROSE", PROSE)


def png(width: int, height: int, shade: int) -> str:
    """Return a grey picture as base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([shade]) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + data).decode()


def outputs_of(cell: Cell, tab: str) -> list[dict[str, Any]]:
    """Return what a cell of :func:`model_page` shows."""
    if "the same" in cell.source:
        return [{"output_type": "stream", "name": "stdout", "text": "the same for all\n"}]
    if "framework()" in cell.source:
        return [{"output_type": "stream", "name": "stdout", "text": f"this is {tab}\n" * (1 + len(tab))}]
    if "draw()" in cell.source:
        size = 100 + 40 * list(NAMES).index(tab)
        data = {"image/png": png(200, size, size), "text/plain": "<Figure>"}
        return [{"output_type": "display_data", "metadata": {}, "data": data}]
    return []


def write_book(root: Path, pages: Mapping[str, str]) -> Path:
    """Write a book of ``pages``, by name; the first is the landing page."""
    config = {
        "title": "A small book",
        "only_build_toc_files": True,
        "exclude_patterns": [".tabbook", "_build"],
        "execute": {"execute_notebooks": "off"},
        "sphinx": {
            "extra_extensions": ["tabbook.render"],
            "recursive_update": True,
            "config": {
                "nb_custom_formats": {".md": ["tabbook.render.read_page", {}, False]},
                "html_theme_options": {"navbar_persistent": []},
                "tabbook": {
                    "tabs": {
                        tab: {"name": name, "module": tab, "requirements": f"{tab}.txt"}
                        for tab, name in NAMES.items()
                    }
                },
            },
        },
    }
    first, *others = pages
    toc: dict[str, Any] = {"format": "jb-book", "root": first}
    if others:
        toc["chapters"] = [{"file": name} for name in others]
    root.mkdir(parents=True, exist_ok=True)
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    (root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    for name, text in pages.items():
        (root / f"{name}.md").write_text(text)
    return root


def sphinx(
    root: Path, out: Path, builder: str = "html", *, doctrees: Path | None = None, jobs: int = 1,
    strict: bool = False, **settings: Any,
) -> int:  # fmt: skip
    """Build a book with Sphinx alone, as a plain build does; return the status."""
    trees = doctrees or out.with_name(f"{out.name}-trees")
    with patch_docutils(None), docutils_namespace():
        app = Sphinx(
            root, None, out, trees, builder, sphinx_config(root) | settings,
            status=None, warning=sys.stderr, warningiserror=strict, keep_going=True, parallel=jobs,
        )  # fmt: skip
        app.build()
    return app.statuscode


def fill_store(
    root: Path,
    show: Callable[[Cell, str], list[dict[str, Any]]] = outputs_of,
    tabs: tuple[str, ...] = tuple(NAMES),
    **kwargs: Any,
) -> None:
    """Put into the store what every section shows in ``tabs``."""
    book = Book.load(root)
    for section in book.sections:
        for tab in tabs:
            planned = job(book, section, tab)
            if planned is None:
                continue
            outputs = tuple(tuple(show(cell, tab)) for cell in planned.projection.code_cells)
            Store(book.outputs).put(Result(planned.key("cpu").digest, section.path, tab, outputs, **kwargs))
