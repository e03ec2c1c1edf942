"""MyST text as plain Markdown: what needs Sphinx becomes what every viewer reads.

CommonMark with tables, and mathematics between dollar signs. Blocks are found here, line by line,
so that the author's own lines stay as they are; what directives become is in
``tabbook.export.directives``, what stands inside a paragraph in ``tabbook.export.inline``.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence

from tabbook.export.blocks import quoted
from tabbook.export.context import DEFINED, Context
from tabbook.export.directives import DIRECTIVE, equation, plain_block
from tabbook.export.inline import plain_inline

_OPEN = re.compile(
    r"^(?P<indent>[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<fence>`{3,}|~{3,}|:{3,})(?P<info>.*)$"
)
_LABEL = re.compile(r"^[ \t]*\([^()\n]+\)=[ \t]*$")
_COMMENT = re.compile(r"^[ \t]*%|^\+\+\+")
_ATTRIBUTES = re.compile(r"^[ \t]*\{(?:[.#][\w-]+|[\w-]+=[^{}]*)(?:[ \t][^{}]*)?\}[ \t]*$")
_DOLLARS = re.compile(r"^(?P<indent>[ \t]*)\$\$(?P<rest>.*)$")
_DOLLARS_END = re.compile(r"^(?P<body>.*?)\$\$[ \t]*(?:\((?P<label>[^()\n]+)\))?[ \t]*$", re.DOTALL)
_AMS = re.compile(
    r"^(?P<indent>[ \t]*)\\begin\{(?P<name>(?:equation|align|alignat|flalign|gather|multline|eqnarray)\*?)\}"
)
_DEFINITION = re.compile(r"^: {1,3}(?=\S)")
_QUOTE = re.compile(r"^(?P<indent>[ \t]*)>[ ]?(?P<rest>.*)$")
_SUBSTITUTION = re.compile(r"^(?P<indent>[ \t]*)\{\{(?P<name>[^{}]+)\}\}[ \t]*$")
_NOTE = re.compile(DEFINED.pattern)


def plain_text(source: str, context: Context) -> str:
    """Return ``source``, a piece of MyST without slide marks, as plain Markdown.

    What it defines of footnotes goes to ``context.notes``.
    """
    return "\n".join(tidy(plain_lines(source.split("\n"), context)))


def tidy(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines without empty ones at the ends, and with one at a time between others."""
    fence, waiting, begun = "", False, False
    for line in lines:
        found = _OPEN.match(line)
        if found and not fence:
            fence = found["fence"]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        if not line.strip() and not fence:
            waiting = begun
            continue
        if waiting:
            yield ""
        waiting, begun = False, True
        yield line


def plain_lines(lines: Sequence[str], context: Context) -> Iterator[str]:
    """Yield plain lines: blocks one by one, and the text between them."""
    position, text = 0, list[str]()

    def flush() -> Iterator[str]:
        if text:
            yield from plain_inline("\n".join(text), context).split("\n")
            text.clear()

    while position < len(lines):
        line = lines[position]
        if _LABEL.match(line) or _COMMENT.match(line) or _ATTRIBUTES.match(line):
            text.append("")
        elif (definition := _DEFINITION.match(line)) and any(text):
            end = _indented_end(lines, position, 2)
            while not text[-1].strip():
                text.pop()
            text[-1] = f"**{text[-1].strip()}**  "  # CommonMark has no lists of definitions
            yield from flush()
            first = line[definition.end() :]
            inside = textwrap.dedent("\n".join(lines[position + 1 : end])).split("\n")
            yield from plain_lines([first, *inside], context)
            position = end
            continue
        elif block := _block(lines, position, context):
            yield from flush()
            position, made = block
            yield from made
            continue
        else:
            text.append(line)
        position += 1
    yield from flush()


def _block(lines: Sequence[str], start: int, context: Context) -> tuple[int, Iterator[str]] | None:
    """Return where the block that begins at ``start`` ends, and what it becomes; None if none does."""
    line = lines[start]
    fence = _OPEN.match(line)
    if fence and not (fence["fence"][0] == "`" and "`" in fence["info"]):
        end = _closing(lines, start, fence["fence"])
        return end, _fenced(lines[start:end], fence, context)
    if found := _DOLLARS.match(line):
        end, body, label = _dollars(lines, start)
        return end, _indented(equation(body, label or "", context), found["indent"])
    if found := _AMS.match(line):
        ending = f"\\end{{{found['name']}}}"
        end = next((i + 1 for i in range(start, len(lines)) if lines[i].rstrip().endswith(ending)), 0)
        body = textwrap.dedent("\n".join(lines[start:end]))
        return (end, _indented(equation(body, "", context), found["indent"])) if end else None
    if found := _QUOTE.match(line):
        end = next((i for i in range(start, len(lines)) if not _QUOTE.match(lines[i])), len(lines))
        inside = [match["rest"] for one in lines[start:end] if (match := _QUOTE.match(one))]
        return end, _indented(quoted(tidy(plain_lines(inside, context))), found["indent"])
    if (found := _NOTE.match(line)) and found[1] in context.notes.labels:
        end = _indented_end(lines, start, 2, lazy=True)
        rest = textwrap.dedent("\n".join(lines[start + 1 : end])).split("\n")
        context.notes.texts[found[1]] = plain_text("\n".join([found[2], *rest]), context)
        return end, iter(())
    if found := _SUBSTITUTION.match(line):
        value, inner = context.substituted(found["name"])
        if value is not None:
            return start + 1, _indented(list(tidy(plain_lines(value.split("\n"), inner))), found["indent"])
    return None


def _closing(lines: Sequence[str], start: int, fence: str) -> int:
    """Return the number of the line behind the end of the block that begins at ``start``."""
    for number in range(start + 1, len(lines)):
        line = lines[number].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return number + 1
    return len(lines)


def _indented_end(lines: Sequence[str], start: int, width: int, *, lazy: bool = False) -> int:
    """Return the line behind the block at ``start``, whose other lines are indented by ``width``.

    ``lazy`` lets the lines of its first paragraph go without.
    """
    end = start + 1
    while lazy and end < len(lines) and lines[end].strip() and not _NOTE.match(lines[end]):
        end += 1
    position = end
    while position < len(lines):
        line = lines[position]
        if line.strip() and len(line) - len(line.lstrip()) < width:
            break
        position += 1
        if line.strip():
            end = position
    return end


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
    """Yield ``lines`` behind ``indent``; where that is the mark of a list's item, only the first has it."""
    rest = re.sub(r"\S", " ", indent)
    for number, line in enumerate(lines):
        yield (rest if number else indent) + line if line else line


def _fenced(lines: Sequence[str], opening: re.Match[str], context: Context) -> Iterator[str]:
    """Yield a block of code as it is, and a directive as what stands for it."""
    directive = DIRECTIVE.match(opening["info"].strip())
    last = lines[-1].strip()
    closed = len(lines) > 1 and last.startswith(opening["fence"]) and not last.strip(last[0])
    body = lines[1:-1] if closed else lines[1:]
    if directive is None:
        if opening["fence"][0] == ":":  # a plain container
            yield from plain_lines(textwrap.dedent("\n".join(body)).split("\n"), context)
        else:
            yield from lines
        return
    inside = textwrap.dedent("\n".join(body)).split("\n")
    argument = directive["argument"].strip()
    made = list(tidy(iter(plain_block(directive["name"], argument, inside, context, _convert))))
    if not opening["indent"].strip():  # at a list's mark, an empty line would be the item
        yield ""
    yield from _indented(made, opening["indent"])
    yield ""


def _convert(lines: Sequence[str], context: Context) -> list[str]:
    return list(tidy(plain_lines(lines, context)))
