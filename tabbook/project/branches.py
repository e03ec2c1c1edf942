"""Choosing the branches of one tab: ``tab.selected(...)`` evaluated at build time.

``if``/``elif``/``else`` keep the arms that can apply, conditional expressions the operand, and
what is left of a mixed condition stays in place. The kept code moves to the indent of the
``if``; comments and layout move with it, the inside of strings does not.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tabbook.code import CodeCell, parse, stands_alone
from tabbook.project.conditions import Expressions, asked_tabs, asks, questions, unanswerable
from tabbook.statement_lines import first_line

_ELSE = re.compile(r"^[ \t]*(?=else\b)", re.MULTILINE)


def select(text: str, tab: str) -> str:
    """Return the code of one cell with only what holds for ``tab``.

    Raises:
        CodeError: The text is not Python, or asks for a tab in a way that cannot be answered.
    """
    asked = _asked(text) if "selected" in text else ()
    return _select(text, frozenset(names for names in asked if tab in names)) if asked else text


@lru_cache(maxsize=256)
def _asked(text: str) -> frozenset[frozenset[str]]:
    """Return the tabs that each question of a cell names."""
    code = parse(text)
    for error in unanswerable(code):
        raise error
    return frozenset(frozenset(asked_tabs(call)) for call in questions(code.tree))


@lru_cache(maxsize=1024)
def _select(text: str, holding: frozenset[frozenset[str]]) -> str:
    """Return the code of a cell for any tab for which of its questions those ``holding`` are true."""
    code = remaining = parse(text)
    # Each pass takes the outermost statements; the next one what they held.
    while (changed := _Statements(remaining, holding).resolve()) is not None:
        if "selected" not in changed:
            return code.restore(changed).strip("\n").rstrip()
        remaining = CodeCell(changed)
    return code.restore(Expressions(remaining, holding).rewriter.rewrite()).strip("\n").rstrip()


@dataclass(slots=True)
class _Arm:
    """One arm of an ``if``: its condition for the tab, its header, and the lines of its body.

    ``opening`` is the header's text between keyword and colon, ``rest`` what follows, with a
    body that begins there, which is ``inline`` then. ``lead`` are the lines above the header,
    behind the arm before. ``first`` to ``last`` are the lines of the body, from 1.
    """

    test: bool | str
    opening: str
    rest: str
    inline: str
    lead: list[str]
    first: int
    last: int
    indent: str


class _Statements:
    """Replaces the outermost ``if`` statements that ask for a tab."""

    def __init__(self, code: CodeCell, holding: frozenset[frozenset[str]]) -> None:
        self.code = code
        self.expressions = Expressions(code, holding)
        self.statements: list[tuple[ast.If, list[ast.stmt], bool]] = []
        self._search(code.tree)

    def _search(self, node: ast.AST) -> None:
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            block: list[ast.stmt] = getattr(node, name, None) or []
            for child in block if isinstance(block, list) else ():
                if isinstance(child, ast.If) and any(map(asks, _tests(self.code, child))):
                    self.statements.append((child, block, isinstance(node, ast.Module)))
                else:
                    self._search(child)

    def resolve(self) -> str | None:
        """Return the new text, or None if no statement asks any more."""
        if not self.statements:
            return None
        lines = list(self.code.lines)
        replaced = [(s, block, top, *self._replacement(s)) for s, block, top in self.statements]
        gone = {id(statement) for statement, _, _, new, _ in replaced if not new}
        for statement, block, top, new, last in reversed(replaced):
            first = statement.lineno
            if not new and not top and block[0] is statement and all(id(other) in gone for other in block):
                new = [self._indent(statement) + "pass"]
            blank_above = first == 1 or not lines[first - 2].strip()
            if not new and blank_above and last < len(lines) and not lines[last].strip():
                last += 1  # do not leave two blank lines where the statement stood between them
            lines[first - 1 : last] = new
        return "\n".join(lines)

    def _indent(self, statement: ast.stmt) -> str:
        return self.code.lines[statement.lineno - 1][: statement.col_offset]

    def _replacement(self, statement: ast.If) -> tuple[list[str], int]:
        """Return the lines that stand for a statement, and the last line that it takes."""
        arms = list(self._arms(statement))
        kept: list[_Arm] = []
        for arm in arms:
            if arm.test is not False:
                kept.append(arm)
            if arm.test is True:
                break
        indent, lines = self._indent(statement), list[str]()
        for number, arm in enumerate(kept):
            lines += arm.lead if number else [line for line in arm.lead if line.strip()]
            if arm.test is True and number == 0:
                lines += [indent + arm.inline] if arm.inline else self._lines(arm, indent)
                break
            keyword = "else" if arm.test is True else "elif" if number else "if"
            lines.append(f"{indent}{keyword}{arm.opening}{arm.rest}")
            lines += [] if arm.inline else self._lines(arm, arm.indent)
        return lines, arms[-1].last

    def _lines(self, arm: _Arm, indent: str) -> list[str]:
        return self.code.reindent(arm.first, arm.last, arm.indent, indent)

    def _arms(self, statement: ast.If) -> Iterator[_Arm]:
        text, node = self.code.text, statement
        keyword, above = self.code.start(statement), statement.lineno - 1
        while True:
            keyword_end = keyword + len("if" if text.startswith("if", keyword) else "elif")
            colon = self._colon(self.code.end(node.test))
            test = self.expressions.condition(node.test)
            opening = "" if test is True else text[keyword_end:colon]
            if isinstance(test, str) and asks(node.test):
                before, after = (
                    text[keyword_end : self.code.start(node.test)],
                    text[self.code.end(node.test) : colon],
                )
                opening = f"{before}{test}{after}"
                if "#" not in before + after:  # its parentheses may have lost their reason
                    opening = f" {test}" if stands_alone(test) else f" ({test})"
            arm = self._arm(test, opening, keyword, colon, node.body, above)
            yield arm
            if not node.orelse:
                return
            above = arm.last
            if not _is_elif(self.code, node):
                keyword = self._else(above)
                colon = self._colon(keyword)
                yield self._arm(True, text[keyword + len("else") : colon], keyword, colon, node.orelse, above)
                return
            following = node.orelse[0]
            assert isinstance(following, ast.If)
            node, keyword = following, self.code.start(following)

    def _arm(
        self, test: bool | str, opening: str, keyword: int, colon: int, body: list[ast.stmt], above: int
    ) -> _Arm:
        """Return the arm from ``keyword`` to ``colon`` and ``body``; the one before ends on ``above``."""
        code, header = self.code, self.code.line_of(colon)
        column, lead = (
            keyword - code.offset(code.line_of(keyword), 0),
            code.lines[above : code.line_of(keyword) - 1],
        )
        last = body[-1].end_lineno or header
        first = first_line(body[0])
        if first == header:
            end = code.offset(last, 0) + len(code.lines[last - 1])
            return _Arm(
                test, opening, code.text[colon:end], code.text[code.start(body[0]) : end], lead, 0, last, ""
            )
        rest = code.lines[header - 1][colon - code.offset(header, 0) :]
        indent = code.lines[first - 1][: body[0].col_offset]
        return _Arm(test, opening, rest, "", lead, header + 1, self._comments_below(last, column), indent)

    def _comments_below(self, last: int, outer: int) -> int:
        """Return the last line of a block, with the comments behind its last statement."""
        end = last
        for number in range(last + 1, len(self.code.lines) + 1):
            line = self.code.lines[number - 1]
            if not line.strip():
                continue
            if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) <= outer:
                break
            end = number
        return end

    def _else(self, above: int) -> int:
        """Return the place of the first ``else`` below a line: only comments are between."""
        match = _ELSE.search(self.code.text, self.code.offset(above + 1, 0))
        assert match is not None
        return match.end()

    def _colon(self, position: int) -> int:
        """Return the place of the colon that ends a header: only brackets and comments precede it."""
        text = self.code.text
        while text[position] != ":":
            position = text.index("\n", position) if text[position] == "#" else position + 1
        return position


def _is_elif(code: CodeCell, node: ast.If) -> bool:
    if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
        return False
    return code.text.startswith("elif", code.start(node.orelse[0]))


def _tests(code: CodeCell, node: ast.If) -> Iterator[ast.expr]:
    """Yield the conditions of an ``if`` and of its ``elif`` arms."""
    yield node.test
    while _is_elif(code, node):
        following = node.orelse[0]
        assert isinstance(following, ast.If)
        node = following
        yield node.test
