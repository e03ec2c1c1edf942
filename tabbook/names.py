"""Portable names: ``d2l.tanh`` is ``torch.tanh`` in one framework and ``tf.tanh`` in another.

The configuration gives each name, for each tab, one of three ways, written as Python:

- an attribute: ``torch.tanh``;
- a method of the first argument: ``x.sum(...)``;
- an expression over the arguments: ``lambda a: a.numel()``.

The library defines the names (:func:`definition`); the book's cells show what they stand for
(:func:`rewrite`), since a reader should see the framework's own idiom.
"""

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tabbook.code import Code, Rewriter, is_atom, stands_alone


@dataclass(frozen=True, slots=True)
class Way:
    """One framework's way of a portable name.

    ``text`` is the way as it was written. ``subject`` is the receiver's name in a method, and
    ``body`` what follows it: ``.sum`` for ``x.sum(...)``.
    """

    kind: Literal["attribute", "method", "expression"]
    text: str
    subject: str = ""
    body: str = ""


def parse_way(text: str) -> Way:
    """Return the way that ``text`` describes.

    Raises:
        ValueError: It is none of the three.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{text!r} is not Python") from error
    text = text.strip()
    if isinstance(node, ast.Attribute) and _root(node):
        return Way("attribute", text)
    if (
        isinstance(node, ast.Call)
        and [getattr(a, "value", 0) for a in node.args] == [...]
        and not node.keywords
    ):
        root = _root(node.func)
        if root and not isinstance(node.func, ast.Name):
            return Way("method", text, root, text[len(root) : text.rindex("(")].rstrip())
    if isinstance(node, ast.Lambda) and not node.args.kwarg:
        return Way("expression", text)
    raise ValueError(f"{text!r} is none of: an attribute (torch.tanh), a method (x.sum(...)), a lambda")


def _root(node: ast.expr) -> str | None:
    """Return the name at the start of a chain of attributes and calls."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else None


def definition(name: str, way: Way) -> str:
    """Return the statement that defines ``name`` in the library."""
    if way.kind == "attribute":
        return f"{name} = {way.text}"
    if way.kind == "method":
        returned, arguments = (
            way.text.replace("(...)", "(*args, **kwargs)"),
            f"{way.subject}, *args, **kwargs",
        )
    else:
        node = ast.parse(way.text, mode="eval").body
        assert isinstance(node, ast.Lambda)
        returned, arguments = ast.get_source_segment(way.text, node.body) or "", ast.unparse(node.args)
    return f"def {name}({arguments}):\n    return {returned}"


def roots(ways: Mapping[str, Way]) -> frozenset[str]:
    """Return the names that the ways need imported, such as ``torch``."""
    found: set[str] = set()
    for way in ways.values():
        tree = ast.parse(way.text, mode="eval").body
        bound = {way.subject} | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        found |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - bound
    return frozenset(found)


def rewrite(text: str, ways: Mapping[str, Way], package: str = "d2l") -> str:
    """Return the code of one cell with the uses of portable names in the framework's idiom.

    A use that cannot be written so without changing what it does (a method that is passed on
    without being called, an argument that would be computed twice) keeps the portable name,
    which the library defines.

    Raises:
        CodeError: The text is not Python.
    """
    if f"{package}." not in text:
        return text
    code = Code(text)
    rewriting = _Rewriting(code, ways, package)
    return code.restore(rewriting.rewriter.rewrite()) if rewriting.any else text


class _Rewriting:
    def __init__(self, code: Code, ways: Mapping[str, Way], package: str) -> None:
        self.code, self.ways, self.package = code, ways, package
        self.rewriter = Rewriter(code.text)
        self.any = False
        self._visit(code.tree, None)

    def _way(self, node: ast.AST) -> Way | None:
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and isinstance(node.value, ast.Name)
        ):
            return self.ways.get(node.attr) if node.value.id == self.package else None
        return None

    def _visit(self, node: ast.AST, parent: ast.AST | None) -> None:
        if isinstance(node, ast.JoinedStr):
            return  # before Python 3.12 the tree does not say where in an f-string an expression is
        if isinstance(node, ast.Call) and (way := self._way(node.func)) and way.kind != "attribute":
            text = self._method(node, way) if way.kind == "method" else self._expression(node, way, parent)
            if text:
                self._add(node, text)
        elif isinstance(node, ast.Attribute) and (way := self._way(node)) and way.kind == "attribute":
            text = way.text
            self._add(node, lambda: text)
        for child in ast.iter_child_nodes(node):
            self._visit(child, node)

    def _add(self, node: ast.expr, text: object) -> None:
        self.any = True
        self.rewriter.add(self.code.start(node), self.code.end(node), text)  # type: ignore[arg-type]

    def _text(self, node: ast.expr) -> str:
        return self.rewriter.rewrite(self.code.start(node), self.code.end(node))

    def _argument_start(self, argument: ast.expr | ast.keyword) -> int:
        return self.code.offset(argument.lineno, argument.col_offset)

    def _argument_end(self, argument: ast.expr | ast.keyword) -> int:
        assert argument.end_lineno is not None
        assert argument.end_col_offset is not None
        return self.code.offset(argument.end_lineno, argument.end_col_offset)

    def _method(self, call: ast.Call, way: Way) -> object | None:
        """Return a function that writes a call as a method of its first argument, or None."""
        arguments: list[ast.expr | ast.keyword] = sorted(
            [*call.args, *call.keywords], key=self._argument_start
        )
        first = arguments[0] if arguments else None
        if isinstance(first, ast.keyword):
            named = [k for k in call.keywords if k.arg == way.subject]
            if call.args or not named:
                return None
            first = named[0]
        if first is None or isinstance(first, ast.Starred | ast.GeneratorExp):
            return None
        subject = first.value if isinstance(first, ast.keyword) else first
        rest = [argument for argument in arguments if argument is not first]
        opening = self._opening(call)

        def write() -> str:
            text, receiver = self.code.text, self._text(subject)
            closing = self.code.end(call) - 1
            if arguments[0] is not first:
                others = ", ".join(
                    self.rewriter.rewrite(self._argument_start(a), self._argument_end(a)) for a in rest
                )
                return f"{_operand(receiver, subject)}{way.body}({others})"
            # What encloses the argument: blanks, a comma, comments, parentheses of its own.
            before = text[opening + 1 : self.code.start(subject)]
            next_start = self._argument_start(rest[0]) if rest else closing
            comma = self._comma(self.code.end(subject), next_start)
            inside, between = text[self.code.end(subject) : comma], text[comma + 1 : next_start]
            if isinstance(first, ast.keyword):
                before = before.split("=", 1)[1]
            tail = self.rewriter.rewrite(next_start, closing) if rest else ""
            if "#" in before + inside + between:
                return f"({before}{receiver}{inside}{between}){way.body}({tail})"
            return f"{_operand(receiver, subject)}{way.body}({tail})"

        return write

    def _opening(self, call: ast.Call) -> int:
        """Return the place of a call's opening parenthesis."""
        return self.code.text.index("(", self.code.end(call.func))

    def _comma(self, start: int, end: int) -> int:
        """Return the place of the comma between two places, or the second place."""
        text = self.code.text
        while start < end and text[start] != ",":
            start = text.index("\n", start) if text[start] == "#" else start + 1
        return start

    def _expression(self, call: ast.Call, way: Way, parent: ast.AST | None) -> object | None:
        """Return a function that writes a call as the way's expression, or None."""
        template = ast.parse(way.text, mode="eval").body
        assert isinstance(template, ast.Lambda)
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return None
        try:
            bound = _signature(template).bind(*call.args, **{str(k.arg): k.value for k in call.keywords})
        except TypeError:
            return None  # a wrong call: let the library say so when it runs
        bound.apply_defaults()
        uses = [node for node in ast.walk(template.body) if isinstance(node, ast.Name)]
        given: dict[str, ast.expr | tuple[ast.expr, ...]] = dict(bound.arguments)
        for name, value in given.items():
            values = value if isinstance(value, tuple) else (value,)
            plain = all(isinstance(v, ast.Name | ast.Constant) for v in values)
            if not plain and sum(node.id == name for node in uses) != 1:
                return None  # it would be computed twice, or not at all
        arguments = [*call.args, *(k.value for k in call.keywords)]
        first, last = self.code.line_of(self._opening(call)), call.end_lineno or 0
        own = {n for a in arguments for n in range(a.lineno, (a.end_lineno or a.lineno))}
        if any(first <= line <= last and line not in own for line in self.code.comments if line < last):
            return None  # a comment between the arguments has no place in the expression
        alone = is_atom(template.body) or (isinstance(parent, _LOOSE) and stands_alone(way.text))

        def write() -> str:
            body = ast.get_source_segment(way.text, template.body) or ""
            shift = way.text.index(body, way.text.index(":"))
            rewriter = Rewriter(body)
            parents = {id(child): node for node in ast.walk(template) for child in ast.iter_child_nodes(node)}
            for node in uses:
                if node.id in given:
                    text = self._substitute(given[node.id], parents.get(id(node)), way.text)
                    place = len(way.text.encode()[: node.col_offset].decode()) - shift
                    rewriter.add(place, place + len(node.id), lambda text=text: text)  # type: ignore[misc]
            result = rewriter.rewrite()
            return result if alone else f"({result})"

        return write

    def _substitute(
        self, value: ast.expr | tuple[ast.expr, ...], parent: ast.AST | None, template: str
    ) -> str:
        if isinstance(value, tuple):
            inside = ", ".join(self._value(item, template) for item in value)
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        text = self._value(value, template)
        loose = isinstance(parent, ast.Call) and not isinstance(value, ast.Starred)
        return text if loose and stands_alone(text) else _operand(text, value)

    def _value(self, value: ast.expr, template: str) -> str:
        """Return an argument's text, or a default's, which stands in the template."""
        default = getattr(value, "from_template", False)
        return (ast.get_source_segment(template, value) or "") if default else self._text(value)


_LOOSE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Call, ast.keyword)


def _operand(text: str, node: ast.expr) -> str:
    """Return the text of an argument so that ``.name`` or an operator may follow it."""
    return text if is_atom(node) and stands_alone(text) else f"({text})"


def _signature(template: ast.Lambda) -> inspect.Signature:
    """Return a lambda's signature; defaults are nodes of the template, marked as such."""
    arguments = template.args
    kinds = inspect.Parameter
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(
        arguments.defaults
    )
    parameters = []

    def add(argument: ast.arg, kind: object, default: ast.expr | None) -> None:
        if default is not None:
            default.from_template = True  # type: ignore[attr-defined]
        empty = inspect.Parameter.empty if default is None else default
        parameters.append(inspect.Parameter(argument.arg, kind, default=empty))  # type: ignore[arg-type]

    for argument, default in zip(positional, defaults, strict=True):
        add(argument, kinds.POSITIONAL_OR_KEYWORD, default)
    if arguments.vararg:
        add(arguments.vararg, kinds.VAR_POSITIONAL, None)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        add(argument, kinds.KEYWORD_ONLY, default)
    return inspect.Signature(parameters)
