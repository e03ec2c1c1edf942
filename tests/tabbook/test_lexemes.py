"""Strings and comments are found alike on every Python: keys and the library depend on them.

The expectations are written down, so running these tests on another Python compares the two.
"""

import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from core_helpers import SMALL

from tabbook.book import Book
from tabbook.keys.key import library_code, normal_code
from tabbook.lexemes import has_old_fstrings, is_whole, lexemes, long_strings
from tabbook.project.branches import select

ROOT = Path(__file__).parents[2]


def found(text: str, kind: str = "string") -> list[str]:
    return [text[one.start : one.end] for one in lexemes(text) if one.kind == kind]


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ("a = 'b' \"c\" # 'd'", ["'b'", '"c"']),
        (r"r'\' + 'a'", [r"'\' + '"]),
        (r"'\'' b'\\'", [r"'\''", r"'\\'"]),
        ("'a\\\nb' c", ["'a\\\nb'"]),
        ("'''a''b\n'c'''d", ["'''a''b\n'c'''"]),
        ('"""a\\""" b""" c', ['"""a\\""" b"""']),
        ("'' + \"\"", ["''", '""']),
        ("it's", []),
        # f-strings, also those that Python before 3.12 does not know
        ("f'{x}' + f'{{{x}}}'", ["'{x}'", "'{{{x}}}'"]),
        ("f'{x!r:>{w}.{p}}' 'a'", ["'{x!r:>{w}.{p}}'", "'a'"]),
        ("f'{x!=y}' 'a'", ["'{x!=y}'", "'a'"]),
        ("f'{x:%H:%M}' 'a'", ["'{x:%H:%M}'", "'a'"]),
        ("f'{d[\"a\"]}' 'b'", ["'{d[\"a\"]}'", "'b'"]),
        ("f'{d['a']}' 'b'", ["'{d['a']}'", "'b'"]),
        ("f'{f'{f'{1}'}'}' 'b'", ["'{f'{f'{1}'}'}'", "'b'"]),
        ("f'{'#'}' # c", ["'{'#'}'"]),
        ("f'''{\n    x  # it's }\n}''' 'b'", ["'''{\n    x  # it's }\n}'''", "'b'"]),
        ("f'{\n    x\n}' 'b'", ["'{\n    x\n}'", "'b'"]),
        ("rf'\\{x}' FR'{x}'", ["'\\{x}'", "'{x}'"]),
        ("f'\\N{DIGIT ONE}{x}' 'b'", ["'\\N{DIGIT ONE}{x}'", "'b'"]),
        ("f'\\'{x}' 'b'", ["'\\'{x}'", "'b'"]),
        ("f'{ {1: 2}[1] }' 'b'", ["'{ {1: 2}[1] }'", "'b'"]),
        ("xf'{'", ["'{'"]),
        ("b'{' f'}'", ["'{'", "'}'"]),
        ("f'{'", ["'{'"]),
    ],
)
def test_strings(text: str, strings: list[str]) -> None:
    assert found(text) == strings
    assert "".join(text[one.start : one.end] for one in lexemes(text)) == text


def test_text_that_is_not_python() -> None:
    assert [is_whole(text) for text in ("x = (1,\n2)", "f(", ")", "'''", "a + \\\n", "it's", "f'{'")] == [
        True, False, False, False, False, True, True,
    ]  # fmt: skip
    assert list(long_strings("'''\n\n''' + 'a'\nf'''{\n1}'''")) == [(1, 3), (4, 5)]


@pytest.mark.parametrize(
    ("text", "is_old"),
    [
        ("f'{x!r:>{w}}' + f'{d[\"#\"]}' + f'\\n{x}'", True),
        ("f'''{d['a']}{\n x}'''", True),
        ("f'{d['a']}'", False),
        ("f'{s.join('\\n')}'", False),
        ("f\"{s.join('\\n')}\"", False),
        ("f'{\n x}'", False),
        ("f'''{\n x # c\n}'''", False),
    ],
)
def test_fstrings_that_only_newer_pythons_take(text: str, is_old: bool) -> None:
    """A framework's own way is not written into an f-string where its Python, 3.11, would not take it."""
    assert has_old_fstrings(text) is is_old


# What Python 3.11 made of these cells when their keys were made
CELLS = [
    ('f"""a\n{f(\n  x)}"""\ny', 'f"""a  \n{f(  \n  x)}"""\ny'),
    ('f"""{\n x:>{\n w}}\n"""', 'f"""{  \n x:>{  \n w}}  \n"""'),
    ("f'{x}'\ny", "f'{x}'\ny"),
    ("f'''{f'{x}'}\n{y}'''", "f'''{f'{x}'}  \n{y}'''"),
    ("%time f(x)\n!echo it's (a)\ny", "%time f(x)\n!echo it's (a)\ny"),
    ("!echo $HOME `ls` ?\nx?\n?y", "!echo $HOME `ls` ?\nx?\n?y"),
    ("%%bash\necho '\nls '", "%%bash\necho '\nls '"),
    (
        "%%bash\nfor i in {1..9}; do\n  echo 0777 $i\ndone",
        "%%bash\nfor i in {1..9}; do\n  echo 0777 $i\ndone",
    ),
    ("!echo (\ny", "!echo (  \ny  "),
]


@pytest.mark.parametrize(("cell", "normal"), CELLS, ids=[row[0] for row in CELLS])
def test_trailing_blanks_count_on_no_python_or_on_all(cell: str, normal: str) -> None:
    assert normal_code(cell.replace("\n", "  \n") + "  ") == normal


def test_library_code_and_branches_with_fstrings_over_lines() -> None:
    text = "if tab.selected('jax'):\n    y = f'''\n   a {\n      b}  \n   '''  # c\n"
    assert select(text, "jax").rstrip() == "y = f'''\n   a {\n      b}  \n   '''  # c"
    assert library_code('f"""{\n  x\n\n}#"""  # c\n\ny') == 'f"""{\n  x\n\n}#"""  \ny'


def standard(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the kind, the first and the last line of strings and comments, as this Python sees them."""
    first = depth = 0
    starts = {getattr(tokenize, "FSTRING_START", -1)}
    ends = {getattr(tokenize, "FSTRING_END", -1)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in starts:
            first = first if depth else token.start[0]
            depth += 1
        elif token.type in ends:
            depth -= 1
            if not depth:
                yield "string", first, token.end[0]
        elif not depth and token.type == tokenize.STRING:
            yield "string", token.start[0], token.end[0]
        elif not depth and token.type == tokenize.COMMENT:
            yield "comment", token.start[0], token.end[0]


def ours(text: str) -> Iterator[tuple[str, int, int]]:
    for one in lexemes(text):
        if one.kind in ("string", "comment"):
            first = 1 + text.count("\n", 0, one.start)
            yield one.kind, first, first + text.count("\n", one.start, one.end)


@pytest.mark.parametrize("root", [ROOT, SMALL], ids=["book", "small"])
def test_the_books_library_is_split_as_this_python_splits_it(root: Path) -> None:
    book = Book.load(root)
    texts = [book.library_file(tab).read_text(encoding="utf-8") for tab in book.settings.tabs if root == ROOT]
    texts += [cell.source for section in book.sections for cell in section.code_cells]
    sound = [
        text for text in texts if not any(line.lstrip().startswith(("%", "!")) for line in text.split("\n"))
    ]
    assert sound
    for text in sound:
        assert list(ours(text)) == list(standard(text)), text


def test_the_standard_library_is_split_as_this_python_splits_it() -> None:
    import argparse
    import inspect
    import typing

    for module in (argparse, inspect, typing, sys.modules[__name__]):
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert list(ours(text)) == list(standard(text))
