"""The Python of one cell: parsed once, with IPython's own lines set aside, edited by position.

Edits replace stretches of the text, so that comments and layout outside them stay as they are.
"""

import ast
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property

_MAGIC_LINE = re.compile(r"^(?P<before>\s*(?:[\w.,\s\[\]]+=\s*)?)(?P<magic>[%!].*|\?{1,2}\S.*)$")
_HELP_LINE = re.compile(r"^(?P<before>\s*)(?P<magic>[%\w.\[\]'\"]+\?{1,2})\s*$")
_CELL_MAGIC = re.compile(r"^%%(\w+)")
_PYTHON_BODIES = frozenset({"time", "timeit", "capture", "prun", "memray_flamegraph"})
_PLACEHOLDER = re.compile(r"__ipython_(\d+)__")


class CodeError(Exception):
    """The text is not Python; ``line`` counts from 1 within it."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Code:
    """Python text with its tree.

    ``text`` holds a placeholder name for each magic or shell command, which :meth:`restore`
    puts back. ``opaque`` says that the cell is in another language (``%%bash``): it has no
    statements of ours.

    Raises:
        CodeError: The text is not valid Python, magics aside.
    """

    def __init__(self, text: str) -> None:
        self.magics: list[str] = []
        self.opaque = False
        self.text = text
        self.tree = self._parse()

    def _parse(self) -> ast.Module:
        first = next((line for line in self.text.split("\n") if line.strip()), "")
        cell_magic = _CELL_MAGIC.match(first)
        if cell_magic and cell_magic[1] not in _PYTHON_BODIES:
            self.opaque = True
            return ast.Module([], [])
        while True:
            try:
                return ast.parse(self.text)
            except SyntaxError as error:
                line = error.lineno or 1
                if self._mask(line) or self._mask_all():
                    continue
                raise CodeError(error.msg, line) from None
            except ValueError as error:  # null bytes
                raise CodeError(str(error), 1) from None

    def _mask(self, line: int) -> bool:
        """Set a command on ``line`` aside: Python stumbles over it, so it is not in a string."""
        lines = self.text.split("\n")
        if not 1 <= line <= len(lines):
            return False
        found = _MAGIC_LINE.match(lines[line - 1]) or _HELP_LINE.match(lines[line - 1])
        if not found:
            return False
        end = line
        while lines[end - 1].endswith("\\") and end < len(lines):
            end += 1
        command = "\n".join([found["magic"], *lines[line:end]])
        lines[line - 1] = f"{found['before']}__ipython_{len(self.magics)}__"
        # Commands of several lines keep their line count, so that places stay true.
        lines[line:end] = [""] * (end - line)
        self.magics.append(command)
        self.text = "\n".join(lines)
        return True

    def _mask_all(self) -> bool:
        """Set every line aside that looks like a command: Python stumbled over one further down."""
        candidates = [
            number for number, line in enumerate(self.text.split("\n"), 1) if re.match(r"\s*[%!]", line)
        ]
        masked = [self._mask(number) for number in candidates]
        return any(masked)

    def restore(self, text: str) -> str:
        """Return ``text``, made from this code's text, with the commands back in it."""
        for number, command in reversed(list(enumerate(self.magics))):
            extra = command.count("\n")
            place = re.compile(rf"__ipython_{number}__(?:\n[ \t]*){{{extra}}}")
            text = place.sub(lambda _, command=command: command, text, count=1)  # type: ignore[misc]
        return text

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

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        """The text's tokens: the only way to tell a comment from a string."""
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @cached_property
    def comments(self) -> dict[int, tuple[int, str]]:
        """For each line with a comment, the column where it starts and its text."""
        if "#" not in self.text:
            return {}
        return {t.start[0]: (t.start[1], t.string) for t in self.tokens if t.type == tokenize.COMMENT}

    @cached_property
    def string_lines(self) -> frozenset[int]:
        """The lines that begin inside a string: their blanks are content, not layout."""
        if '"""' not in self.text and "'''" not in self.text and "\\\n" not in self.text:
            return frozenset()
        inside: set[int] = set()
        for token in self.tokens:
            if token.end[0] > token.start[0] and token.type not in (tokenize.NEWLINE, tokenize.NL):
                inside.update(range(token.start[0] + 1, token.end[0] + 1))
        return frozenset(inside)

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


class Rewriter:
    """Replaces stretches of a text by what functions return, outermost stretches first.

    A function may call :meth:`rewrite` for the parts of its stretch that it keeps.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._sites: list[tuple[int, int, Callable[[], str]]] = []

    def add(self, start: int, end: int, replacement: Callable[[], str]) -> None:
        """Let ``replacement`` stand for the text from ``start`` to ``end``."""
        self._sites.append((start, end, replacement))

    def rewrite(self, start: int = 0, end: int | None = None) -> str:
        """Return the text from ``start`` to ``end`` with the stretches in it replaced."""
        end = len(self.text) if end is None else end
        parts, position = [], start
        for first, last, replacement in self._inside(start, end):
            if first >= position:
                parts += [self.text[position:first], replacement()]
                position = last
        return "".join([*parts, self.text[position:end]])

    def _inside(self, start: int, end: int) -> Iterator[tuple[int, int, Callable[[], str]]]:
        self._sites.sort(key=lambda site: (site[0], -site[1]))
        yield from [site for site in self._sites if site[0] >= start and site[1] <= end]


_ATOMS = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.List, ast.Dict, ast.Set,
    ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr,
)  # fmt: skip


def is_atom(node: ast.expr) -> bool:
    """Say whether ``.name`` can follow the text of ``node`` without parentheses around it."""
    return isinstance(node, _ATOMS) or (
        isinstance(node, ast.Constant) and not isinstance(node.value, int | float | complex)
    )


def stands_alone(text: str) -> bool:
    """Say whether an expression's text keeps its meaning outside brackets (line breaks)."""
    if "\n" not in text:
        return True
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True
