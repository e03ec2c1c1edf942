"""Import a d2lbook project side by side with d2lbook itself: python benchmarks/import.py [--source DIR].

Without a source, a synthetic project of 190 pages and four tabs is made. d2lbook 1.0.3 comes from
PyPI into an environment of its own (``--work``, kept for the next time; it needs ``pybtex<0.25``).

Shown are seconds for: our import and our library; its library and its notebooks of four tabs
(without execution). Then the two libraries are compared, definition by definition as syntax
trees, docstrings and comments aside.
"""

import argparse
import ast
import configparser
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabbook.book import Book
from tabbook.code import CodeError, parse

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
        parts.append(f"{TEXT}\n\n$$y = W_{{{part}}} x + b.$$\n:eqlabel:`eq_{number}_{part}`\n\n")
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


def make(folder: Path, pages: int) -> Path:
    """Write the synthetic project and return its folder."""
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
        listed = "\n".join(names)
        (chapter / "index.md").write_text(f"# Chapter {start}\n\n```toc\n{listed}\n```\n", encoding="utf-8")
        for name in names:
            text = page(int(name[1:]))
            (chapter / f"{name}.md").write_text(text if name != "p0" else text + first, encoding="utf-8")
    listed = "\n".join(f"c{start}/index" for start in chapters)
    (folder / "index.md").write_text(f"# Book\n\n```toc\n:numbered:\n\n{listed}\n```\n", encoding="utf-8")
    return folder


def timed(*command: str | Path, cwd: Path | None = None) -> float:
    """Return how many seconds a command took; its output is shown if it fails."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start


def peer(work: Path) -> Path:
    """Return d2lbook's program, installed if it is not yet."""
    program = work / "bin" / "d2lbook"
    if not program.exists():
        timed(sys.executable, "-m", "venv", work)
        timed(work / "bin" / "python", "-m", "pip", "install", "--quiet", "d2lbook==1.0.3", "pybtex<0.25")
    return program


def definitions(path: Path) -> dict[str, str]:
    """Return what a module defines, each as a syntax tree without docstrings; the last of a name wins."""
    found: dict[str, str] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for inner in ast.walk(node):
            if isinstance(inner, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(inner) is not None:
                inner.body = inner.body[1:] or [ast.Pass()]
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found[node.name] = ast.dump(node)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.dump(node.value)
    found.pop("__all__", None)
    return found


def tabs_of(source: Path) -> list[str]:
    """Return the tabs of a d2lbook project, the default one first."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    config.read(source / "config.ini", encoding="utf-8")
    return [tab.strip() for tab in config["build"]["tabs"].lower().split(",") if tab.strip()]


def normal(code: str) -> str:
    """Return code as a syntax tree, its imports sorted, as d2lbook sorts them; commands as text."""
    try:
        tree = parse(code).tree
    except CodeError:
        return code
    imports = sorted(ast.dump(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    return "\n".join(
        [*imports, *(ast.dump(n) for n in tree.body if not isinstance(n, ast.Import | ast.ImportFrom))]
    )


def compare_notebooks(ours: Path, theirs: Path) -> tuple[int, int, list[str]]:
    """Return how many pages show the same code, of how many pages and tabs, and which do not."""
    book, tabs = Book.load(ours), tabs_of(theirs)
    same, total, differ = 0, 0, []
    for tab in tabs:
        folder = theirs / "_build" / ("eval" if tab == tabs[0] else f"eval_{tab}")
        for section in book.sections:
            path = folder / Path(section.path).with_suffix(".ipynb")
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            cells = json.loads(text)["cells"] if text else []
            wanted = [normal("".join(c["source"])) for c in cells if c["cell_type"] == "code"]
            shown = book.project(section, tab).code_cells if tab in section.tabs else ()
            total += 1
            if [normal(cell.source) for cell in shown] == [code for code in wanted if code]:
                same += 1
            else:
                differ.append(f"{section.path} ({tab})")
    return same, total, differ[:20]


def main() -> None:
    """Import, generate, compare, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", type=Path, help="a d2lbook project; one is made if not given")
    parser.add_argument(
        "--pages", type=int, default=172, help="pages of the one that is made, chapters aside"
    )
    parser.add_argument("--work", type=Path, default=Path(".tabbook/benchmarks/d2lbook"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        source = arguments.source or make(root / "source", arguments.pages)
        theirs = root / "theirs"
        shutil.copytree(source, theirs)
        config = theirs / "config.ini"
        text = re.sub(r"^eval_notebook.*\n", "", config.read_text(encoding="utf-8"), flags=re.MULTILINE)
        config.write_text(text.replace("[build]\n", "[build]\neval_notebook = False\n"), encoding="utf-8")
        tabbook = (sys.executable, "-m", "tabbook")
        print(f"tabbook import d2lbook {timed(*tabbook, 'import', 'd2lbook', source, root / 'ours'):8.1f} s")
        print(f"tabbook lib            {timed(*tabbook, 'lib', '--book', root / 'ours'):8.1f} s")
        program = peer(arguments.work.resolve())
        print(f"d2lbook build lib      {timed(program, 'build', 'lib', cwd=theirs):8.1f} s")
        build = [timed(program, "build", "eval", "--tab", tab, cwd=theirs) for tab in tabs_of(theirs)]
        print(f"d2lbook build eval     {sum(build):8.1f} s, for {len(build)} tabs")
        same = total = 0
        for module in sorted((root / "ours" / "d2l_lib" / "d2l").glob("*.py")):
            other = theirs / "d2l" / module.name
            if module.name == "__init__.py" or not other.exists():
                continue
            ours, wanted = definitions(module), definitions(other)
            differ = sorted(n for n in wanted if n in ours and ours[n] != wanted[n])
            same, total = same + sum(ours.get(n) == wanted[n] for n in wanted), total + len(wanted)
            print(
                f"{module.name:16} {len(wanted)} definitions; missing {sorted(set(wanted) - set(ours))}, "
                f"more {sorted(set(ours) - set(wanted))}, different {differ}"
            )
        print(f"equal definitions: {same} of {total}")
        print("equal notebooks: {} of {}; different: {}".format(*compare_notebooks(root / "ours", theirs)))


if __name__ == "__main__":
    main()
