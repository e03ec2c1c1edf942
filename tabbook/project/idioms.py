"""Portable names in the book's cells, written in the idiom of one framework.

``d2l.tanh(x)`` becomes ``torch.tanh(x)``, ``d2l.reduce_sum(x, 0)`` becomes ``x.sum(0)``: by
position in the text, so that comments and layout stay.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tabbook.code import CodeCell, Rewriter, is_atom, parse, stands_alone
from tabbook.project.brackets import align_lines, mark_brackets, plain
from tabbook.project.fstrings import fstrings, is_found, say_the_same
from tabbook.project.names import Idiom, Use, template_of, uses
from tabbook.statement_lines import first_line

_BLANKS = re.compile(r"(?:[\s\\]|#[^\n]*)*")
_BLANKS_AND_CLOSING = re.compile(r"(?:[\s\\)]|#[^\n]*)*")
_LOOSE = (
    ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Call, ast.keyword,
    ast.List, ast.Tuple, ast.Set,
)  # fmt: skip


def _parents(tree: ast.AST) -> dict[int, ast.AST]:
    """Return the node above each node of ``tree``, by the identity of the lower one."""
    return {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def _has_long_statements(code: CodeCell) -> bool:
    """Say whether brackets may go over several lines; if not, no line has to move along."""
    if "\n" not in code.text:
        return False
    waiting: list[ast.AST] = [code.tree]
    while waiting:
        node = waiting.pop()
        body = getattr(node, "body", None)
        if isinstance(node, ast.stmt):
            end = body[0].lineno - 1 if isinstance(body, list) else node.end_lineno or 0
            if isinstance(node, ast.Try | ast.TryStar | ast.Match):
                return True  # whose headers are more than one
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if end > first_line(node) + len(getattr(node, "decorator_list", ())) and not docstring:
                return True
        for name in ("body", "orelse", "finalbody"):
            waiting += getattr(node, name, [])
    return False


def rewrite(text: str, ways: Mapping[str, Idiom], package: str = "d2l") -> str:
    """Return the code of one cell with the uses of portable names in the framework's idiom.

    A use that cannot be written so without changing what it does (a method that is passed on
    without being called, an argument that would be computed twice) keeps the portable name,
    which the library defines.

    Raises:
        CodeError: The text is not Python.
    """
    if f"{package}." not in text:
        return text
    code = parse(text)
    said = re.findall(rf"\b{package}\b(?:\.([A-Za-z_]\w*))?", text)
    if text.isascii() and all(said) and ways.keys().isdisjoint(said):
        return text
    uses_found = [use for use in uses(code, package) if use.node.attr in ways]
    strings = fstrings(code) if uses_found else {}
    outside = [use for use in uses_found if id(use.node) not in strings]
    known = [use for use in uses_found if is_found(code, use, strings.get(id(use.node)))]
    for chosen in (known, outside) if strings else (outside,):
        rewriting = _IdiomRewriter(code, ways, chosen)
        if not rewriting.rewriter:
            return text
        made = align_lines(rewriting.rewriter.rewrite())
        if chosen is outside or say_the_same(code.tree, made):
            break
    return code.restore(made)


@dataclass(frozen=True, slots=True)
class _Argument:
    """An argument of a call, and where it is in the text.

    ``start`` to ``end`` is all between its commas. ``first`` to ``last`` is the value with the
    parentheses of its own, without comments and blanks around it.
    """

    node: ast.expr | ast.keyword
    value: ast.expr
    start: int
    first: int
    last: int
    end: int


class _IdiomRewriter:
    """The rewriting of one cell: ``rewriter`` has the sites, if there are any."""

    def __init__(self, code: CodeCell, ways: Mapping[str, Idiom], uses: Iterable[Use]) -> None:
        self.code = code
        self.rewriter = Rewriter(code.text)
        for use in uses:
            self._add(use, ways[use.node.attr])
        self.marks = (
            mark_brackets(code, self.rewriter) if self.rewriter and _has_long_statements(code) else {}
        )

    def _add(self, use: Use, way: Idiom) -> None:
        node, call = use.node, use.parent
        if way.kind == "attribute":
            self._site(node, lambda: way.text)
        elif isinstance(call, ast.Call) and call.func is node and not self._is_generator(call):
            is_method = way.kind == "method"
            write = self._method(call, way) if is_method else self._expression(call, way, use.grandparent)
            if write:
                self._site(call, write)

    def _site(self, node: ast.expr, write: Callable[[], str]) -> None:
        self.rewriter.add(self.code.start(node), self.code.end(node), write)

    def _text(self, node: ast.expr) -> str:
        return self.rewriter.rewrite(self.code.start(node), self.code.end(node))

    def _bracket(self, node: ast.expr) -> str:
        """Return the mark of the bracket that ``node`` stands right behind, if it does."""
        return self.marks.get(len(self.code.text[: self.code.start(node)].rstrip()) - 1, "")

    def _is_generator(self, call: ast.Call) -> bool:
        """Say whether a call's parentheses are those of a generator: ``f(x for x in y)``."""
        return any(self.code.start(argument) == self._opening(call) for argument in call.args)

    def _opening(self, call: ast.Call) -> int:
        """Return the place of a call's opening parenthesis."""
        return self.code.text.index("(", self.code.end(call.func))

    def _arguments(self, call: ast.Call) -> list[_Argument]:
        """Return a call's arguments in the order in which they are written."""
        text, start, closing = self.code.text, self._opening(call) + 1, self.code.end(call) - 1
        nodes: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        result = []
        for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
            value = node.value if isinstance(node, ast.keyword) else node
            end = self.code.end(value)
            behind = _BLANKS_AND_CLOSING.match(text, end, closing)
            assert behind is not None
            inside = re.sub(r"#[^\n]*", lambda found: " " * len(found[0]), behind[0])
            first = start
            if isinstance(node, ast.keyword) and node.arg:
                first = text.index("=", self.code.offset(node.lineno, node.col_offset)) + 1
            blanks = _BLANKS.match(text, first, self.code.start(value))
            assert blanks is not None
            last = end + inside.rfind(")") + 1
            result.append(_Argument(node, value, start, blanks.end(), last, behind.end()))
            start = behind.end() + 1
        return result

    def _method(self, call: ast.Call, way: Idiom) -> Callable[[], str] | None:
        """Return what writes a call as a method of its first argument, or None."""
        arguments = self._arguments(call)
        named = [a for a in arguments if isinstance(a.node, ast.keyword) and a.node.arg == way.subject]
        if bool(named) == bool(call.args):
            return None  # no receiver, or two
        subject = named[0] if named else arguments[0]
        if isinstance(subject.node, ast.Starred | ast.GeneratorExp):
            return None
        number, text, stretch = arguments.index(subject), self.code.text, self.rewriter.rewrite
        first = subject.first
        if isinstance(subject.node, ast.keyword):
            first = self.code.offset(subject.node.lineno, subject.node.col_offset)
        if "#" in text[subject.start if number else first : subject.end if number else subject.first]:
            return None  # a comment in the middle would have to go
        opening, closing = self._opening(call), self.code.end(call) - 1
        behind = min(subject.end + 1, closing)
        blanks = _BLANKS.match(text, behind, closing)
        assert blanks is not None
        rest = blanks.end()

        def write() -> str:
            opened = self.marks.get(opening, "")
            own = self._bracket(subject.value) or opened
            start = f"{_operand(self._whole(subject), own)}{way.body}({opened}"
            if number:
                return f"{start}{stretch(opening + 1, subject.start - 1)}{stretch(subject.end, closing)})"
            # Comments around the receiver stay in the call, and so does a break after its bracket.
            before = stretch(opening + 1, first)
            if "#" not in before and not ("\n" in before and rest < closing):
                before = ""
            after = stretch(subject.last, subject.end) + stretch(behind, rest)
            after = (after.lstrip(" \t") if before else after) if "#" in after else ""
            return f"{start}{before}{after}{stretch(rest, closing)})"

        return write

    def _whole(self, argument: _Argument) -> str:
        """Return an argument's text, with its own parentheses where they hold comments."""
        text, start, end = self.code.text, self.code.start(argument.value), self.code.end(argument.value)
        if "#" in text[argument.first : start] + text[end : argument.last]:
            return self.rewriter.rewrite(argument.first, argument.last)
        return self.rewriter.rewrite(start, end)

    def _expression(self, call: ast.Call, way: Idiom, parent: ast.AST) -> Callable[[], str] | None:
        """Return what writes a call, right below ``parent``, as the way's expression, or None."""
        template, written = template_of(way), parse(way.text)
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return None
        try:
            bound = _signature(template, way.text).bind(
                *call.args, **{str(k.arg): k.value for k in call.keywords}
            )
        except TypeError:
            return None  # a wrong call: let the library say so when it runs
        bound.apply_defaults()
        names = [node for node in ast.walk(template.body) if isinstance(node, ast.Name)]
        for name, value in bound.arguments.items():
            values = value if isinstance(value, tuple) else (value,)
            is_plain = all(isinstance(v, str | ast.Name | ast.Constant) for v in values)
            if not is_plain and sum(node.id == name for node in names) != 1:
                return None  # it would be computed twice, or not at all
        if self._loose_comments(call):
            return None
        is_loose = isinstance(parent, _LOOSE) and not (isinstance(parent, ast.Call) and parent.func is call)

        def write() -> str:
            rewriter, opened = Rewriter(way.text), self.marks.get(self._opening(call), "")
            parents = _parents(template)
            for node in names:
                if node.id in bound.arguments:
                    text = self._substitute(bound.arguments[node.id], node, parents[id(node)], opened)
                    rewriter.add(written.start(node), written.end(node), lambda text=text: text)  # type: ignore[misc]
            result = rewriter.rewrite(written.start(template.body), written.end(template.body))
            return result if is_loose and stands_alone(plain(result)) else _operand(result, opened)

        return write

    def _loose_comments(self, call: ast.Call) -> bool:
        """Say whether there are comments between the arguments: an expression cannot have any."""
        spans = [(self.code.start(a.value), self.code.end(a.value)) for a in self._arguments(call)]
        places = (self.code.offset(line, 0) + column for line, (column, _) in self.code.comments.items())
        inside = [place for place in places if self._opening(call) < place < self.code.end(call)]
        return any(not any(start <= place < end for start, end in spans) for place in inside)

    def _substitute(
        self, value: ast.expr | str | tuple[ast.expr, ...], name: ast.Name, parent: ast.AST, opened: str
    ) -> str:
        """Return the text of an argument, or of a default, for its ``name`` in a template."""
        if isinstance(value, tuple):
            return f"({', '.join(map(self._text, value))}{',' if len(value) == 1 else ''})"
        text = value if isinstance(value, str) else self._text(value)
        opened = opened if isinstance(value, str) else self._bracket(value) or opened
        if isinstance(parent, ast.Call) and parent.func is not name:
            return text
        if isinstance(parent, ast.keyword) and stands_alone(plain(text)):
            return text
        return _operand(text, opened, dotted=isinstance(parent, ast.Attribute))


def _operand(text: str, opened: str = "", *, dotted: bool = True) -> str:
    """Return an expression's text so that an operator, or ``.name`` if ``dotted``, may follow it.

    ``opened`` is the mark of the bracket that the text stood in: its own take over from it.
    """
    bare = plain(text)
    try:
        node = ast.parse(bare, mode="eval").body
    except SyntaxError:  # a line break, or ':='
        return f"({opened}{text})"
    has_own = bare.startswith("(") and (node.col_offset > 0 or isinstance(node, ast.Tuple | ast.GeneratorExp))
    is_number = isinstance(node, ast.Constant) and not dotted
    return text if has_own or is_number or is_atom(node) else f"({opened}{text})"


def _signature(template: ast.Lambda, text: str) -> inspect.Signature:
    """Return the signature of the lambda that ``text`` is; its defaults are pieces of the text."""
    arguments, kinds = template.args, inspect.Parameter
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    rows: list[tuple[str, Any, ast.expr | None]] = [
        (argument.arg, kinds.POSITIONAL_OR_KEYWORD, default)
        for argument, default in zip(positional, [*defaults, *arguments.defaults], strict=True)
    ]
    if arguments.vararg:
        rows.append((arguments.vararg.arg, kinds.VAR_POSITIONAL, None))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        rows.append((argument.arg, kinds.KEYWORD_ONLY, default))

    def parameter(name: str, kind: Any, default: ast.expr | None) -> inspect.Parameter:
        given = kinds.empty if default is None else ast.get_source_segment(text, default)
        return kinds(name, kind, default=given)

    return inspect.Signature([parameter(*row) for row in rows])
