"""``#@save`` in a cell: the same statements marked as the original tool saved, by our rules.

d2lbook reads lines: a mark covers its line, then every line up to the first that is blank or
indented, then the lines that are indented. We read statements: a mark in a statement's header
covers that statement, a mark on a line of its own the run of statements below it. Where the two
differ, the marks are written anew, one for each statement that d2lbook saved.

The scripts of a book for Quarto read lines, too. A mark at a statement covers that one, and a
definition right behind it, unless it is one itself. A mark on a line of its own covers the definitions
that follow, blank lines between them or not; or else, as with us, the statements up to a blank line.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tabbook.code import CodeCell, parse
from tabbook.project.conditions import questions
from tabbook.statement_lines import first_line, header_end, last_line
from tabbook_d2lbook.dialect import Dialect

_MARK = re.compile(r"#[ \t]*@save\b")


@dataclass(frozen=True, slots=True)
class MarkFault:
    """A mark that saves nothing or too much; ``line`` is the cell's, from 1."""

    line: int
    message: str
    severity: str = "fault"


def normalise_marks(source: str, dialect: Dialect = "d2lbook") -> tuple[str, list[MarkFault]]:
    """Return a cell's code with marks that mean to us what they meant in ``dialect``, and faults.

    Raises:
        CodeError: The code is not Python.
    """
    if not _MARK.search(source):
        return source, []
    code = parse(source)
    marking = _Marking(code, dialect)
    marking.read()
    return code.restore(marking.text()), marking.faults


class _Marking:
    def __init__(self, code: CodeCell, dialect: Dialect) -> None:
        self.code, self.dialect = code, dialect
        self.faults: list[MarkFault] = []
        self.marks = {
            line: (column, text) for line, (column, text) in code.comments.items() if _MARK.search(text)
        }
        self.wanted: dict[int, ast.stmt] = {}
        self.kept: set[int] = set()
        self.dropped: set[int] = set()
        self.taken = 0
        """The last line that a mark above has saved."""

    def read(self) -> None:
        blocks = list(_blocks(self.code.tree.body))
        saved_bodies: list[ast.stmt] = []
        for line in sorted(self.marks):
            block, index = _place(blocks, line)
            if block is None:
                self._drop(line, "this #@save saves nothing: no statement stands below it")
                continue
            if self.dialect == "quarto" and line <= self.taken:
                self.dropped.add(line)  # their lines are saved already, and it begins nothing new
                continue
            node = block[index]
            inside = first_line(node) <= line <= last_line(node)
            if not inside:
                self._alone(line, block, index)
            elif line <= header_end(self.code, node):
                covered = self._covered_at(block, index)
                saved_bodies.append(node)
                self._cover(line, covered, is_same=len(covered) == 1 and self._is_clean(line))
            elif any(node is saved for saved in saved_bodies) or node in self.wanted.values():
                self.dropped.add(line)  # its statement is saved already
            else:
                self._drop(line, "this #@save is inside a body, where it saves nothing")

    def _is_clean(self, line: int) -> bool:
        return _MARK.match(self.marks[line][1]) is not None

    def _drop(self, line: int, message: str) -> None:
        self.dropped.add(line)
        self.faults.append(MarkFault(line, message))

    def _alone(self, line: int, block: Sequence[ast.stmt], index: int) -> None:
        covered = self._covered_below(line, block, index)
        if not covered:
            self._drop(line, "this #@save saves nothing: a blank line follows it")
            return
        ours = list(self._adjacent(block, index))
        alone = not self.code.lines[line - 1][: self.marks[line][0]].strip()
        is_same = (
            covered == ours and alone and self._is_clean(line) and not self._blank_below(line, block[index])
        )
        self._cover(line, covered, is_same=is_same)

    def _covered_at(self, block: Sequence[ast.stmt], index: int) -> list[ast.stmt]:
        """Return what a mark saves that is in the header of the statement ``index``."""
        if self.dialect == "d2lbook":
            return list(self._run(block, index))
        behind = index + 1
        goes_on = behind < len(block) and not _is_definition(block[index]) and _is_definition(block[behind])
        if goes_on and self._is_near(last_line(block[index]), block[behind]):
            return [block[index], block[behind]]
        return [block[index]]

    def _covered_below(self, line: int, block: Sequence[ast.stmt], index: int) -> list[ast.stmt]:
        """Return what a mark on a ``line`` of its own saves; the statement ``index`` is the next one."""
        if self.dialect == "quarto" and _is_definition(block[index]) and self._is_near(line, block[index]):
            return list(self._definitions(block, index))
        if self._blank_below(line, block[index]):
            return []
        if self.dialect == "d2lbook":
            return list(self._run(block, index))
        blanks = (n for n, text in enumerate(self.code.lines[line:], line) if not text.strip())
        end = next(blanks, len(self.code.lines))
        self.taken = max(self.taken, end)
        return [node for node in self._adjacent(block, index) if first_line(node) <= end]

    def _definitions(self, block: Sequence[ast.stmt], index: int) -> Iterator[ast.stmt]:
        """Yield the definitions from ``index`` on with nothing but blank lines between them."""
        yield block[index]
        for above, node in pairwise(block[index:]):
            if not _is_definition(node) or not self._is_near(last_line(above), node):
                return
            yield node

    def _between(self, line: int, node: ast.stmt) -> Sequence[str]:
        return self.code.lines[line : first_line(node) - 1]

    def _blank_below(self, line: int, node: ast.stmt) -> bool:
        """Say whether a blank line is between a ``line`` and the statement below it."""
        return any(not text.strip() for text in self._between(line, node))

    def _is_near(self, line: int, node: ast.stmt) -> bool:
        """Say whether nothing at the margin, not even a comment, is between a ``line`` and a statement."""
        margin = " " * (node.col_offset + 1)
        return all(not text.strip() or text.startswith(margin) for text in self._between(line, node))

    def _cover(self, line: int, covered: Sequence[ast.stmt], *, is_same: bool) -> None:
        self.taken = max([self.taken, *map(last_line, covered)])
        for node in covered:
            if isinstance(node, ast.Expr):
                message = "an expression is saved into the library together with what is above it"
                self.faults.append(MarkFault(first_line(node), message, "note"))
        if is_same:
            self.kept.add(line)
        else:
            self.dropped.add(line)
            self.wanted |= {first_line(node): node for node in covered}

    def _adjacent(self, block: Sequence[ast.stmt], index: int) -> Iterator[ast.stmt]:
        """Yield the statements from ``index`` on that no blank line divides."""
        for number in range(index, len(block)):
            if number > index:
                between = self.code.lines[last_line(block[number - 1]) : first_line(block[number]) - 1]
                if any(not text.strip() for text in between):
                    return
            yield block[number]

    def _run(self, block: Sequence[ast.stmt], index: int) -> Iterator[ast.stmt]:
        """Yield what d2lbook saves from the statement ``index`` on."""
        for node in self._adjacent(block, index):
            yield node
            if not self._is_flat(node):
                return

    def _is_flat(self, node: ast.stmt) -> bool:
        """Say whether no line of a statement is indented further than its first, or blank."""
        first = self.code.lines[first_line(node) - 1]
        indent = len(first) - len(first.lstrip())
        lines = self.code.lines[first_line(node) : last_line(node)]
        return all(line.strip() and len(line) - len(line.lstrip()) <= indent for line in lines)

    def text(self) -> str:
        lines = list(self.code.lines)
        gone: list[int] = []
        for line in self.dropped - self.kept:
            column, comment = self.marks[line]
            text = (lines[line - 1][:column] + _without(comment)).rstrip()
            lines[line - 1] = text
            if not text.strip():
                gone.append(line)
        marked = {line for line in self.kept if self.code.lines[line - 1][: self.marks[line][0]].strip()}
        for node in self.wanted.values():
            header = range(first_line(node), header_end(self.code, node) + 1)
            if marked.intersection(header):
                continue
            place = next((n for n in header if self._takes_comment(n, lines)), None)
            if place is None:
                message = "no line of this statement can take the #@save that it needs"
                self.faults.append(MarkFault(first_line(node), message))
                continue
            column, comment = self.code.comments.get(place, (len(lines[place - 1]), ""))
            if comment and place not in self.dropped:
                code_part = lines[place - 1][:column].rstrip()
                lines[place - 1] = f"{code_part}  #@save  {comment}"
            else:
                lines[place - 1] = f"{lines[place - 1].rstrip()}  #@save"
        for line in sorted(gone, reverse=True):
            del lines[line - 1]
        return "\n".join(lines)

    def _takes_comment(self, number: int, lines: Sequence[str]) -> bool:
        inside = number + 1 in self.code.string_lines
        return not inside and not lines[number - 1].rstrip().endswith("\\")


def _without(comment: str) -> str:
    """Return a comment without its mark; nothing if it says no more."""
    rest = _MARK.sub("", comment, count=1).strip()
    if not rest.strip("# "):
        return ""
    return rest if rest.startswith("#") else f"# {rest}"


def _blocks(body: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements that are at the margin once branches are chosen."""
    yield body
    for node in body:
        if isinstance(node, ast.If) and any(questions(node.test)):
            yield from _blocks(node.body)
            if node.orelse:
                yield from _blocks(node.orelse)


def _place(blocks: list[list[ast.stmt]], line: int) -> tuple[list[ast.stmt] | None, int]:
    """Return the innermost block with a statement around ``line``, or else the next one below."""
    for block in reversed(blocks):
        for index, node in enumerate(block):
            if first_line(node) <= line <= last_line(node) and not _chooses(node):
                return block, index
    best: tuple[list[ast.stmt] | None, int] = (None, 0)
    for block in blocks:
        for index, node in enumerate(block):
            if first_line(node) > line and not _chooses(node):
                if best[0] is None or first_line(node) < first_line(best[0][best[1]]):
                    best = (block, index)
                break
    return best


def _is_definition(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _chooses(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(questions(node.test))


def without_marks(source: str) -> str:
    """Return a cell's code without its marks.

    Raises:
        CodeError: The code is not Python.
    """
    code = parse(source)
    lines: list[str] = []
    for number, line in enumerate(code.lines, 1):
        column, comment = code.comments.get(number, (0, ""))
        if not _MARK.search(comment):
            lines.append(line)
            continue
        line = (line[:column] + _without(comment)).rstrip()
        if line.strip():
            lines.append(line)
    return code.restore("\n".join(lines))
