"""Choosing the branches of one tab: ``tab.selected(...)`` evaluated at build time.

``if``/``elif``/``else`` keep the arms that can apply, conditional expressions the operand, and
what is left of a mixed condition stays in place. The kept code moves to the indent of the
``if``; comments and layout move with it, the inside of strings does not.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tabbook.code import Code, CodeError, Rewriter, stands_alone


def is_question(node: ast.AST) -> bool:
    """Say whether ``node`` is a call ``tab.selected(...)``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "selected"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "tab"
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
                raise CodeError("tab.selected takes the names of tabs, written out", call.lineno)
            names.append(item.value)
    if not names or call.keywords:
        raise CodeError("tab.selected takes the names of tabs, written out", call.lineno)
    return names


def questions(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every ``tab.selected(...)`` below ``tree``."""
    for node in ast.walk(tree):
        if is_question(node):
            assert isinstance(node, ast.Call)
            yield node


def select(text: str, tab: str) -> str:
    """Return the code of one cell with only what holds for ``tab``.

    Raises:
        CodeError: The text is not Python, or asks for a tab in a way that cannot be evaluated.
    """
    if "selected" not in text:
        return text
    code = Code(text)
    if not any(questions(code.tree)):
        return text
    while True:
        # Each pass takes the outermost statements; the next one what they held.
        changed = _Statements(code, tab).resolve()
        if changed is None:
            break
        code = _reparse(code, changed)
    return code.restore(_Expressions(code, tab).resolve()).rstrip()


def _reparse(code: Code, text: str) -> Code:
    new = Code(text)
    new.magics = code.magics
    return new


class _Expressions:
    """Evaluates the questions in expressions, and says what text is left of a condition."""

    def __init__(self, code: Code, tab: str) -> None:
        self.code, self.tab = code, tab
        self.rewriter = Rewriter(code.text)
        self._visit(code.tree)

    def _visit(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.JoinedStr) and any(questions(child)):
                # Before Python 3.12 the tree does not say where in an f-string an expression is.
                raise CodeError("tab.selected inside an f-string", child.lineno)
            replacement = self._replacement(child)
            if replacement is not None and any(questions(child)):
                assert isinstance(child, ast.expr)
                self.rewriter.add(self.code.start(child), self.code.end(child), replacement)
            self._visit(child)

    def _replacement(self, node: ast.AST) -> Callable[[], str] | None:
        if isinstance(node, ast.IfExp):
            return lambda: self._choice(node)
        if isinstance(node, ast.BoolOp | ast.Call) and (isinstance(node, ast.BoolOp) or is_question(node)):
            return lambda: str(self.condition(node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return lambda: str(self.condition(node))
        return None

    def resolve(self) -> str:
        return self.rewriter.rewrite()

    def text(self, node: ast.expr) -> str:
        return self.rewriter.rewrite(self.code.start(node), self.code.end(node))

    def _choice(self, node: ast.IfExp) -> str:
        answer = self.condition(node.test)
        if isinstance(answer, str):
            return f"{self.text(node.body)} if {answer} else {self.text(node.orelse)}"
        kept = node.body if answer else node.orelse
        text = self.text(kept)
        # What may hold a conditional expression may hold its operands, but for these, whose own
        # parentheses are not part of their text.
        bare = isinstance(kept, ast.NamedExpr | ast.Yield | ast.YieldFrom)
        return f"({text})" if bare or not stands_alone(text) else text

    def condition(self, node: ast.expr) -> bool | str:
        """Return what a condition is for the tab: true, false, or the text that is left of it."""
        if is_question(node):
            assert isinstance(node, ast.Call)
            return self.tab in asked_tabs(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.condition(node.operand)
            if isinstance(inner, bool):
                return not inner
            return f"not {_tight(inner)}"
        if isinstance(node, ast.BoolOp):
            return self._connected(node)
        return self.text(node)

    def _connected(self, node: ast.BoolOp) -> bool | str:
        decides = isinstance(node.op, ast.Or)
        left: list[str] = []
        for value in node.values:
            answer = self.condition(value)
            if isinstance(answer, str):
                left.append(answer)
            elif answer is decides:
                return decides
        if not left:
            return not decides
        return left[0] if len(left) == 1 else (" or " if decides else " and ").join(map(_tight, left))


def _tight(text: str) -> str:
    """Return a condition's text as an operand of ``and``, ``or``, ``not``."""
    loose = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr)
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:  # it had parentheses around it, for its line breaks
        return f"({text})"
    return f"({text})" if isinstance(node, loose) else text


@dataclass(slots=True)
class _Arm:
    """One arm of an ``if``: its condition for the tab, and the lines of its body.

    ``first`` to ``last`` are lines from 1; ``inline`` is the body that shares the header's line.
    """

    test: bool | str
    first: int
    last: int
    indent: str
    inline: str | None


class _Statements:
    """Replaces the outermost ``if`` statements that ask for a tab."""

    def __init__(self, code: Code, tab: str) -> None:
        self.code = code
        self.expressions = _Expressions(code, tab)
        self.found: list[tuple[ast.If, list[ast.stmt], bool]] = []
        self._search(code.tree)

    def _search(self, node: ast.AST) -> None:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                self._search_block(block, top=isinstance(node, ast.Module))
        for handler in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            self._search(handler)

    def _search_block(self, block: list[ast.stmt], *, top: bool) -> None:
        for statement in block:
            if isinstance(statement, ast.If) and any(any(questions(t)) for t in _tests(self.code, statement)):
                self.found.append((statement, block, top))
            else:
                self._search(statement)

    def resolve(self) -> str | None:
        """Return the new text, or None if no statement asks any more."""
        if not self.found:
            return None
        lines = list(self.code.lines)
        replaced = [(s, block, top, self._replacement(s)) for s, block, top in self.found]
        gone = {id(s) for s, _, _, new in replaced if not new}
        for statement, block, top, new in reversed(replaced):
            first, last = statement.lineno, self._last_line(statement)
            if not new and not top and block[0] is statement and all(id(other) in gone for other in block):
                new = [self._indent(statement) + "pass"]
            blank_above = first == 1 or not lines[first - 2].strip()
            if not new and blank_above and last < len(lines) and not lines[last].strip():
                last += 1  # do not leave two blank lines where the statement stood between them
            lines[first - 1 : last] = new
        return "\n".join(lines)

    def _indent(self, statement: ast.stmt) -> str:
        return self.code.lines[statement.lineno - 1][: statement.col_offset]

    def _replacement(self, statement: ast.If) -> list[str]:
        indent = self._indent(statement)
        kept: list[_Arm] = []
        for arm in self._arms(statement):
            if arm.test is not False:
                kept.append(arm)
            if arm.test is True:
                break
        if not kept:
            return []
        if kept[0].test is True:
            return self._body(kept[0], indent)
        lines: list[str] = []
        for number, arm in enumerate(kept):
            if arm.test is True:
                header = "else:"
            else:
                test = str(arm.test)
                test = test if stands_alone(test) else f"({test})"
                header = f"{'elif' if number else 'if'} {test}:"
            if arm.inline is not None:
                lines.append(f"{indent}{header} {arm.inline}")
            else:
                lines += [indent + header, *self.code.reindent(arm.first, arm.last, "", "")]
        return lines

    def _body(self, arm: _Arm, indent: str) -> list[str]:
        if arm.inline is not None:
            return [indent + arm.inline]
        return self.code.reindent(arm.first, arm.last, arm.indent, indent)

    def _arms(self, statement: ast.If) -> Iterator[_Arm]:
        outer = statement.col_offset
        node: ast.If | None = statement
        while node is not None:
            colon = self._colon(self.code.end(node.test))
            has_more = bool(node.orelse)
            arm, stop = self._arm(
                self.expressions.condition(node.test), colon, node.body, outer, more=has_more
            )
            yield arm
            if not has_more:
                return
            following = node.orelse[0]
            if _is_elif(self.code, node):
                assert isinstance(following, ast.If)
                node = following
                continue
            line = next(
                n
                for n in range(stop + 1, len(self.code.lines) + 1)
                if _starts_with_else(self.code.lines[n - 1])
            )
            keyword = self.code.offset(line, 0) + self.code.lines[line - 1].index("else") + 4
            yield self._arm(True, self._colon(keyword), node.orelse, outer, more=False)[0]
            return

    def _arm(
        self, test: bool | str, colon: int, body: list[ast.stmt], outer: int, *, more: bool
    ) -> tuple[_Arm, int]:
        """Return the arm whose header ends with ``colon``, and the last line of its statements."""
        header = self.code.line_of(colon)
        first_node = body[0]
        last = body[-1].end_lineno or header
        decorators = getattr(first_node, "decorator_list", [])
        first_line = min([first_node.lineno, *(d.lineno for d in decorators)])
        if first_line == header:
            text = self.code.lines[header - 1]
            inside = self.code.text[self.code.start(first_node) : self.code.offset(header, 0) + len(text)]
            if last > header:
                inside += "\n" + "\n".join(self.code.lines[header:last])
            return _Arm(test, header, last, "", inside), last
        indent = self.code.lines[first_line - 1][: first_node.col_offset]
        end = self._comments_below(last, outer)
        return _Arm(test, header + 1, end, indent, None), last if more else end

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

    def _colon(self, position: int) -> int:
        """Return the place of the colon that ends a header: only brackets and comments precede it."""
        text = self.code.text
        while text[position] != ":":
            position = text.index("\n", position) if text[position] == "#" else position + 1
        return position

    def _last_line(self, statement: ast.If) -> int:
        last_arm = list(self._arms(statement))[-1]
        return last_arm.last


def _is_elif(code: Code, node: ast.If) -> bool:
    if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
        return False
    start = code.start(node.orelse[0])
    return code.text.startswith("elif", start)


def _tests(code: Code, node: ast.If) -> Iterator[ast.expr]:
    """Yield the conditions of an ``if`` and of its ``elif`` arms."""
    yield node.test
    while _is_elif(code, node):
        following = node.orelse[0]
        assert isinstance(following, ast.If)
        node = following
        yield node.test


def _starts_with_else(line: str) -> bool:
    bare = line.lstrip()
    return bare.startswith("else") and bare[4:].lstrip().startswith((":", "\\"))
