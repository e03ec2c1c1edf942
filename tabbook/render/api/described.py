"""The library as its source describes it: classes, functions and data, read without importing.

Griffe reads the modules. What only an import would tell (the signature that a class inherits from
a framework, say) is left open rather than guessed.
"""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import griffe
from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer

Kind = Literal["module", "class", "exception", "function", "method", "property", "data", "attribute"]
Node = griffe.Module | griffe.Class | griffe.Function | griffe.Attribute
_HARMLESS = {"object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing_extensions.Protocol"}
"""Bases outside of the library that do not change how a class is called."""
_WRITTEN = "written"
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


class _AsWritten(griffe.Extension):
    """Keeps values as the source has them (``1e-3``, not ``0.001``), and notes which methods it has.

    Griffe adds the ``__init__`` of a dataclass, which the source does not have.
    """

    def __init__(self, text: str) -> None:
        self.lines = [line.encode() for line in text.split("\n")]  # the tree counts bytes

    def _source(self, node: ast.expr) -> str:
        if node.lineno != node.end_lineno:
            return ast.unparse(node)
        return self.lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode()

    def on_function_instance(self, *, node: Any, func: griffe.Function, **_: Any) -> None:
        """Put the source of each default into the function's parameters."""
        func.extra[_WRITTEN]["yes"] = True
        ordered = [*node.args.posonlyargs, *node.args.args]
        given = [
            *zip(reversed(ordered), reversed(node.args.defaults), strict=False),
            *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
        ]
        for argument, default in given:
            if default is not None:
                func.parameters[argument.arg].default = self._source(default)

    def on_attribute_instance(self, *, node: Any, attr: griffe.Attribute, **_: Any) -> None:
        """Put the source of the value into the attribute."""
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            attr.value = self._source(node.value)


@dataclass(frozen=True)
class Described:
    """One object of a module of the library; ``name`` is its path inside the module."""

    module: "Module"
    name: str
    node: Node

    @property
    def path(self) -> str:
        """The name with the module's, as readers import it."""
        return f"{self.module.name}.{self.name}" if self.name else self.module.name

    @property
    def own_name(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def is_of_instances(self) -> bool:
        """Whether it is an attribute that methods alone set, and that the class does not declare."""
        labels = self.node.labels
        return self.kind == "attribute" and "class-attribute" not in labels and not self.annotation

    @property
    def kind(self) -> Kind:
        """What it is to Sphinx's domain of Python."""
        if isinstance(self.node, griffe.Module):
            return "module"
        if isinstance(self.node, griffe.Class):
            return "exception" if any(map(_is_exception, self._outside())) else "class"
        in_class = "." in self.name
        if isinstance(self.node, griffe.Function):
            return "method" if in_class else "function"
        return "property" if self.is_property else "attribute" if in_class else "data"

    @property
    def is_property(self) -> bool:
        """Whether it is an attribute that a method computes."""
        return "property" in self.node.labels

    @property
    def flags(self) -> Iterator[str]:
        """The options that Sphinx has for what a function is, such as ``classmethod``."""
        known = {"staticmethod": "staticmethod", "classmethod": "classmethod", "async": "async"}
        if "." in self.name:
            known |= {"abstractmethod": "abstractmethod"}
        return (known[label] for label in sorted(self.node.labels & known.keys()))

    @property
    def doc(self) -> str:
        """The docstring, or the comments (``#:``) that document data; empty if there are none."""
        if self.node.docstring:
            return self.node.docstring.value
        scope, _, name = self.name.rpartition(".")
        return "\n".join(self.module.comments.get((scope, name), ())).strip()

    @property
    def doc_line(self) -> int:
        """The line of the module at which the docstring begins."""
        return (self.node.docstring.lineno if self.node.docstring else None) or self.line

    @property
    def line(self) -> int:
        """The line of the module at which the object begins."""
        return self.node.lineno or 1

    @property
    def members(self) -> Iterator["Described"]:
        """The objects in it, in the order of the source, without what it imports."""
        prefix = f"{self.name}." if self.name else ""
        for name, node in self.node.members.items():
            if prefix + name != self.module.package and not isinstance(node, griffe.Alias):
                yield Described(self.module, prefix + name, node)  # type: ignore[arg-type]

    @property
    def parameters(self) -> griffe.Parameters | None:
        """What it is called with, without ``self``; None if it is not called, or that is not known."""
        if isinstance(self.node, griffe.Class):
            return self._constructor()
        if not isinstance(self.node, griffe.Function):
            return None
        bound = "." in self.name and "staticmethod" not in self.node.labels
        return _without_first(self.node.parameters) if bound else self.node.parameters

    @property
    def annotation(self) -> str:
        """The type that it has or returns, as annotated; empty if it is not."""
        if isinstance(self.node, griffe.Function):
            return str(self.node.returns or "")
        return str(self.node.annotation or "") if isinstance(self.node, griffe.Attribute) else ""

    @property
    def value(self) -> str:
        """The value of data, as the source has it."""
        return str(self.node.value or "") if isinstance(self.node, griffe.Attribute) else ""

    @property
    def bases(self) -> tuple[str, ...]:
        """The bases of a class, each by the path that it is imported from."""
        if not isinstance(self.node, griffe.Class):
            return ()
        bases = map(self.module.base, self.node.bases)
        return tuple(one if isinstance(one, str) else one.path for one in bases)

    def ancestors(self) -> Iterator["Described | str"]:
        """Yield the class and those that it inherits from, as Python looks methods up.

        A class that the library does not have is given by its path.
        """
        seen = set[str]()
        stack: list[Described | str] = [self]
        while stack:
            one = stack.pop()
            path = one if isinstance(one, str) else one.path
            if path in seen:
                continue
            seen.add(path)
            yield one
            if isinstance(one, Described) and isinstance(one.node, griffe.Class):
                stack += [self.module.base(base) for base in reversed(one.node.bases)]

    def _outside(self) -> Iterator[str]:
        return (one for one in self.ancestors() if isinstance(one, str))

    def _constructor(self) -> griffe.Parameters | None:
        """Return what makes an instance.

        A base that the library does not have may come with a constructor, or write one for each
        class below it as dataclasses do: so what is behind such a base is not known.
        """
        if "typing.NamedTuple" in self.bases:
            return _fields(self)
        is_known = not set(self._outside()) - _HARMLESS
        for one in self.ancestors():
            if isinstance(one, str):
                if one not in _HARMLESS:
                    return None
                continue
            for name in ("__init__", "__new__"):
                method = one.node.members.get(name)
                if isinstance(method, griffe.Function) and (
                    method.extra[_WRITTEN] or one is self or is_known
                ):
                    return _without_first(method.parameters)
        return griffe.Parameters()


class Module:
    """A module of the library, read from its text; ``name`` is what readers import."""

    def __init__(self, name: str, text: str, path: Path) -> None:
        self.name, self.text = name, text
        package, _, own = name.rpartition(".")
        self.package = package
        collection = griffe.ModulesCollection()
        parent = griffe.Module(package, filepath=path, modules_collection=collection)
        extensions = griffe.load_extensions(_AsWritten(text))
        self.root = griffe.visit(own, path, text, parent=parent, extensions=extensions)
        collection[package] = parent
        parent[own] = self.root
        extensions.call("on_package", pkg=parent, loader=None)  # what adds the methods of dataclasses
        self.comments = _comments(name, text)

    @property
    def described(self) -> Described:
        """The module itself, as an object."""
        return Described(self, "", self.root)

    def find(self, name: str) -> Described | None:
        """Return the object of this name, also one that a class inherits; None if there is none."""
        scope, _, own = name.rpartition(".")
        above = self.find(scope) if scope else self.described
        for one in above.ancestors() if above else ():
            node = one.node.members.get(own) if isinstance(one, Described) else None
            if node is not None and not isinstance(node, griffe.Alias):
                return Described(self, name, node)  # type: ignore[arg-type]
        return None

    def base(self, expression: Any) -> Described | str:
        """Return the class that a base names: one of the library's, or the path of another's."""
        if isinstance(expression, griffe.ExprSubscript):
            expression = expression.left
        name = str(expression).removeprefix(f"{self.name}.").removeprefix(f"{self.package}.")
        with suppress(KeyError, griffe.AliasResolutionError, griffe.NameResolutionError):
            node = self.root.get_member(name)
            if isinstance(node, griffe.Class):
                return Described(self, name, node)
            if isinstance(node, griffe.Attribute) and _DOTTED.fullmatch(str(node.value)):
                first, dot, rest = str(node.value).partition(".")  # a portable name: nn_Module = nn.Module
                return self.root.resolve(first) + dot + rest
        if name != str(expression):
            return f"{self.name}.{name}"
        return str(getattr(expression, "canonical_path", expression))

    @property
    def names(self) -> Iterator[str]:
        """The path of every object, for hints at a misspelt one."""

        def below(one: Described) -> Iterator[str]:
            for member in one.members:
                yield member.path
                yield from below(member)

        return below(self.described)


def _comments(name: str, text: str) -> Mapping[tuple[str, str], list[str]]:
    try:
        return ModuleAnalyzer.for_string(text, name).find_attr_docs()
    except PycodeError:
        return {}


def _is_exception(path: str) -> bool:
    kind = getattr(builtins, path.rpartition(".")[2], None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def _fields(one: Described) -> griffe.Parameters:
    """Return what makes a named tuple: its annotated attributes."""
    kind = griffe.ParameterKind.positional_or_keyword
    declared = ((member.own_name, member.node) for member in one.members)
    return griffe.Parameters(
        *(
            griffe.Parameter(name, annotation=node.annotation, kind=kind, default=node.value)
            for name, node in declared
            if isinstance(node, griffe.Attribute) and node.annotation is not None
        )
    )


def _without_first(parameters: griffe.Parameters) -> griffe.Parameters:
    first = next(iter(parameters), None)
    if first is None or first.kind not in (
        griffe.ParameterKind.positional_only,
        griffe.ParameterKind.positional_or_keyword,
    ):
        return parameters
    return griffe.Parameters(*list(parameters)[1:])
