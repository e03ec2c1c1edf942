"""d2lbook 1.0.3 to measure beside: its program, and a project in its format.

It comes from PyPI into an environment of its own (``--work``, kept for the next time) and needs
``pybtex<0.25``. The project has 172 pages in 18 chapters and four tabs, unless one is given. With
``deep`` the chapters are in parts, and most pages are below another page of their chapter.
"""

import argparse
import configparser
import re
import shutil
import sys
from pathlib import Path

from timing import run

TABS = {
    "pytorch": ("torch", "torch"),
    "mxnet": ("mxnet", "np"),
    "jax": ("jax", "jnp"),
    "tensorflow": ("tensorflow", "tf"),
}
WARNING = "#################   WARNING   ################"
IMPORTS = {
    "pytorch": "import torch\nfrom torch import nn",
    "mxnet": "from mxnet import np, npx\nfrom mxnet.gluon import nn",
    "jax": "import jax\nfrom jax import numpy as jnp\nfrom flax import linen as nn",
    "tensorflow": "import tensorflow as tf",
}
TEXT = "A model that has seen this much of the data predicts what follows from what came before. " * 6


def cell(code: str) -> str:
    """Return a code cell in d2lbook's Markdown."""
    return f"```{{.python .input}}\n{code}\n```\n\n"


def page(number: int) -> str:
    """Return one page with the constructs that most pages have."""
    parts = [f"# Page {number}\n:label:`sec_p{number}`\n\n{TEXT}\n:numref:`sec_p{number // 2}`\n\n"]
    parts += [
        cell(f"%%tab {tab}\n{code}\nfrom d2l import {TABS[tab][0]} as d2l") for tab, code in IMPORTS.items()
    ]
    for part in range(5):
        name = f"Net{number}x{part}"
        parts.append(f"## Step {part} of $W_{{{number}}}$\n\n{TEXT}\n\n")
        parts.append(f"$$y = W_{{{part}}} x + b.$$\n:eqlabel:`eq_{number}_{part}`\n\n")
        parts.append(
            cell(
                f"%%tab all\nclass {name}:  #@save\n    def __init__(self, width, rate=0.1):\n"
                "        self.width = width\n"
                "        if tab.selected('mxnet', 'pytorch'):\n            self.rate = rate\n"
                "        if tab.selected('jax') or tab.selected('tensorflow'):\n"
                "            self.rate = 2 * rate\n\n"
                "    def forward(self, X):\n        raise NotImplementedError"
            )
        )
        parts.append(f"[**It has a method**], as :eqref:`eq_{number}_{part}` says.\n\n")
        method = "def forward(self, X):\n    return d2l.tanh(d2l.matmul(X, X))"
        parts.append(cell(f"%%tab all\n@d2l.add_to_class({name})  #@save\n{method}"))
        parts += [cell(f"%%tab {tab}\nnet = {name}({part})\nnet.forward(d2l.ones((2, 2)))") for tab in TABS]
    parts.append("A bare address: https://example.org/a_b, and $5 for $x$ of $$z = x.$$\n\n")
    parts.append(
        "".join(
            f":begin_tab:`{tab}`\n[Discussions](https://example.org/{number})\n:end_tab:\n\n" for tab in TABS
        )
    )
    return "".join(parts)


FAULTS = (
    "See :numref:`sec_nowhere_{0}`.\n",
    "Somebody has said so :cite:`Nobody.{0}`.\n",
    "## Last {0}\n\n#### Two levels below\n\nText.\n",
    "![A picture that is not there](../img/lost_{0}.svg)\n",
)
"""What Sphinx warns of: two kinds when it reads a page, two when it resolves references."""


def contents(names: list[str], *options: str) -> str:
    """Return a table of contents in d2lbook's Markdown."""
    head = "".join(f"{option}\n" for option in options)
    return "```toc\n" + (f"{head}\n" if head else "") + "\n".join(names) + "\n```\n"


def make(folder: Path, pages: int, *, deep: bool = False, faults: int = 0) -> Path:
    """Write the synthetic project and return its folder; the first ``faults`` pages have one fault each."""
    config = configparser.ConfigParser(interpolation=None)
    config["project"] = {"name": "synthetic", "title": "Synthetic", "author": "Nobody", "release": "1.0"}
    config["build"] = {"tabs": ", ".join(TABS), "notebooks": "*.md */*.md", "eval_notebook": "False"}
    for tab, (module, root) in TABS.items():
        aliases = {"lib_file": f"d2l/{module}.py", "lib_name": root, "simple_alias": "tanh, matmul, ones"}
        config[f"library-{tab}"] = aliases
        path = folder / "d2l" / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"HUB = {{}}\n{IMPORTS[tab]}\n\n{WARNING}\n", encoding="utf-8")
    with (folder / "config.ini").open("w", encoding="utf-8") as file:
        config.write(file)
    first = cell("#@tab all\n#@save\nimport sys\nd2l = sys.modules[__name__]") + cell(
        "%%tab all\ndef add_to_class(C):  #@save\n    return lambda f: setattr(C, f.__name__, f)"
    )
    chapters = range(0, pages, 10)
    for start in chapters:
        names = [f"p{number}" for number in range(start, min(start + 10, pages))]
        chapter = folder / f"c{start}"
        chapter.mkdir()
        above = names[::4] if deep else names
        (chapter / "index.md").write_text(f"# Chapter {start}\n\n{contents(above)}", encoding="utf-8")
        for place, name in enumerate(names):
            number = int(name[1:])
            text = page(number) + (first if number == 0 else "")
            text += FAULTS[number % len(FAULTS)].format(number) if number < faults else ""
            below = names[place + 1 : place + 4]
            text += f"\n{contents(below)}" if name in above and deep and below else ""
            (chapter / f"{name}.md").write_text(text, encoding="utf-8")
    listed = [f"c{start}/index" for start in chapters]
    front, body, back = (listed[:1], listed[1:-1], listed[-1:]) if deep else ([], listed, [])
    parts = [
        contents(front, ":caption: Before") if front else "",
        contents(body, ":numbered:", *([":caption: The book"] if deep else [])),
        contents(back, ":caption: After") if back else "",
    ]
    text = "\n".join(filter(None, parts))
    (folder / "index.md").write_text(f"# Book\n\n{text}", encoding="utf-8")
    return folder


def peer(work: Path) -> Path:
    """Return d2lbook's program, installed in ``work`` if it is not yet."""
    program = work.resolve() / "bin" / "d2lbook"
    if not program.exists():
        run(sys.executable, "-m", "venv", work)
        run(work / "bin" / "python", "-m", "pip", "install", "--quiet", "d2lbook==1.0.3", "pybtex<0.25")
    return program


def tabs_of(source: Path) -> list[str]:
    """Return the tabs of a d2lbook project, the default one first."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    config.read(source / "config.ini", encoding="utf-8")
    return [tab.strip() for tab in config["build"]["tabs"].lower().split(",") if tab.strip()]


def project(arguments: argparse.Namespace, root: Path) -> tuple[Path, Path]:
    """Return the project to measure with, and a copy of it that d2lbook may write to, executing nothing."""
    source = arguments.source or make(root / "source", arguments.pages)
    theirs = root / "theirs"
    shutil.copytree(source, theirs)
    config = theirs / "config.ini"
    text = re.sub(r"^eval_notebook.*\n", "", config.read_text(encoding="utf-8"), flags=re.MULTILINE)
    config.write_text(text.replace("[build]\n", "[build]\neval_notebook = False\n"), encoding="utf-8")
    return source, theirs


def options(description: str) -> argparse.ArgumentParser:
    """Return the options of a benchmark beside d2lbook."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--source", type=Path, help="a d2lbook project; one is made if not given")
    parser.add_argument("--pages", type=int, default=172, help="pages of the one that is made")
    parser.add_argument("--work", type=Path, default=Path(".tabbook/benchmarks/d2lbook"))
    return parser
