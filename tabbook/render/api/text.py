"""reStructuredText for objects of the library, as autodoc would write it."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import griffe
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.environment import BuildEnvironment
from sphinx.ext.autodoc import ALL, SUPPRESS, Options
from sphinx.pycode.ast import unparse

from tabbook.extract.assemble import names_section
from tabbook.extract.saved import Origin
from tabbook.render.api.described import Described
from tabbook.render.api.source import LibrarySource

_KINDS = griffe.ParameterKind
_STARS: dict[griffe.ParameterKind | None, str] = {_KINDS.var_positional: "*", _KINDS.var_keyword: "**"}
_STAND_IN = re.compile(r"_tabbook_\d+_")
_GROUPS = "exception", "class", "function", "data", "method", "attribute", "property"
"""The order that ``groupwise`` means."""


class ObjectText:
    """The text of one directive: an object, and the members that the options ask for.

    ``values`` are expressions that Sphinx cannot show as they are written, by the names that
    stand for them in the text.
    """

    def __init__(self, env: BuildEnvironment, library: LibrarySource, options: Options) -> None:
        self.env, self.library, self.options = env, library, options
        self.lines = StringList()
        self.values: dict[str, str] = {}
        self.missing: list[str] = []

    def write_all(self, lines: Iterable[str], place: tuple[str, int] = ("", 1)) -> None:
        """Add lines that do not describe an object."""
        for line in lines:
            self.lines.append(line, place[0], place[1] - 1)

    def summary(self, one: Described) -> str:
        """Return the first sentence of a docstring."""
        first = "\n".join(self.library.doc(one)).split("\n\n")[0]
        return re.split(r"(?<=[.?!。])(?:\s|$)", " ".join(first.split()))[0]

    def add(
        self,
        one: Described,
        *,
        kind: str = "",
        signature: str | None = None,
        more: StringList | None = None,
        indent: str = "",
        within: Origin | None = None,
        is_member: bool = False,
    ) -> None:
        """Add an object; ``more`` is text of the page's own, ``within`` where its class is saved."""
        place, origin = self.library.place(one, one.line), self.library.origin(one)
        kind = kind or one.kind

        def write(text: str = "", where: tuple[str, int] = place) -> None:
            self.lines.append(indent + text if text else "", where[0], where[1] - 1)

        shown = signature if signature is not None else self.signature(one)
        write(f".. py:{kind}:: {one.path if kind == 'module' else one.name + shown}")
        for option in self._directive_options(one, kind):
            write(f"   {option}")
        write()
        if kind != "module":
            indent += "   "
        if self.options.show_inheritance and one.bases:
            write("Bases: " + ", ".join(f":py:class:`{base}`" for base in one.bases))
            write()
        if kind != "module":  # what `tabbook lib` writes at the top is not for readers
            self._add_doc(one, kind, indent)
        is_said = origin is not None and names_section(one.doc or "", origin)
        if origin and not is_said and (not within or origin.path != within.path):
            write(f".. tabbook-defined:: {origin.label or '/' + origin.path}")
            write()
        for text, (source, line) in zip(more or (), more.items if more else (), strict=True):
            write(text, (source or place[0], (line or 0) + 1))
        write()
        for member in self._members(one, is_member=is_member):
            self.add(member, indent=indent, within=origin, is_member=True)

    def _directive_options(self, one: Described, kind: str) -> Iterator[str]:
        if kind != "module":
            yield f":module: {one.module.name}"
        if self.options.no_index or self.options.noindex:
            yield ":no-index:"
        for name in ("synopsis", "platform"):
            if kind == "module" and self.options.get(name):
                yield f":{name}: {self.options[name]}"
        if kind in ("function", "method", "property"):
            yield from (f":{flag}:" for flag in one.flags)
        if kind in ("data", "attribute"):
            yield from self._value_options(one)
        elif kind == "property" and one.annotation:
            yield f":type: {one.annotation}"

    def _value_options(self, one: Described) -> Iterator[str]:
        annotation = self.options.annotation
        if annotation and annotation is not SUPPRESS:
            yield f":annotation: {annotation}"
            return
        if one.annotation:
            yield f":type: {one.annotation}"
        if one.value and annotation is not SUPPRESS and not self.options.no_value:
            yield f":value: {one.value}"

    def _add_doc(self, one: Described, kind: str, indent: str) -> None:
        for source in self._documents(one, kind):
            lines = self.library.doc(source)
            self.env.app.emit("autodoc-process-docstring", kind, one.path, one.node, self.options, lines)
            if not any(lines):
                continue
            path, first = self.library.place(source, source.doc_line)
            self.lines.append(f"{indent}.. tabbook-docstring::", path, first - 1)
            self.lines.append("", path, first - 1)
            for number, line in enumerate(lines, first - 1):
                self.lines.append(f"{indent}   {line}" if line else "", path, number)
            self.lines.append("", path, first - 1)

    def _documents(self, one: Described, kind: str) -> Iterable[Described]:
        """Return the objects whose docstrings describe ``one``: a class may say it in ``__init__``."""
        if kind not in ("class", "exception"):
            return (one,)
        wanted = self.options.class_doc_from or self.env.config.autoclass_content
        init = one.module.find(f"{one.name}.__init__")
        documented = {"class": (one,), "init": (init or one,)}.get(wanted, (one, *([init] if init else [])))
        return documented if any(source.doc for source in documented) else (one,)

    def _members(self, one: Described, *, is_member: bool) -> list[Described]:
        if one.kind not in ("module", "class", "exception"):
            return []
        wanted: Any = ALL if is_member else self.options.members
        if not wanted and not self.options.inherited_members:
            return []
        if wanted and wanted is not ALL:
            named = {name: one.module.find(f"{one.name}.{name}".lstrip(".")) for name in wanted}
            self.missing += [name for name, member in named.items() if member is None]
            return [member for member in named.values() if member]
        members = dict[str, Described]()
        for member in self._all(one):
            members.setdefault(member.name, member)
        return sorted(filter(self._is_wanted, members.values()), key=self._order)

    def _all(self, one: Described) -> Iterator[Described]:
        yield from one.members
        stop = self.options.inherited_members
        for above in one.ancestors() if stop and one.kind != "module" else ():
            if isinstance(above, str) or above.name in stop:
                continue
            yield from (
                Described(one.module, f"{one.name}.{member.own_name}", member.node)
                for member in above.members
            )

    def _is_wanted(self, one: Described) -> bool:
        name, options = one.own_name, self.options
        excluded = options.exclude_members
        if excluded is not None and (not isinstance(excluded, set) or name in excluded):
            return False
        is_special = name.startswith("__") and name.endswith("__")
        if name.startswith("_"):
            asked = options.special_members if is_special else options.private_members
            if not asked or (asked is not ALL and name not in asked):
                return False
        return bool(self.library.doc(one)) or bool(options.undoc_members and not one.is_of_instances)

    def _order(self, one: Described) -> tuple[int, str]:
        order = self.options.member_order or self.env.config.autodoc_member_order
        if order == "bysource":
            return one.line, ""
        return (_GROUPS.index(one.kind) if order == "groupwise" else 0), one.own_name

    def signature(self, one: Described) -> str:
        """Return what an object is called with, and what it returns."""
        parameters = one.parameters
        if parameters is None:
            return ""
        returned = f" -> {self._shown(one.annotation)}" if one.annotation else ""
        return f"({', '.join(self._arguments(parameters))}){returned}"

    def _arguments(self, parameters: griffe.Parameters) -> Iterator[str]:
        last: griffe.ParameterKind | None = None
        has_star = False
        for one in parameters:
            if last is _KINDS.positional_only and one.kind is not _KINDS.positional_only:
                yield "/"
            if one.kind is _KINDS.keyword_only and not has_star:
                yield "*"
            has_star |= one.kind in (_KINDS.var_positional, _KINDS.keyword_only)
            last = one.kind
            yield self._argument(one)
        if last is _KINDS.positional_only:
            yield "/"

    def _argument(self, one: griffe.Parameter) -> str:
        text = _STARS.get(one.kind, "") + one.name
        if one.annotation is not None:
            text += f": {self._shown(str(one.annotation))}"
        if one.default is None or one.kind in _STARS:
            return text
        sign = " = " if one.annotation is not None else "="
        return f"{text}{sign}{self._shown(str(one.default), exact=True)}"

    def _shown(self, expression: str, *, exact: bool = False) -> str:
        """Return an expression as Sphinx can read it, or a name for one that it would show otherwise.

        Sphinx leaves out what a lambda returns, cannot read a comprehension, and writes strings
        with quotes of its own, which only matters where the text must be ``exact``.
        """
        try:
            shown = unparse(ast.parse(expression, mode="eval").body, expression)
            if shown == expression or not (exact or "lambda" in expression):
                return expression
        except (SyntaxError, NotImplementedError):
            pass
        name = f"_tabbook_{len(self.values)}_"
        self.values[name] = expression
        return name


def restore_values(tree: Sequence[nodes.Node], values: dict[str, str]) -> None:
    """Put expressions in place of the names that stand for them."""
    for text in [text for node in tree for text in node.findall(nodes.Text)] if values else ():
        shown = _STAND_IN.sub(lambda name: values.get(name[0], name[0]), text.astext())
        if shown != text.astext():
            text.parent.replace(text, nodes.Text(shown))
