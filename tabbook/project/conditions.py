"""The questions in expressions: ``tab.selected(...)`` answered, and what is left of conditions."""

import ast
import re
from collections.abc import Iterator, Sequence

from tabbook.code import CodeCell, CodeError, Rewriter, stands_alone

_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator)
_ASKING = re.compile(r"\btab\.selected\b|^\s*%%tab\b")
_HINT = "write tab.selected('TAB'), with the names of tabs in quotes"


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
    for node in asking_nodes(tree):
        if is_question(node):
            assert isinstance(node, ast.Call)
            yield node


def asks(node: ast.AST) -> bool:
    """Say whether there is a question in ``node``, or ``tab.selected`` in another role."""
    return bool(asking_nodes(node))


def asking_nodes(tree: ast.AST) -> Sequence[ast.AST]:
    """Return the nodes of ``tree`` that have a question in them, outer ones first."""
    if isinstance(tree, _LEAVES):
        return ()
    known: list[ast.AST] | None = getattr(tree, "_asking", None)
    if known is None:
        known = [node for child in ast.iter_child_nodes(tree) for node in asking_nodes(child)]
        if known or _is_asking(tree):
            known = [tree, *known]
        tree._asking = known  # type: ignore[attr-defined]  # trees are shared, and asked often
    return known


def unanswerable(code: CodeCell) -> Iterator[CodeError]:
    """Yield what ``code`` asks in a way that cannot be answered at build time."""
    if "selected" not in code.text and not code.magics:
        return  # most cells ask nothing, and their trees are large
    calls = {id(call.func) for call in questions(code.tree)}
    for node in asking_nodes(code.tree):
        if is_question(node):
            assert isinstance(node, ast.Call)
            try:
                asked_tabs(node)
            except CodeError as error:
                yield error
        elif _is_asking(node) and id(node) not in calls:
            yield CodeError("tab.selected is not called", getattr(node, "lineno", 1), _HINT)
        elif isinstance(node, ast.JoinedStr) and asks(node):
            # Before Python 3.12 the tree does not say where in an f-string an expression is.
            hint = "choose before the string, into a variable"
            yield CodeError("tab.selected is inside an f-string", node.lineno, hint)
        elif isinstance(node, ast.BoolOp) and asks(node):
            asking = max(number for number, value in enumerate(node.values) if asks(value))
            before = (part for value in node.values[:asking] for part in ast.walk(value))
            if any(isinstance(part, ast.NamedExpr) for part in before):
                hint = "ask for the tab first, or assign on a line of its own"
                yield CodeError("':=' comes before tab.selected in a condition", node.lineno, hint)
    for number, magic in enumerate(code.magics):
        if "tab.selected" in magic:
            line = code.magic_line(number)
            hint = "choose with an if around the command"
            yield CodeError("tab.selected is inside a magic or shell command", line, hint)


def unanswerable_text(text: str) -> Iterator[CodeError]:
    """Yield an error for each line where ``text``, which is not Python, asks for the tab."""
    for number, line in enumerate(text.split("\n"), 1):
        if match := _ASKING.search(line):
            message = f"{match[0].strip()} in a cell that is not valid Python has no effect"
            hint = "write one cell for each framework, with %%tab as its first line"
            yield CodeError(message, number, hint)


class Expressions:
    """Evaluates the questions in expressions, and says what text is left of a condition.

    ``holding`` are the questions whose answer is yes, each as the tabs that it names.
    """

    def __init__(self, code: CodeCell, holding: frozenset[frozenset[str]]) -> None:
        self.code, self.holding = code, holding
        self.rewriter = Rewriter(code.text)
        for node in asking_nodes(code.tree):
            if isinstance(node, ast.BoolOp | ast.UnaryOp | ast.IfExp | ast.Call):
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
            return frozenset(asked_tabs(node)) in self.holding
        if isinstance(node, ast.UnaryOp) and _is_not(node) and asks(node):
            inner = self.condition(node.operand)
            return f"not {_tight(inner)}" if isinstance(inner, str) else not inner
        if isinstance(node, ast.BoolOp) and asks(node):
            return self._connected(node, exact=exact)
        return self.text(node)

    def _connected(self, node: ast.BoolOp, *, exact: bool) -> bool | str:
        decides = isinstance(node.op, ast.Or)
        remaining: list[tuple[int, str]] = []
        for number, value in enumerate(node.values):
            is_last = number == len(node.values) - 1
            answer = self.condition(value, exact=exact)
            if isinstance(answer, str):
                remaining.append((number, answer))
            elif answer is decides or (exact and is_last and remaining):
                if not exact or not remaining:
                    return answer
                remaining.append((number, str(answer)))
                break
        if len(remaining) < 2:
            return remaining[0][1] if remaining else not decides
        spans = self._operands(node)
        pieces = [self._operand(spans[number], node.values[number], text) for number, text in remaining]
        gaps = [self.code.text[spans[n][1] : spans[n + 1][0]] for n, _ in remaining[:-1]]
        return "".join(piece + gap for piece, gap in zip(pieces, [*gaps, ""], strict=True))

    def _operand(self, span: tuple[int, int], node: ast.expr, text: str) -> str:
        """Return an operand's text within the parentheses that it has."""
        start, end = self.code.start(node), self.code.end(node)
        if span == (start, end):
            return _tight(text) if asks(node) else text
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


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _tight(text: str, like: ast.expr | None = None) -> str:
    """Return an expression's text so that it can stand for an operand, or for ``like``."""
    loose = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr, ast.Yield, ast.YieldFrom)
    node = ast.parse(f"(\n{text}\n)", mode="eval").body
    if isinstance(node, ast.BoolOp) and isinstance(like, ast.BoolOp) and type(node.op) is type(like.op):
        return text
    return f"({text})" if isinstance(node, loose) or not stands_alone(text) else text
