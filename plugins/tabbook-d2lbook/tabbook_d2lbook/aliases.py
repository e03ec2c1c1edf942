"""d2lbook's alias tables as portable names."""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tabbook.importers.report import Findings
from tabbook.project.names import parse_idiom
from tabbook_d2lbook.project import CONFIG, Project

_NAME = re.compile(r"[A-Za-z_]\w*")
_REVERSE = re.compile(r"^d2l\\?\.(?P<name>\w+)(?P<rest>.*)$")


@dataclass(slots=True)
class Names:
    """The portable names of all tabs, and the lines that only the library of a tab has."""

    ways: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)


def _terms(text: str, *, by_line: bool = False) -> Iterable[tuple[str, str]]:
    """Yield the entries ``a -> b`` or ``a`` of a list; commas may be missing at a line's end."""
    for line in text.splitlines():
        for term in [line] if by_line else line.split(","):
            left, arrow, right = term.partition("->")
            if left.strip():
                yield left.strip(), right.strip() if arrow else left.strip()


def _reverse(text: str) -> Iterable[tuple[str, str | None]]:
    """Yield each name that a ``reverse_alias`` is for, and what it becomes (None: not clear)."""
    for pattern, replacement in _terms(text, by_line=True):
        found = _REVERSE.match(pattern)
        if not found:
            continue
        if not found["rest"]:
            yield found["name"], replacement
        elif found["rest"].startswith("\\(") and "\\1" in replacement and "\\2" not in replacement:
            yield found["name"], "lambda a: " + replacement.replace("\\1", "a")
        else:
            yield found["name"], None


def read_aliases(project: Project, findings: Findings) -> Names:
    """Return the portable names that the configuration's alias tables give."""
    names = Names()
    for tab in project.tabs:
        table = project.library(tab)
        for name, way in _ways(tab, table, names, findings):
            clean = name.removesuffix("(").strip()
            if not _NAME.fullmatch(clean):
                _fault(findings, tab, f"{name!r} is not a name")
                continue
            try:
                parse_idiom(way)
            except ValueError as error:
                _fault(findings, tab, str(error))
                continue
            names.ways.setdefault(clean, {})[tab] = way
    return names


def _fault(findings: Findings, tab: str, message: str) -> None:
    findings.fault(CONFIG, 0, "configuration", f"library-{tab}: {message}", "the alias is left out")


def _ways(tab: str, table: Mapping[str, str], names: Names, findings: Findings) -> Iterable[tuple[str, str]]:
    """Yield name and way of every alias of a tab; the same name later wins."""
    root = table.get("lib_name", "").strip()
    reverse = dict(_reverse(table.get("reverse_alias", "")))
    for name, way in reverse.items():
        if way is not None and _is_way(way):
            yield name, way
    for line in table.get("alias", "").splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if _NAME.fullmatch(name) and _is_way(value):
            yield name, value
        else:
            names.lines.setdefault(tab, []).append(line.strip())
    if (table.get("simple_alias", "").strip() or table.get("fluent_alias", "").strip()) and not root:
        _fault(findings, tab, "there are aliases, but no lib_name that they belong to")
    elif root:
        for name, target in _terms(table.get("simple_alias", "")):
            yield name, f"{root}.{target.removesuffix('(').strip()}"
    if root:
        for name, target in _terms(table.get("fluent_alias", "")):
            yield name, f"x.{target}(...)"
    for call, body in _terms(table.get("args_alias", ""), by_line=True):
        found = _arguments(call)
        if found is None:
            _fault(findings, tab, f"{call!r} is not a function with its arguments")
        else:
            yield found[0], f"lambda {found[1]}: {body}"
            names.lines.setdefault(tab, []).append(f"def {call}:\n    return {body}")


def _is_way(text: str) -> bool:
    try:
        parse_idiom(text)
    except ValueError:
        return False
    return True


def _arguments(call: str) -> tuple[str, str] | None:
    """Return the name and the arguments of a function written as ``f(a, b=None)``."""
    try:
        node = ast.parse(f"def {call}: pass").body[0]
    except SyntaxError:
        return None
    if not isinstance(node, ast.FunctionDef):
        return None
    return node.name, ast.unparse(node.args)
