"""MyST text as plain Markdown: what needs Sphinx becomes what every viewer reads.

CommonMark, and mathematics between dollar signs. Directives that are not known leave their
content behind, under their arguments: nothing is lost.
"""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from tabbook.export.inline import Context, plain_inline
from tabbook.export.references import Target, normal

_OPEN = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,}|:{3,})(?P<info>.*)$")
_DIRECTIVE = re.compile(r"^\{(?P<name>[A-Za-z][\w:+.-]*)\}[ \t]*(?P<argument>.*)$")
_OPTION = re.compile(r"^:([A-Za-z][\w-]*):[ \t]*(.*)$")
_LABEL = re.compile(r"^\([^()\n]+\)=[ \t]*$")
_COMMENT = re.compile(r"^[ \t]*%|^\+\+\+")
_DOLLARS = re.compile(r"^(?P<indent>[ \t]*)\$\$(?P<rest>.*)$")
_DOLLARS_END = re.compile(r"^(?P<body>.*?)\$\$[ \t]*(?:\((?P<label>[^()\n]+)\))?[ \t]*$", re.DOTALL)
_DEFINITION = re.compile(r"^: {1,3}(?=\S)")
_ADMONITIONS = frozenset(
    re.findall(
        r"\w+",
        "admonition attention caution danger error hint important note seealso tip warning topic sidebar "
        "dropdown margin versionadded versionchanged deprecated",
    )
)
_CODE = frozenset(("code", "code-block", "sourcecode", "prompt", "parsed-literal", "literalinclude"))
_NOTHING = frozenset(("tableofcontents", "toctree", "contents", "index", "bibliography", "tags", "meta"))


@dataclass(frozen=True, slots=True)
class _Block:
    """A directive: its name, argument, options, and the lines inside."""

    name: str
    argument: str
    options: Mapping[str, str]
    body: tuple[str, ...]


def plain_text(source: str, context: Context) -> str:
    """Return ``source``, a piece of MyST without slide marks, as plain Markdown."""
    return "\n".join(_tidy(_lines(source.split("\n"), context)))


def _tidy(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines without empty ones at the ends, and with one at a time between others."""
    fence, waiting, begun = "", False, False
    for line in lines:
        found = _OPEN.match(line)
        if found and not fence:
            fence = found["fence"]
        elif fence and line.strip() == fence:
            fence = ""
        if not line.strip() and not fence:
            waiting = begun
            continue
        if waiting:
            yield ""
        waiting, begun = False, True
        yield line


def _lines(lines: Sequence[str], context: Context) -> Iterator[str]:
    """Yield plain lines: blocks one by one, and the text between them."""
    position, text = 0, list[str]()

    def flush() -> Iterator[str]:
        if text:
            yield from plain_inline("\n".join(text), context).split("\n")
            text.clear()

    while position < len(lines):
        line = lines[position]
        fence, dollars = _OPEN.match(line), _DOLLARS.match(line)
        if fence and not (fence["fence"][0] == "`" and "`" in fence["info"]):
            yield from flush()
            end = _closing(lines, position, fence["fence"])
            yield from _fenced(lines[position:end], fence, context)
            position = end
        elif dollars:
            yield from flush()
            end, body, label = _dollars(lines, position)
            yield from _indented(_equation(body, label or "", context), dollars["indent"])
            position = end
        else:
            if _LABEL.match(line) or _COMMENT.match(line):
                text.append("")
            elif _DEFINITION.match(line):  # CommonMark has no lists of definitions
                if text and text[-1].strip():
                    text[-1] = f"**{text[-1].strip()}**  "
                text.append(_DEFINITION.sub("", line))
            else:
                text.append(line)
            position += 1
    yield from flush()


def _closing(lines: Sequence[str], start: int, fence: str) -> int:
    """Return the number of the line behind the end of the block that begins at ``start``."""
    for number in range(start + 1, len(lines)):
        line = lines[number].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return number + 1
    return len(lines)


def _dollars(lines: Sequence[str], start: int) -> tuple[int, str, str | None]:
    """Return where an equation between double dollars ends, what it is, and its label."""
    first = lines[start].strip()[2:]
    for end in range(start, len(lines)):
        body = "\n".join([first, *lines[start + 1 : end + 1]])
        found = _DOLLARS_END.match(body)
        if found:
            return end + 1, found["body"], found["label"]
    return len(lines), "\n".join([first, *lines[start + 1 :]]), None


def _indented(lines: Sequence[str], indent: str) -> Iterator[str]:
    for line in lines:
        yield indent + line if line else line


def _fenced(lines: Sequence[str], opening: re.Match[str], context: Context) -> Iterator[str]:
    """Yield a block of code as it is, and a directive as what stands for it."""
    directive = _DIRECTIVE.match(opening["info"].strip())
    last = lines[-1].strip()
    closed = len(lines) > 1 and last.startswith(opening["fence"]) and not last.strip(last[0])
    body = lines[1:-1] if closed else lines[1:]
    if directive is None:
        if opening["fence"][0] == ":":  # a plain container
            yield from _lines(body, context)
        else:
            yield from lines
        return
    inside = textwrap.dedent("\n".join(body)).split("\n")
    block = _block(directive["name"], directive["argument"].strip(), inside)
    yield ""
    yield from _indented(_directive(block, context), opening["indent"])
    yield ""


def _block(name: str, argument: str, lines: Sequence[str]) -> _Block:
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
    return _Block(name.lower(), argument, options, tuple(body))


def _directive(block: _Block, context: Context) -> list[str]:
    """Return what stands for a directive."""
    known = _KNOWN.get(block.name)
    if known is not None:
        return known(block, context)
    if block.name in _NOTHING:
        return []
    if block.name in _CODE:
        language = block.argument if block.name != "literalinclude" else ""
        fence = _longer_fence(block.body)
        return [f"{fence}{language}", *block.body, fence]
    if block.name in _ADMONITIONS:
        return _admonition(block, context)
    # A directive of somebody else's: what it holds is all that can be known of it.
    title = [f"**{plain_inline(block.argument, context)}**", ""] if block.argument else []
    return [*title, *_lines(block.body, context)]


def _longer_fence(body: Sequence[str]) -> str:
    longest = max((len(found) for found in re.findall(r"`{3,}", "\n".join(body))), default=2)
    return "`" * (longest + 1)


def _admonition(block: _Block, context: Context) -> list[str]:
    title = block.argument if block.name in ("admonition", "topic", "sidebar", "dropdown") else ""
    body = list(block.body)
    if block.argument and not title:
        body.insert(0, block.argument)
    name = {"seealso": "See also"}.get(block.name, block.name.capitalize())
    content = list(_tidy(_lines(body, context)))
    lines = [f"**{plain_inline(title, context) or name}**", *(["", *content] if content else [])]
    return [f"> {line}".rstrip() for line in lines]


def _math(block: _Block, context: Context) -> list[str]:
    body = "\n".join([*([block.argument] if block.argument else []), *block.body])
    return _equation(body, block.options.get("label", ""), context)


def _equation(body: str, label: str, context: Context) -> list[str]:
    """Return an equation between double dollars, with the number that the book gives it."""
    body = body.strip()
    target = context.references.equations.get(label)
    if "\\\\" in body and "\\begin{" not in body:
        body = f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
    body = re.sub(r"\\(begin|end)\{(?:align|eqnarray|split)\*?\}", r"\\\1{aligned}", body)
    body = re.sub(r"\\(?:begin|end)\{equation\*?\}\n?", "", body)
    tag = [f"\\tag{{{target.number}}}"] if target and target.number and "\\tag{" not in body else []
    return ["$$", *(line for line in body.split("\n") if line.strip()), *tag, "$$"]


def _numbered(kind: str, name: str, context: Context) -> str:
    target = context.references.labels.get(normal(name)) if name else None
    if target is None or not target.number:
        return ""
    return context.references.numbered(Target("", "", "", target.number, kind))


def caption(text: str, kind: str, name: str, context: Context) -> str:
    """Return the line for a caption, with the number that the book gives the figure or table."""
    number = _numbered(kind, name, context)
    words = plain_inline(" ".join(text.split()), context)
    return " ".join(part for part in (f"**{number}.**" if number else "", words) if part)


def _figure(block: _Block, context: Context) -> list[str]:
    alt = block.options.get("alt", "")
    lines = plain_inline(f"![{alt}]({block.argument})", context).split("\n") if block.argument else []
    blank = next((i for i, line in enumerate(block.body) if not line.strip()), len(block.body))
    words = caption("\n".join(block.body[:blank]), "figure", block.options.get("name", ""), context)
    return [*lines, *(["", words] if words else []), "", *_lines(block.body[blank:], context)]


def _table(block: _Block, context: Context) -> list[str]:
    words = caption(block.argument, "table", block.options.get("name", ""), context)
    return [*([words, ""] if words else []), *_lines(block.body, context)]


def _list_table(block: _Block, context: Context) -> list[str]:
    rows: list[list[str]] = []
    for line in block.body:
        if found := re.match(r"^[*-]\s+[*-]\s+(.*)$", line):
            rows.append([found[1]])
        elif (found := re.match(r"^\s+[*-]\s*(.*)$", line)) and rows:
            rows[-1].append(found[1])
        elif rows and line.strip():
            rows[-1][-1] += f" {line.strip()}"
    columns = max(map(len, rows), default=0)
    cells = [
        [plain_inline(cell, context).replace("|", "\\|") for cell in row] + [""] * (columns - len(row))
        for row in rows
    ]
    if not block.options.get("header-rows", "").strip("0") and cells:
        cells.insert(0, [""] * columns)
    lines = [f"| {' | '.join(row)} |" for row in cells]
    if lines:
        lines.insert(1, f"|{' --- |' * columns}")
    words = caption(block.argument, "table", block.options.get("name", ""), context)
    return [*([words, ""] if words else []), *lines]


def _raw(block: _Block, context: Context) -> list[str]:
    """Return what is for web pages: Markdown takes it as it is, and nothing else."""
    if "html" not in block.argument:
        return []
    return list(block.body) if block.name == "raw" else list(_lines(block.body, context))


_KNOWN: Mapping[str, Callable[[_Block, Context], list[str]]] = {
    "math": _math,
    "raw": _raw,
    "only": _raw,
    "figure": _figure,
    "image": _figure,
    "table": _table,
    "list-table": _list_table,
}
