"""Make a large book to measure with: python benchmarks/make_book.py DIR [--sections 140] [--executed].

Its sections are like real ones in size and shape: text, cells for all frameworks and for each,
branches, portable names, saved classes that use those of earlier sections. The same arguments
make the same book. With ``--executed`` its store has outputs for every job, made up as well.
"""

import argparse
import base64
import random
import sys
from pathlib import Path

import yaml

from tabbook.book import Book
from tabbook.model import Result
from tabbook.plan.planner import jobs
from tabbook.store.local import Store

TABS = {"pytorch": "torch", "jax": "jax", "tensorflow": "tensorflow", "mxnet": "mxnet"}
IMPORTS = {
    "pytorch": "import torch  #@save\nfrom torch import nn  #@save",
    "jax": "import jax  #@save\nfrom jax import numpy as jnp  #@save\nfrom flax import linen as nn  #@save",
    "tensorflow": "import tensorflow as tf  #@save",
    "mxnet": "from mxnet import np, npx  #@save\nfrom mxnet.gluon import nn  #@save",
}
MATHS = {"pytorch": "torch", "jax": "jnp", "tensorflow": "tf", "mxnet": "np"}
NAMES = ("tanh", "exp", "zeros", "ones", "matmul", "concat", "reshape", "argmax", "stack", "log")
SENTENCE = "A model that has seen this much of the data predicts what follows from what came before. "


def cell(source: str) -> str:
    """Return a code cell as a section has it."""
    return f"```{{code-cell}} python\n{source}\n```\n\n"


def section(number: int, dice: random.Random) -> str:
    """Return the text of section ``number``; it uses classes of sections before it."""
    used = [dice.randrange(number) for _ in range(min(number, 3))]
    parts = [f"---\nfile_format: mystnb\ntabbook: {{}}\n---\n\n(sec_s{number})=\n# Section {number}\n\n"]
    choice = ", ".join(repr(tab) for tab in TABS)
    parts.append(cell(f"%load_ext tabbook.tab\ntab.interact_select({choice})"))
    if number == 0:
        parts.append(cell("import math  #@save\nimport sys  #@save\nimport collections  #@save"))
        adder = "return lambda method: setattr(kind, method.__name__, method)"
        parts.append(cell(f"def add_to_class(kind):  #@save\n    {adder}"))
    for tab, module in TABS.items():
        own = IMPORTS[tab] if number == 0 else IMPORTS[tab].replace("  #@save", "")
        parts.append(cell(f"%%tab {tab}\n{own}\nfrom d2l import {module} as d2l"))
    base = f"d2l.Net{used[0]}" if used else "object"
    for part in range(4):
        parts.append(SENTENCE * 6 + f"See {{ref}}`sec_s{number}`.\n\n")
        a, b = dice.sample(NAMES, 2)
        parent = base if part == 0 else "object"
        name = f"Net{number}" if part == 0 else f"Part{number}x{part}"
        saved = "  #@save" if part < 2 else ""
        parts.append(
            cell(
                f"class {name}({parent}):{saved}\n"
                f'    """What section {number} is about."""\n\n'
                f"    def __init__(self, width, rate=0.1):\n"
                f"        self.width = width  # as wide as the data\n"
                f"        self.weight = d2l.{a}((width, {part + 2}))\n\n"
                f"    def forward(self, x):\n"
                f"        if tab.selected('pytorch', 'mxnet'):\n"
                f"            h = d2l.{b}(x @ self.weight)\n"
                f"        elif tab.selected('jax'):\n"
                f"            h = d2l.{a}(x @ self.weight, axis=-1)\n"
                f"        else:\n"
                f"            h = d2l.{b}(d2l.matmul(x, self.weight))\n"
                f"        return h if len(h) > {part} else d2l.reduce_sum(h, 0)"
            )
        )
        for tab, maths in MATHS.items():
            parts.append(
                cell(
                    f"%%tab {tab}\nx = {maths}.ones(({part + 1}, 4))\n"
                    + "".join(f"y{i} = d2l.{dice.choice(NAMES)}(x) * {i}\n" for i in range(6))
                    + f"print({name}(4).forward(x), y0)"
                )
            )
        if part == 2:
            parts.append(
                cell(
                    f"@d2l.add_to_class({name if saved else f'Net{number}'})  #@save\n"
                    f"def extra{part}(self, x):\n    return d2l.tanh(self.forward(x))"
                )
            )
    uses = "\n".join(f"net{i} = d2l.Net{i}(4)" for i in used) or "x = 1"
    parts.append(cell(f"{uses}\n[net for net in ({', '.join(f'net{i}' for i in used)},)]" if used else uses))
    return "".join(parts)


def make(root: Path, sections: int, seed: int = 0) -> Book:
    """Write the book into ``root`` and return it."""
    dice = random.Random(seed)
    names = {name: {tab: f"{maths}.{name}" for tab, maths in MATHS.items()} for name in NAMES} | {
        "reduce_sum": {
            "pytorch": "x.sum(...)",
            "jax": "x.sum(...)",
            "tensorflow": "tf.reduce_sum",
            "mxnet": "x.sum(...)",
        }
    }
    tabs = {
        tab: {"name": tab.title(), "module": module, "requirements": f"requirements/{tab}.txt"}
        for tab, module in TABS.items()
    }
    config = {"tabs": tabs, "names": names}
    for folder in ("chapters", "requirements"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    sphinx = {
        "extra_extensions": ["tabbook.render"],
        "config": {"nb_custom_formats": {".md": ["tabbook.render.read_page", {}, False]}, "tabbook": config},
    }
    (root / "_config.yml").write_text(
        yaml.safe_dump({"title": "Large", "only_build_toc_files": True, "sphinx": sphinx})
    )
    (root / "chapters/index.md").write_text("# A large book\n\nFor measurements.\n")
    for tab in tabs:
        (root / f"requirements/{tab}.txt").write_text("".join(f"package{i}==1.{i}\n" for i in range(80)))
    entries = []
    for number in range(sections):
        (root / f"chapters/s{number:03}.md").write_text(section(number, dice))
        entries.append({"file": f"chapters/s{number:03}"})
    (root / "_toc.yml").write_text(
        yaml.safe_dump({"format": "jb-book", "root": "chapters/index", "chapters": entries})
    )
    return Book.load(root)


def fill_store(book: Book, seed: int = 0) -> None:
    """Give every job outputs: text for each cell, and a picture of 20 kB for some."""
    dice, store = random.Random(seed), Store(book.outputs)
    for job in jobs(book):
        key = job.key("cpu")
        outputs = []
        for number, _ in enumerate(job.projection.code_cells):
            text = {"output_type": "stream", "name": "stdout", "text": f"{number} {SENTENCE}\n"}
            picture = base64.b64encode(dice.randbytes(20_000)).decode()
            shown = {"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}}
            outputs.append((text, shown) if number % 8 == 3 else (text,))
        made = {"framework": "Made up 1.0", "device": "cpu", "seconds": 10.0}
        store.put(Result(key.digest, job.section.path, job.tab, tuple(outputs), made, (), dict(key.record)))


def main() -> None:
    """Make a book as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sections", type=int, default=140)
    parser.add_argument("--executed", action="store_true", help="fill the store")
    arguments = parser.parse_args()
    book = make(arguments.folder, arguments.sections)
    if arguments.executed:
        from tabbook.library.generator import generate, update

        update(book, generate(book))
        fill_store(book)
    sys.stdout.write(f"{len(book.files)} pages, {len(jobs(book))} jobs in {arguments.folder}\n")


if __name__ == "__main__":
    main()
