"""Commands that a book defines for its formulas, replaced by what they mean.

MathJax takes them from its settings, and from formulas of the page: what one defines holds in those below.
Other programs that show formulas know neither, or end a definition with its formula.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"\\(?P<name>[A-Za-z]+)(?P<blanks>\s*)")
_NEW = re.compile(r"\*?\s*(?:\{\s*\\(?P<braced>[A-Za-z]+)\s*\}|\\(?P<bare>[A-Za-z]+))\s*")
_COUNT = re.compile(r"\[\s*(?P<count>\d)\s*\]\s*(?:\[(?P<default>[^\[\]]*)\]\s*)?")
_PARAMETERS = re.compile(r"\\(?P<name>[A-Za-z]+)\s*(?P<parameters>(?:#\d)*)\s*(?=\{)")
_COMMANDS = frozenset(("newcommand", "renewcommand", "providecommand"))
_PLAIN_TEX = frozenset(("def", "gdef"))
_TAKES_ONE = re.compile(
    r"(?:[\^_]|\\(?:[dt]?frac|binom|sqrt|hat|bar|vec|tilde|dot|overline|math[a-z]+))\s*\Z"
)
"""Text before an argument without braces, which needs them if it becomes longer."""
_UNICODE = re.compile(r"\\unicode\s*(?:\[[^\[\]]*\])?\s*\{\s*(?P<hex>x)?(?P<code>[0-9A-Fa-f]+)\s*\}")
_MAX_EXPANSIONS = 1000
"""So many in one formula, then a command is left: it may stand for itself."""


@dataclass(frozen=True, slots=True)
class Macro:
    """What a command means: ``count`` arguments, the first of them optional if it has a ``default``."""

    meaning: str
    count: int = 0
    default: str | None = None


_ONLY_MATHJAX = {"require": Macro("", 1), "bbox": Macro("#2", 2, "")}
"""Commands that no other program has, with what is left of them there."""


class Macros:
    """The commands that are known so far, on the way through a page."""

    def __init__(self, config: Any) -> None:
        self._known = _ONLY_MATHJAX | configured(config)

    def expand(self, tex: str) -> str:
        """Return a formula without definitions, and with what known commands mean in their place."""
        done, budget = "", _MAX_EXPANSIONS
        tex = _UNICODE.sub(lambda at: f"\\text{{{chr(int(at['code'], 16 if at['hex'] else 10))}}}", tex)
        while found := _NAME.search(tex):
            done, name = done + tex[: found.start()], found["name"]
            end = self._define(tex, found)
            if end:
                tex = tex[end:]
            elif (macro := self._known.get(name)) and budget:
                budget -= 1
                text, tex = _applied(macro, tex[found.end() :], found["blanks"])
                tex = f"{{{text}}}{tex}" if _TAKES_ONE.search(done) else _joined(text, tex)
            else:
                done, tex = done + found[0], tex[found.end() :]
        return done + tex

    def _define(self, tex: str, found: re.Match[str]) -> int:
        """Note the definition that begins at ``found``; return where it ends, and 0 if it is none."""
        name, start = found["name"], found.end()
        if name in _PLAIN_TEX:
            head = _PARAMETERS.match(tex, start)
            if head is None:
                return 0
            meaning, end = _argument(tex, head.end())
            self._known[head["name"]] = Macro(meaning, len(head["parameters"]) // 2)
            return end
        is_operator = name == "DeclareMathOperator"
        new = _NEW.match(tex, start) if is_operator or name in _COMMANDS else None
        if new is None:
            return 0
        count = None if is_operator else _COUNT.match(tex, new.end())
        meaning, end = _argument(tex, count.end() if count else new.end())
        if is_operator:
            star = "*" if new[0].startswith("*") else ""
            meaning = f"\\operatorname{star}{{{meaning}}}"
        arguments = (int(count["count"]), count["default"]) if count else (0, None)
        self._known[new["braced"] or new["bare"]] = Macro(meaning, *arguments)
        return end


def configured(config: Any) -> dict[str, Macro]:
    """Return the commands that ``mathjax3_config`` defines."""
    found: Mapping[str, Any] = ((config.mathjax3_config or {}).get("tex") or {}).get("macros") or {}
    return {name: _macro(value) for name, value in found.items()}


def _macro(value: Any) -> Macro:
    if not isinstance(value, list | tuple):
        return Macro(str(value))
    meaning, count, *default = value
    return Macro(str(meaning), int(count), str(default[0]) if default else None)


def _applied(macro: Macro, rest: str, blanks: str) -> tuple[str, str]:
    """Return what ``macro`` means with its arguments from the start of ``rest``, and what is left."""
    values = []
    for number in range(macro.count):
        if number == 0 and macro.default is not None:
            optional = re.match(r"\[([^\[\]]*)\]", rest)
            values.append(optional[1] if optional else macro.default)
            rest = rest[optional.end() :] if optional else rest
            continue
        value, end = _argument(rest, 0)
        values.append(value)
        rest = rest[end:]
    text = re.sub(
        r"#(\d)", lambda at: values[int(at[1]) - 1] if int(at[1]) <= len(values) else at[0], macro.meaning
    )
    return text, rest if macro.count else blanks + rest


def _argument(tex: str, start: int) -> tuple[str, int]:
    """Return the argument at ``start``, in braces or one token long, and where it ends."""
    start += len(tex[start:]) - len(tex[start:].lstrip())
    if not tex.startswith("{", start):
        token = re.compile(r"\\(?:[A-Za-z]+|.)|.|\Z", re.DOTALL).match(tex, start)
        assert token is not None
        return token[0], token.end()
    depth = 0
    for brace in re.finditer(r"\\.|[{}]", tex[start:], re.DOTALL):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return tex[start + 1 : start + brace.start()], start + brace.end()
    return tex[start + 1 :], len(tex)


def _joined(text: str, rest: str) -> str:
    """Return both, and keep a command at the end of ``text`` apart from a letter."""
    is_command = re.search(r"\\[A-Za-z]+\Z", text) and rest[:1].isalpha()
    return f"{text} {rest}" if is_command else text + rest
