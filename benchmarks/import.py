"""Import a d2lbook project side by side with d2lbook itself: python benchmarks/import.py [--source DIR].

Shown are seconds for: our import and our library; its library and its notebooks of four tabs
(without execution). Then the two libraries are compared, definition by definition as syntax
trees, docstrings and comments aside. `benchmarks/peer.py` says with what project.
"""

import ast
import json
import tempfile
from pathlib import Path

from peer import options, peer, project, tabs_of
from timing import TABBOOK, run

from tabbook.book import Book
from tabbook.code import CodeError, parse


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
    arguments = options(__doc__.split("\n")[0]).parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        source, theirs = project(arguments, root)
        imported = run(*TABBOOK, "import", "d2lbook", source, root / "ours")
        print(f"tabbook import d2lbook {imported.seconds:8.1f} s")
        print(f"tabbook lib            {run(*TABBOOK, 'lib', '--book', root / 'ours').seconds:8.1f} s")
        program = peer(arguments.work)
        print(f"d2lbook build lib      {run(program, 'build', 'lib', cwd=theirs).seconds:8.1f} s")
        build = [run(program, "build", "eval", "--tab", tab, cwd=theirs) for tab in tabs_of(theirs)]
        print(f"d2lbook build eval     {sum(taken.seconds for taken in build):8.1f} s, for {len(build)} tabs")
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
