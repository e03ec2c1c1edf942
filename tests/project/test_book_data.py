"""What the book says twice about its data files: in ``_config.yml`` and in the library's own loader."""

import ast
from pathlib import Path

from tabbook.book import Book

BOOK = Book.load(Path(__file__).parents[2])


def test_the_loader_knows_the_addresses_of_the_configuration():
    tree = ast.parse(BOOK.library_file("pytorch").read_text(encoding="utf-8"))
    known = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("DATA_"):
            exec(ast.unparse(node), known)
    for name, file in BOOK.settings.data.items():
        url, sha1 = known["DATA_HUB"][name]
        assert ([*file.url], file.sha1) == ([url, *known["DATA_MIRRORS"].get(name, [])], sha1)
