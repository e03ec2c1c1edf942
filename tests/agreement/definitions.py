"""What sections define and the library does not save, as modules of one framework.

Such a class is tested as it stands on its page, and nothing is written twice. A module has the section's
imports, classes and functions, and none of what it runs.
"""

import ast
from pathlib import Path


def is_definition(node):
    """Say whether a statement defines or imports something, or switches MXNet to NumPy's functions."""
    if isinstance(node, ast.Expr):
        return ast.unparse(node) == "npx.set_np()"
    return isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef)


def source(book, section, tab):
    """Return what a section defines in a framework, as the source of a module."""
    (found,) = book.find((section,))
    cells = [ast.parse(cell.source).body for cell in book.project(found, tab).code_cells]
    body = [node for nodes in cells for node in nodes if is_definition(node)]
    return ast.unparse(ast.Module(body, [])) + "\n"


def module_name(section):
    return "page_" + section.replace("-", "_")


def write(root, folder, sections, tab):
    """Write the modules of sections, for one framework, to a folder from which they can be imported."""
    from tabbook.book import Book  # Frameworks' environments, which import this module, do not have it

    book = Book.load(Path(root))
    for section in sections:
        path = Path(folder) / f"{module_name(section)}.py"
        path.write_text(source(book, section, tab), encoding="utf-8")
