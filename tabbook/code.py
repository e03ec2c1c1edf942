"""The Python of one cell: parsed once, with IPython's own lines set aside, edited by position.

Edits replace stretches of the text, so that comments and layout outside them stay as they are.
"""

import ast
import re
import warnings
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from operator import itemgetter

from tabbook.lexemes import lexeme, lexemes, long_strings

_COMMAND = re.compile(
    r"""(?P<before> [ \t]* (?:[\w.,\ \t\[\]'"]+=[ \t]*)? ) (?P<magic> [%!] (?:[^\n]*\\\n)* [^\n]* )
    | (?P<indent>[ \t]*) (?P<help> \?{1,2}[^\n]+ | [*\w.\[\]'"]+\?{1,2} ) [ \t]* (?=\n|\Z)""",
    re.VERBOSE,
)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PYTHON_BODIES = frozenset({"time", "timeit", "capture", "prun", "debug", "memit"})
_PLACEHOLDER = re.compile(r"__ipython_(\d+)__(?:\(\s*\))?")
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class CodeError(Exception):
    """Code that a stage cannot use; ``line`` counts from 1 within it, ``hint`` says what to do."""

    def __init__(self, message: str, line: int, hint: str = "") -> None:
        super().__init__(message)
        self.line, self.hint = line, hint


def not_python(error: SyntaxError | ValueError) -> CodeError:
    """Return what Python's own error says about a cell."""
    message = re.sub(r" on line \d+", "", error.msg if isinstance(error, SyntaxError) else str(error))
    hint = "correct it; only IPython's commands, with % or ! in front, need not be Python"
    return CodeError(f"not valid Python: {message}", getattr(error, "lineno", None) or 1, hint)


class CodeCell:
    """Python text with its tree; :func:`parse` returns one that others share, so change none.

    ``text`` holds a placeholder for each of IPython's commands (``%magic``, ``!shell``,
    ``help?``), which :meth:`restore` puts back. ``opaque`` says that the cell is in another
    language (``%%bash``): it has no statements of ours.

    Raises:
        CodeError: The text is not valid Python, commands aside.
    """

    def __init__(self, text: str) -> None:
        self.magics: list[str] = []
        cell_magic = _CELL_MAGIC.match(text)
        self.opaque = cell_magic is not None and cell_magic[1] not in _PYTHON_BODIES
        self.text = text if self.opaque else self._mask(text)
        self.tree = ast.Module([], []) if self.opaque else self._parse()

    def _mask(self, text: str) -> str:
        """Return ``text`` with a placeholder for each command, and as many lines as before.

        A command begins where a statement could: not in a string, nor between brackets.
        """
        if not any(sign in text for sign in "%!?"):
            return text
        parts: list[str] = []
        position, depth, fresh = 0, 0, True
        while position < len(text):
            found = _COMMAND.match(text, position) if fresh and depth == 0 else None
            if found:
                command = found["magic"] or found["help"]
                lines = command.count("\n")
                place = f"__ipython_{len(self.magics)}__" + ("(" + "\n" * lines + ")" if lines else "")
                parts.append((found["before"] or found["indent"] or "") + place)
                self.magics.append(command)
                position, fresh = found.end(), False
                continue
            kind, start, position, _ = lexeme(text, position)
            depth = max(0, depth + (kind == "open") - (kind == "close"))
            parts.append(text[start:position])
            fresh = kind == "newline"
        return "".join(parts)

    def _parse(self) -> ast.Module:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # '\d' in a string is the author's concern
                return ast.parse(self.text)
        except (SyntaxError, ValueError) as error:  # the latter for null bytes
            raise not_python(error) from None

    def restore(self, text: str) -> str:
        """Return ``text``, made from this code's text, with the commands back in it."""
        if not self.magics:
            return text
        return _PLACEHOLDER.sub(lambda found: self.magics[int(found[1])], text)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, without their ends."""
        return self.text.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def offset(self, line: int, column: int) -> int:
        """Return the place in the text of a position in the tree, whose columns count bytes."""
        text = self.lines[line - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode())
        return self._starts[line - 1] + column

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Return where ``node`` starts in the text, without its decorators."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return where ``node`` ends in the text."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.end_lineno, node.end_col_offset)

    def line_of(self, offset: int) -> int:
        """Return the line, from 1, that holds the place ``offset``."""
        return bisect_right(self._starts, offset)

    def magic_line(self, number: int) -> int:
        """Return the line of the command ``magics[number]``."""
        return self.line_of(self.text.index(f"__ipython_{number}__"))

    @cached_property
    def comments(self) -> dict[int, tuple[int, str]]:
        """For each line with a comment, the column where it starts and its text."""
        if "#" not in self.text:
            return {}
        found: dict[int, tuple[int, str]] = {}
        for kind, start, end, _ in lexemes(self.text):
            if kind == "comment":
                line = self.line_of(start)
                found[line] = (start - self._starts[line - 1], self.text[start:end])
        return found

    @cached_property
    def string_lines(self) -> frozenset[int]:
        """The lines that begin inside a string: their blanks are content, not layout."""
        if '"""' not in self.text and "'''" not in self.text and "\\\n" not in self.text:
            return frozenset()
        return frozenset(n for first, last in long_strings(self.text) for n in range(first + 1, last + 1))

    def reindent(self, first: int, last: int, old: str, new: str) -> list[str]:
        """Return the lines ``first`` to ``last`` with the indent ``old`` changed to ``new``."""
        result = []
        for number in range(first, last + 1):
            line = self.lines[number - 1]
            if number in self.string_lines:
                result.append(line)
            elif not line.strip():
                result.append("")
            elif line.startswith(old):
                result.append(new + line[len(old) :])
            else:
                # A comment or continuation further left than its block: move it as far as it goes.
                bare = line.lstrip()
                shift = len(new) - len(old)
                result.append(" " * max(0, len(line) - len(bare) + shift) + bare)
        return result


@lru_cache(maxsize=1024)
def parse(text: str) -> CodeCell:
    """Return the code of ``text``; every stage asks for the same texts, so those of late are kept.

    More of them would cost more than they save: Python's collector walks through all their trees.

    Raises:
        CodeError: The text is not valid Python.
    """
    return CodeCell(text)


def is_python(text: str) -> bool:
    """Say whether the code of a cell can be parsed, IPython's commands aside."""
    try:
        parse(text)
    except CodeError:
        return False
    return True


def imported_name(alias: ast.alias) -> str:
    """Return the name that one name of an import statement binds: of ``import a.b`` that is ``a``."""
    return (alias.asname or alias.name).split(".")[0]


def names_bound_by(node: ast.AST) -> Iterable[str]:
    """Return the names that a node itself binds, and nothing inside it."""
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return map(imported_name, names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Name(id=name, ctx=ast.Store()):
            return [name]
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return [name]
    return ()


def bound_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names that statements define where they stand: not what functions keep inside."""
    for node in nodes:
        yield from names_bound_by(node)
        if isinstance(node, ast.AnnAssign) and node.value is None:
            continue  # a bare annotation defines nothing
        if isinstance(node, _COMPREHENSIONS):  # only `:=` in it binds outside of it
            yield from (part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
        elif not isinstance(node, _SCOPES):
            yield from bound_names(ast.iter_child_nodes(node))


def line_map(original: str, made: str, first: int) -> tuple[int, ...]:
    """Return, for each line of ``made``, the line of the file that it came from.

    ``original`` starts at line ``first``. What is made of it drops lines (the branches of other
    frameworks), shifts some to the left and rewrites names in others.
    """
    return tuple(first + place for place in _origins(original, made))


@lru_cache(maxsize=256)
def _origins(original: str, made: str) -> tuple[int, ...]:
    if made == original:
        return tuple(range(made.count("\n") + 1))
    before = [line.strip() for line in original.split("\n")]
    after = [line.strip() for line in made.split("\n")]
    places = [0] * len(after)
    for _, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for j in range(j1, j2):
            places[j] = max(min(i1 + j - j1, i2 - 1), 0)
    return tuple(places)


class Rewriter:
    """Replaces stretches of a text by what functions return.

    Of stretches inside each other the outermost counts; its function may call :meth:`rewrite` for the
    parts that it keeps.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._sites: list[tuple[int, int, Callable[[], str]]] = []

    def add(self, start: int, end: int, replacement: Callable[[], str]) -> None:
        """Let ``replacement`` stand for the text from ``start`` to ``end``."""
        insort(self._sites, (start, end, replacement), key=_outermost_first)

    def __bool__(self) -> bool:
        return bool(self._sites)

    def rewrite(self, start: int = 0, end: int | None = None) -> str:
        """Return the text from ``start`` to ``end`` with the stretches in it replaced."""
        end = len(self.text) if end is None else end
        parts, position = [], start
        for first, last, replacement in self._inside(start, end):
            if first >= position or last > position:
                parts += [self.text[position:first], replacement()]
                position = last
        return "".join([*parts, self.text[position:end]])

    def _inside(self, start: int, end: int) -> Iterator[tuple[int, int, Callable[[], str]]]:
        for number in range(bisect_left(self._sites, start, key=itemgetter(0)), len(self._sites)):
            if self._sites[number][0] >= end:
                return
            if self._sites[number][1] <= end:
                yield self._sites[number]


def _outermost_first(site: tuple[int, int, object]) -> tuple[int, int]:
    return site[0], -site[1]


_ATOMS = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.List, ast.Dict, ast.Set,
    ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr,
)  # fmt: skip


def is_atom(node: ast.expr) -> bool:
    """Say whether ``.name`` can follow the text of ``node`` without parentheses around it."""
    return isinstance(node, _ATOMS) or (
        isinstance(node, ast.Constant) and not isinstance(node.value, int | float | complex)
    )


@lru_cache(maxsize=1024)
def stands_alone(text: str) -> bool:
    """Say whether an expression's text needs no brackets around it (for line breaks, or ``:=``)."""
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True
