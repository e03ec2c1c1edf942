"""The fenced blocks of a d2lbook page: cells, stored outputs, contents, everything else."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tabbook.code import is_python
from tabbook.lexemes import lexemes

FenceKind = Literal["input", "output", "toc", "eval_rst", "code"]

_OPEN = re.compile(
    r"^(?P<indent>[ \t]*(?P<item>(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]*)*))"
    r"(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*?)[ \t]*$"
)
_ATTRIBUTES = re.compile(r"^\{(?P<inside>.*)\}$")
_CELL = re.compile(r"^`{3,}[ \t]*\{[^}]*\.(?:input|output)\b")
_COMMENT_END = re.compile(r"[ \t]*(?:`{3,}|~{3,})[ \t]*-->")
_NUMBER = re.compile(r"\bn\s*=\s*['\"]?(\d+)")
_NAME = re.compile(r"(?<![^\s{])#([\w:.-]+)")


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block.

    ``start`` and ``end`` are its first line and the one behind its last, counted from 0;
    ``body`` are the lines between the fences, without the fence's indent. ``info`` is what stands
    behind the opening fence; ``language`` the first class or word in it. ``closed`` is false
    where the source never closes the block.
    """

    kind: FenceKind
    start: int
    end: int
    body: tuple[str, ...]
    info: str = ""
    language: str = ""
    indent: str = ""
    number: str = ""
    closed: bool = True
    mark: str = "```"

    @property
    def name(self) -> str:
        """The identifier among its attributes, such as ``loop`` of ``{.python #loop}``; empty if none."""
        found = _ATTRIBUTES.match(self.info) and _NAME.search(self.info)
        return found[1] if found else ""

    @property
    def below(self) -> str:
        """What its lines below the first begin with: its indent, or the mark of a quotation."""
        return re.sub(r"[^>\s]", " ", self.indent)


def _kind(info: str) -> tuple[FenceKind, str, str]:
    """Return kind, language and cell number of an opening fence."""
    found = _ATTRIBUTES.match(info)
    if not found:
        word = info.split(maxsplit=1)[0].rstrip(",") if info else ""
        if word in ("toc", "eval_rst"):
            return word, word, ""  # type: ignore[return-value]
        return "code", re.sub(r"[{}].*|[^\w+#.-]", "", word), ""
    classes = re.findall(r"(?<![\w=])\.([\w+-]+)", found["inside"])
    number = _NUMBER.search(found["inside"])
    language = next((c for c in classes if c not in ("input", "output")), "")
    kind: FenceKind = "code"
    if "input" in classes and language in ("", "python"):
        kind = "input"
    elif "output" in classes:
        kind = "output"
    elif language in ("toc", "eval_rst"):
        kind = language  # type: ignore[assignment]
    return kind, language, number[1] if number else ""


def ends_in_string(lines: Sequence[str]) -> bool:
    """Say whether Python code stops inside a string of several lines."""
    text = "\n".join(lines)
    if '"""' not in text and "'''" not in text:
        return False
    return any(one.kind == "unclosed" for one in lexemes(text))


def closes(line: str, fence: str) -> bool:
    """Say whether a line ends the block that ``fence`` begins, as Markdown reads it."""
    bare = line.strip()
    return len(bare) >= len(fence) and not bare.strip(fence[0])


def _begins(line: str) -> bool:
    """Say whether a line begins a block, and can end none: it says what the block is."""
    found = _OPEN.match(line)
    return bool(found and found["info"])


def _end_of_code(lines: Sequence[str], start: int, fence: str) -> int | None:
    """Return the line that closes a cell: a fence inside a string of its code does not.

    The same fence closes it; a longer one only where another block begins before the same one.
    """
    in_string = longer = None
    for number in range(start + 1, len(lines)):
        line = lines[number]
        is_end = closes(line, fence)
        if not (is_end or _CELL.match(line) or (longer and _begins(line))):
            continue
        if ends_in_string(lines[start + 1 : number]):
            in_string = in_string or (number if is_end else None)
        elif line.strip() == fence:
            return number
        elif not is_end:
            break
        else:
            longer = longer or number
    return longer or in_string


def _in_item(line: str, indent: str) -> bool:
    """Say whether a line goes on with the list item or the quotation that ``indent`` begins."""
    if ">" in indent:
        return line.lstrip().startswith(">")
    return not line.strip() or len(line) - len(line.lstrip()) >= len(indent)


def _end_in_item(lines: Sequence[str], start: int, fence: str, indent: str) -> tuple[int, bool]:
    """Return where a block inside an item or a quotation ends, and whether a fence closes it."""
    number = start + 1
    while number < len(lines) and _in_item(lines[number], indent):
        if closes(lines[number].lstrip("> \t"), fence):
            return number, True
        number += 1
    return number, False


def _end_of_block(lines: Sequence[str], start: int, fence: str) -> int | None:
    """Return the line that closes a block, or None if a cell begins before any does.

    The same fence closes it. A longer one does where another block begins before the same one.
    """
    longer = None
    for number in range(start + 1, len(lines)):
        if lines[number].strip() == fence:
            return number
        if closes(lines[number], fence):
            longer = longer or number
        elif (longer and _begins(lines[number])) or (_CELL.match(lines[number]) and len(fence) == 3):
            break  # a longer fence than three is there to show others
    return longer


def _valid_prefix(lines: Sequence[str]) -> int:
    """Return how many lines at the start of a cell that is never closed are its code."""
    blanks = [i for i, line in enumerate(lines) if not line.strip()] + [len(lines)]
    code = ["" if line.lstrip().startswith(("%", "!")) else line for line in lines]
    return next((cut for cut in reversed(blanks) if is_python("\n".join(code[:cut]))), blanks[0])


def is_plain_cell(fence: Fence) -> bool:
    """Say whether Quarto's books run a block that is not marked as input: plain Python at the margin."""
    is_plain = fence.kind == "code" and fence.language == "python" and fence.mark == "```"
    return is_plain and not fence.indent and fence.closed and is_python("\n".join(fence.body))


def _formula_lines(lines: Sequence[str], start: int) -> int:
    """Return how many lines from ``start`` on are a formula, and hold no fence; 0 if none begins there."""
    if not lines[start].lstrip(" \t>").startswith("$$") or lines[start].count("$$") % 2 == 0:
        return 0
    for number in range(start + 1, len(lines)):
        if not lines[number].strip() or _CELL.match(lines[number]):
            return 0
        if "$$" in lines[number]:
            return number - start + 1
    return 0


def _comment_lines(lines: Sequence[str], start: int) -> int:
    """Return how many lines from ``start`` on are a comment that ends on the line of a fence; 0 if none are.

    Such a fence closes nothing in Markdown, and hides with what it ends. Cells are looked for all the same.
    """
    if not lines[start].lstrip().startswith("<!--") or "-->" in lines[start]:
        return 0
    for number in range(start + 1, len(lines)):
        if _CELL.match(lines[number]):
            return 0
        if "-->" in lines[number]:
            return number - start + 1 if _COMMENT_END.match(lines[number]) else 0
    return 0


def find_fences(lines: Sequence[str]) -> list[Fence]:
    """Return the fenced blocks of a page, in order."""
    fences: list[Fence] = []
    number = 0
    while number < len(lines):
        other = _formula_lines(lines, number) or _comment_lines(lines, number)
        if other:
            number += other
            continue
        found = _OPEN.match(lines[number])
        if not found or ("\t" in found["indent"]) or (found["fence"][0] == "~" and "~" in found["info"]):
            number += 1
            continue
        kind, language, count = _kind(found["info"])
        fence, indent = found["fence"], found["indent"]
        close: int | None
        if found["item"]:
            kind = "code"  # behind a list's mark, or in a quotation: d2lbook runs no such cell
            stop, closed = _end_in_item(lines, number, fence, indent)
            close = stop if closed else None
        else:
            stop = -1
            close = (_end_of_code if kind == "input" else _end_of_block)(lines, number, fence)
            closed = close is not None
        if close is None:
            if stop < 0:
                following = (n for n in range(number + 1, len(lines)) if _CELL.match(lines[n]))
                stop = next(following, len(lines))
            if kind == "input":
                stop = number + 1 + _valid_prefix(lines[number + 1 : stop])
            while stop > number + 1 and not lines[stop - 1].strip():
                stop -= 1
            close, after = stop, stop
        else:
            after = close + 1
        body = tuple(_dedent(line, indent) for line in lines[number + 1 : close])
        fences.append(Fence(kind, number, after, body, found["info"], language, indent, count, closed, fence))
        number = max(after, number + 1)
    return fences


def fenced_lines(fences: Iterable[Fence]) -> set[int]:
    """Return the lines of fenced blocks, with those of their fences."""
    return {number for fence in fences for number in range(fence.start, fence.end)}


def _dedent(line: str, indent: str) -> str:
    return line.removeprefix(indent) if line.startswith(indent) else line.lstrip()


def tidy(text: str) -> str:
    """Return ``text`` without runs of blank lines outside of its fences."""
    pieces, fence, commented = list[str](), "", 0
    lines = text.split("\n")
    for number, line in enumerate(lines):
        bare = line.strip()
        if not fence and number >= commented:
            commented = number + _comment_lines(lines, number)
        found = None if number < commented else re.match(r"[`~]{3,}", bare)
        if found and not fence:
            fence = found[0]
        elif fence and closes(bare, fence):
            fence = ""
        elif not bare and not fence:
            if pieces and not pieces[-1].strip():
                continue
            line = ""
        pieces.append(line)
    return "\n".join(pieces)
