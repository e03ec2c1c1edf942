"""A directive as a value, and what the ways of writing one plainly share."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import yaml

from tabbook.export.context import Context
from tabbook.export.inline import plain_inline
from tabbook.export.references import Target, normal

Convert = Callable[[Sequence[str], Context], list[str]]
_BREAK = re.compile(r"(?: {2,}|\\)\n")
_OPTION = re.compile(r"^:([A-Za-z][\w-]*):[ \t]*(.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A directive: its name, argument, options, and the lines inside.

    ``convert`` turns lines inside, which are MyST again, into plain ones.
    """

    name: str
    argument: str
    options: Mapping[str, str]
    body: tuple[str, ...]
    convert: Convert


def read_block(name: str, argument: str, lines: Sequence[str], convert: Convert) -> Block:
    """Return the directive ``name``; ``lines`` are those between its fences."""
    options: dict[str, str] = {}
    used = 0
    if lines and lines[0].strip() == "---" and "---" in [line.strip() for line in lines[1:]]:
        used = [line.strip() for line in lines].index("---", 1) + 1
        try:
            data = yaml.safe_load("\n".join(lines[1 : used - 1]))
        except yaml.YAMLError:
            data = None
        options = {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}
    else:
        while used < len(lines) and (found := _OPTION.match(lines[used].strip())):
            options[found[1]] = found[2].strip()
            used += 1
    body = list(lines[used:])
    while body and not body[0].strip():
        body.pop(0)
    while body and not body[-1].strip():
        body.pop()
    return Block(name.lower(), argument, options, tuple(body), convert)


def quoted(lines: Iterable[str]) -> list[str]:
    """Return ``lines`` as a quotation; blanks at their ends stay, as they break lines."""
    return [f"> {line}" if line else ">" for line in lines]


def one_line(text: str) -> str:
    """Return ``text`` in one line, as tables and captions need it; its line breaks stay, as HTML."""
    return " ".join(_BREAK.sub("<br>", text.strip()).split())


def fenced(lines: Sequence[str], language: str = "") -> list[str]:
    """Return ``lines`` between fences that none of them can end."""
    longest = max((len(found) for found in re.findall(r"`{3,}", "\n".join(lines))), default=2)
    fence = "`" * (longest + 1)
    return [f"{fence}{language}", *lines, fence]


def caption(text: str, kind: str, name: str, context: Context) -> str:
    """Return the line for a caption, with the number that the book gives the figure or table."""
    target = context.references.labels.get(normal(name)) if name else None
    number = ""
    if target is not None and target.number:
        number = context.references.numbered(Target("", "", "", target.number, kind))
    words = plain_inline(one_line(text), context)
    return " ".join(part for part in (f"**{number}.**" if number else "", words) if part)
