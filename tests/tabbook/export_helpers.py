"""A small book to export: every kind of cell, with words that only one framework may show."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from render_helpers import NAMES, fill_store, png, write_book

from tabbook.book import Book
from tabbook.export.exporter import Exporter
from tabbook.export.make import ExportResult, export
from tabbook.export.page import names_of
from tabbook.model import Cell, Section
from tabbook.read.slides import strip_slide_marks
from tabbook.render.export_pages import with_pages

FRONT = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\nGPU---\n\n"
TOKENS = {"pytorch": "Zorilla", "jax": "Quagga", "mxnet": "Okapi"}
"""For each framework a word that stands in its code, its text, its outputs, and nowhere else."""

PAGE = (
    FRONT
    + """
(sec_NAME)=
# Nets of NAME

[**A slide starts with {eq}`eq_NAME`**] (**and goes on**). (~~Said on slides only.~~) See {numref}`sec_other`.

![a net](img/net.png)

$$a = b$$ (eq_NAME)

```{code-cell} python
%load_ext tabbook.tab
tab.interact_select('pytorch', 'jax', 'mxnet')
```

```{code-cell} python
shared = 1  #@save
if tab.selected('pytorch'):
    zorilla = 'Zorilla'
elif tab.selected('jax'):
    quagga = 'Quagga'
else:
    okapi = 'Okapi'
```

:::{tab} pytorch
[~~Zorilla on a slide~~] Zorilla in the text.
:::

:::{tab} jax
[**Quagga on a slide**] in the text.
:::

:::{tab} mxnet
Okapi in the text.
:::

```{code-cell} python
%%tab pytorch
class Zorilla: pass  #@save
```

```{code-cell} python
%%tab jax
class Quagga: pass  #@save
```

```{code-cell} python
%%tab mxnet
class Okapi: pass  #@save
```

## No marks here

```{code-cell} python
---
tags: [hide-input]
mystnb: {figure: {name: fig_NAME, caption: What it drew.}}
---
draw()
```

```{code-cell} python
many()
```

```{code-cell} python
:tags: [remove-output]
quiet()
```

```{code-cell} python
fail()
```
"""
)


def page(name: str, gpu: bool = False) -> str:
    """Return a section; its labels end in ``name``."""
    return PAGE.replace("NAME", name).replace("GPU", "tabbook: {gpu: true}\n" if gpu else "tabbook: {}\n")


def outputs_of(cell: Cell, tab: str) -> list[dict[str, Any]]:
    """Return what a cell of :func:`page` shows."""
    token = TOKENS[tab]
    widget = "application/vnd.jupyter.widget-view+json"
    picture = {"image/png": png(20, 10, len(token)), "text/plain": f"<Figure of {token}>"}
    if "draw()" in cell.source:
        return [{"output_type": "display_data", "metadata": {}, "data": picture}]
    if "many()" in cell.source:
        result = {"text/plain": f"Result({token})", "text/html": f"<b>{token}</b>"}
        return [
            {"output_type": "stream", "name": "stdout", "text": f"```\n{token} \x1b[31mred\x1b[0m\n"},
            {"output_type": "display_data", "metadata": {}, "data": picture},
            {"output_type": "execute_result", "metadata": {}, "execution_count": 77, "data": result},
            {"output_type": "display_data", "metadata": {}, "data": {"text/latex": "$x$"}},
            {"output_type": "display_data", "metadata": {}, "data": {widget: {}, "text/plain": "Bar(0)"}},
        ]
    if "quiet()" in cell.source:
        return [{"output_type": "stream", "name": "stdout", "text": "never shown\n"}]
    if "fail()" in cell.source:
        error = {"ename": "ValueError", "evalue": token, "traceback": [f"\x1b[31mValueError\x1b[0m: {token}"]}
        return [{"output_type": "error", **error}]
    return []


def make_book(root: Path, **settings: Any) -> Book:
    """Return a book of a landing page and two sections, with outputs in its store."""
    pages = {
        "index": "# Welcome\n\nText alone.\n",
        "part/first": page("first", gpu=True),
        "part/other": page("other"),
    }
    (root / "part/img").mkdir(parents=True)
    (root / "part/img/net.png").write_bytes(base64.b64decode(png(4, 4, 9)))
    write_book(root, pages)
    toc = (root / "_toc.yml").read_text()
    (root / "_toc.yml").write_text(toc.replace("root: index", "root: index\noptions: {numbered: true}"))
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["sphinx"]["config"]["tabbook"].update(settings)
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    for tab in NAMES:
        (root / f"{tab}.txt").write_text("numpy==1.0\n")
    (root / "d2l_lib").mkdir()
    (root / "d2l_lib/pyproject.toml").write_text('[project]\nname = "d2l-small"\nversion = "1.2"\n')
    fill_store(root, outputs_of)
    return Book.load(root)


def exported(
    book: Book, kind: str, sections: Sequence[Section], tabs: Sequence[str], **options: Any
) -> ExportResult:
    """Return an export of ``sections`` in ``tabs``, whose pages Sphinx has read."""
    return with_pages(book, lambda read: export(Exporter(book, read), kind, sections, tabs, **options))


def placed(section: Section, name: str) -> str:
    """Return an exported cell's id with the code cell's place in ``section`` for the hash in it."""
    for index, known in names_of(section.code_cells).items():
        name = name.replace(known, str(index))
    return name


MIN_LENGTH = 25
"""Shorter lines may well be the same by chance."""


def lines(text: str) -> set[str]:
    found = (line.strip() for line in strip_slide_marks(text).split("\n"))
    return {line for line in found if len(line) >= MIN_LENGTH and "`{" not in line and "{" not in line[:1]}


def foreign(book: Book, tab: str) -> dict[str, set[str]]:
    """Return for each section the lines that are in other frameworks' cells alone."""
    found = {}
    for section in book.sections:
        own: set[str] = set()
        others: set[str] = set()
        for name in book.settings.tabs:
            for cell in book.project(section, name).cells:
                (own if name == tab else others).update(lines(cell.source))
        whole = "\n".join(own)
        found[section.path.removesuffix(".md")] = {line for line in others if line not in whole}
    return found


PAGE_OF_CONSTRUCTS = Path(__file__).parent / "books" / "constructs.md"
BIBLIOGRAPHY = """
@article{Key, author = {Ann Author}, title = {A title}, journal = {J}, year = {1997}}
@article{Key2, author = {Bob Writer}, title = {B title}, journal = {J}, year = {1998}}
"""
EXTENSIONS = "amsmath attrs_block attrs_inline colon_fence deflist dollarmath fieldlist html_image linkify \
    replacements smartquotes substitution tasklist"


def construct_book(root: Path) -> Book:
    """Return a book with a page that has every construct that we know of."""
    (root / "img").mkdir(parents=True)
    for name in ("net.png", "a b.png"):
        (root / "img" / name).write_bytes(base64.b64decode(png(4, 4, 9)))
    (root / "img/draw.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>\n')
    (root / "code.py").write_text("import a\nprint(1)\nprint(2)\n")
    (root / "part.inc").write_text("Included {ref}`sec_all` text.\n")
    (root / "all.bib").write_text(BIBLIOGRAPHY)
    text = PAGE_OF_CONSTRUCTS.read_text(encoding="utf-8")
    write_book(root, {"index": "# Welcome\n\nText.\n", "all": text, "other": "# Other page\n\nText.\n"})
    toc = (root / "_toc.yml").read_text()
    (root / "_toc.yml").write_text(toc.replace("root: index", "root: index\noptions: {numbered: true}"))
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["parse"] = {
        "myst_substitutions": {"globalkey": "global *value*"},
        "myst_enable_extensions": EXTENSIONS.split(),
    }
    config["bibtex_bibfiles"] = ["all.bib"]
    config["sphinx"]["extra_extensions"] += ["sphinx_exercise", "sphinx_proof"]
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    return Book.load(root)
