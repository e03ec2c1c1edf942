"""Choosing the branches of one tab: ``tab.selected(...)`` evaluated at build time.

``if``/``elif``/``else`` keep the arms that can apply, conditional expressions the operand, and
what is left of a mixed condition stays in place. The kept code moves to the indent of the
``if``; comments and layout move with it, the inside of strings does not.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tabbook.code import Code, CodeError, Rewriter, parse, stands_alone

_HINT = "write tab.selected('pytorch'), with the names of tabs in quotes"


def is_question(node: ast.AST) -> bool:
    """Say whether ``node`` is a call ``tab.selected(...)``."""
    return isinstance(node, ast.Call) and _is_asking(node.func)


def _is_asking(node: ast.AST) -> bool:
    """Say whether ``node`` is ``tab.selected`` itself."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "selected"
        and isinstance(node.value, ast.Name)
        and node.value.id == "tab"
    )


def asked_tabs(call: ast.Call) -> list[str]:
    """Return the tabs that a ``tab.selected(...)`` asks for.

    Raises:
        CodeError: An argument is not a name written out, nor a list of names.
    """
    names: list[str] = []
    for argument in call.args:
        items = argument.elts if isinstance(argument, ast.List | ast.Tuple | ast.Set) else [argument]
        for item in items:
            if not (isinstance(item, ast.Constant) and isinstance(item.value, str)):
                raise CodeError("tab.selected takes names written out, nothing computed", call.lineno, _HINT)
            names.append(item.value)
    if not names or call.keywords:
        raise CodeError("tab.selected does not say for which tabs it asks", call.lineno, _HINT)
    return names


def questions(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every ``tab.selected(...)`` below ``tree``."""
    for node in ast.walk(tree):
        if is_question(node):
            assert isinstance(node, ast.Call)
            yield node


def _asks(node: ast.AST) -> bool:
    return any(questions(node))


def unanswerable(code: Code) -> Iterator[CodeError]:
    """Yield what ``code`` asks in a way that cannot be answered at build time."""
    calls = {id(call.func) for call in questions(code.tree)}
    for node in ast.walk(code.tree):
        if is_question(node):
            assert isinstance(node, ast.Call)
            try:
                asked_tabs(node)
            except CodeError as error:
                yield error
        elif _is_asking(node) and id(node) not in calls:
            yield CodeError("tab.selected is not called", getattr(node, "lineno", 1), _HINT)
        elif isinstance(node, ast.JoinedStr) and _asks(node):
            # Before Python 3.12 the tree does not say where in an f-string an expression is.
            hint = "choose before the string, into a variable"
            yield CodeError("tab.selected stands inside an f-string", node.lineno, hint)
    for number, magic in enumerate(code.magics):
        if "tab.selected" in magic:
            line = code.line_of(code.text.index(f"__ipython_{number}__"))
            hint = "choose with an if around the command"
            yield CodeError("tab.selected stands inside a magic or shell command", line, hint)


def select(text: str, tab: str) -> str:
    """Return the code of one cell with only what holds for ``tab``.

    Raises:
        CodeError: The text is not Python, or asks for a tab in a way that cannot be answered.
    """
    if "selected" not in text:
        return text
    code = parse(text)
    for error in unanswerable(code):
        raise error
    if not _asks(code.tree):
        return text
    magics = code.magics
    while True:
        # Each pass takes the outermost statements; the next one what they held.
        changed = _Statements(code, tab).resolve()
        if changed is None:
            break
        code = Code(changed)
    code.magics = magics
    return code.restore(_Expressions(code, tab).rewriter.rewrite()).strip("\n").rstrip()


class _Expressions:
    """Evaluates the questions in expressions, and says what text is left of a condition."""

    def __init__(self, code: Code, tab: str) -> None:
        self.code, self.tab = code, tab
        self.rewriter = Rewriter(code.text)
        for node in ast.walk(code.tree):
            if isinstance(node, ast.BoolOp | ast.UnaryOp | ast.IfExp | ast.Call) and _asks(node):
                self._add(node)

    def _add(self, node: ast.expr) -> None:
        start, end = self.code.start(node), self.code.end(node)
        if isinstance(node, ast.IfExp):
            self.rewriter.add(start, end, lambda: self._choice(node))
        elif isinstance(node, ast.BoolOp) or is_question(node) or _is_not(node):
            self.rewriter.add(start, end, lambda: _tight(str(self.condition(node, exact=True)), node))

    def text(self, node: ast.expr) -> str:
        """Return the text of ``node`` with the questions in it answered."""
        return self.rewriter.rewrite(self.code.start(node), self.code.end(node))

    def _choice(self, node: ast.IfExp) -> str:
        answer = self.condition(node.test)
        if isinstance(answer, str):
            before = self.rewriter.rewrite(self.code.start(node), self.code.start(node.test))
            return (
                before + _tight(answer) + self.rewriter.rewrite(self.code.end(node.test), self.code.end(node))
            )
        kept = node.body if answer else node.orelse
        text = self.text(kept)
        # What may hold a conditional expression may hold its operands, but for these, whose own
        # parentheses are not part of their text.
        bare = isinstance(kept, ast.NamedExpr | ast.Yield | ast.YieldFrom)
        return f"({text})" if bare or not stands_alone(text) else text

    def condition(self, node: ast.expr, *, exact: bool = False) -> bool | str:
        """Return what a condition is for the tab: true, false, or the text that is left of it.

        What is left is true whenever the condition is; if ``exact``, it has the same value.
        """
        if is_question(node):
            assert isinstance(node, ast.Call)
            return self.tab in asked_tabs(node)
        if isinstance(node, ast.UnaryOp) and _is_not(node) and _asks(node):
            inner = self.condition(node.operand)
            return f"not {_tight(inner)}" if isinstance(inner, str) else not inner
        if isinstance(node, ast.BoolOp) and _asks(node):
            return self._connected(node, exact=exact)
        return self.text(node)

    def _connected(self, node: ast.BoolOp, *, exact: bool) -> bool | str:
        decides = isinstance(node.op, ast.Or)
        left: list[tuple[int, str]] = []
        for number, value in enumerate(node.values):
            is_last = number == len(node.values) - 1
            answer = self.condition(value, exact=exact)
            if isinstance(answer, str):
                left.append((number, answer))
            elif answer is decides or (exact and is_last and left):
                if not exact or not left:
                    self._refuse_assignments(node.values[:number])
                    return answer
                left.append((number, str(answer)))
                break
        if len(left) < 2:
            return left[0][1] if left else not decides
        spans = self._operands(node)
        pieces = [self._operand(spans[number], node.values[number], text) for number, text in left]
        gaps = [self.code.text[spans[n][1] : spans[n + 1][0]] for n, _ in left[:-1]]
        return "".join(piece + gap for piece, gap in zip(pieces, [*gaps, ""], strict=True))

    def _operand(self, span: tuple[int, int], node: ast.expr, text: str) -> str:
        """Return an operand's text within the parentheses that it has."""
        start, end = self.code.start(node), self.code.end(node)
        if span == (start, end):
            return _tight(text) if _asks(node) else text
        return self.code.text[span[0] : start] + text + self.code.text[end : span[1]]

    def _operands(self, node: ast.BoolOp) -> list[tuple[int, int]]:
        """Return where the operands of ``and`` or ``or`` are, with the parentheses around each."""
        first, last = self.code.start(node), self.code.end(node)
        bounds = []
        for left, right in zip(node.values, node.values[1:], strict=False):
            end, start = self.code.end(left), self.code.start(right)
            gap = re.sub(r"#[^\n]*", lambda found: " " * len(found[0]), self.code.text[end:start])
            word = re.search(r"\b(?:and|or)\b", gap)
            assert word is not None
            blanks = " \t\n\\"
            bounds.append(
                (end + len(gap[: word.start()].rstrip(blanks)), start - len(gap[word.end() :].lstrip(blanks)))
            )
        starts = [first, *(start for _, start in bounds)]
        ends = [*(end for end, _ in bounds), last]
        return list(zip(starts, ends, strict=True))

    @staticmethod
    def _refuse_assignments(dropped: Sequence[ast.expr]) -> None:
        """A condition that is dropped must not define what follows."""
        for value in dropped:
            for node in ast.walk(value):
                if isinstance(node, ast.NamedExpr):
                    hint = "ask for the tab first, or assign on a line of its own"
                    raise CodeError("':=' stands before tab.selected in a condition", node.lineno, hint)


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _tight(text: str, like: ast.expr | None = None) -> str:
    """Return an expression's text so that it can stand for an operand, or for ``like``."""
    loose = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr, ast.Yield, ast.YieldFrom)
    node = ast.parse(f"(\n{text}\n)", mode="eval").body
    if isinstance(node, ast.BoolOp) and isinstance(like, ast.BoolOp) and type(node.op) is type(like.op):
        return text
    return f"({text})" if isinstance(node, loose) or not stands_alone(text) else text


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

    def __init__(self, code: Code, tab: str) -> None:
        self.code = code
        self.expressions = _Expressions(code, tab)
        self.found: list[tuple[ast.If, list[ast.stmt], bool]] = []
        self._search(code.tree)

    def _search(self, node: ast.AST) -> None:
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            block = getattr(node, name, None)
            for child in block if isinstance(block, list) else ():
                if isinstance(child, ast.If) and any(map(_asks, _tests(self.code, child))):
                    self.found.append((child, block, isinstance(node, ast.Module)))
                else:
                    self._search(child)

    def resolve(self) -> str | None:
        """Return the new text, or None if no statement asks any more."""
        if not self.found:
            return None
        lines = list(self.code.lines)
        replaced = [(s, block, top, *self._replacement(s)) for s, block, top in self.found]
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
            lines.append(f"{indent}{keyword}{'' if arm.test is True else arm.opening}{arm.rest}")
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
            opening = text[keyword_end:colon]
            if isinstance(test, str) and _asks(node.test):
                before, after = text[keyword_end : self.code.start(node.test)], text[self.code.end(node.test) : colon]
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
                yield self._arm(True, "", keyword, self._colon(keyword), node.orelse, above)
                return
            following = node.orelse[0]
            assert isinstance(following, ast.If)
            node, keyword = following, self.code.start(following)

    def _arm(
        self, test: bool | str, opening: str, keyword: int, colon: int, body: list[ast.stmt], above: int
    ) -> _Arm:
        """Return the arm from ``keyword`` to ``colon`` and ``body``; the one before ends on ``above``."""
        code, header = self.code, self.code.line_of(colon)
        column, lead = keyword - code.offset(code.line_of(keyword), 0), code.lines[above : code.line_of(keyword) - 1]
        last = body[-1].end_lineno or header
        first_line = min([body[0].lineno, *(d.lineno for d in getattr(body[0], "decorator_list", []))])
        if first_line == header:
            end = code.offset(last, 0) + len(code.lines[last - 1])
            return _Arm(test, opening, code.text[colon:end], code.text[code.start(body[0]) : end], lead, 0, last, "")
        rest = code.lines[header - 1][colon - code.offset(header, 0) :]
        indent = code.lines[first_line - 1][: body[0].col_offset]
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
        found = re.compile(r"^[ 	]*(?=else)", re.MULTILINE).search(self.code.text, self.code.offset(above + 1, 0))
        assert found is not None
        return found.end()

    def _colon(self, position: int) -> int:
        """Return the place of the colon that ends a header: only brackets and comments precede it."""
        text = self.code.text
        while text[position] != ":":
            position = text.index("
", position) if text[position] == "#" else position + 1
        return position


def _is_elif(code: Code, node: ast.If) -> bool:
    if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
        return False
    return code.text.startswith("elif", code.start(node.orelse[0]))


def _tests(code: Code, node: ast.If) -> Iterator[ast.expr]:
    """Yield the conditions of an ``if`` and of its ``elif`` arms."""
    yield node.test
    while _is_elif(code, node):
        following = node.orelse[0]
        assert isinstance(following, ast.If)
        node = following
        yield node.test
