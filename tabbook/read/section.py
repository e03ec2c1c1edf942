"""Stage 1: the text of a section becomes a :class:`~tabbook.model.Section`.

The format is MyST's: markdown-it finds the blocks, so a fence inside a list or a string that
looks like a fence is what MyST takes it for. Inline Markdown is left to the renderer.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from markdown_it.token import Token

from tabbook.code import CodeCell, CodeError, parse
from tabbook.config import BookSettings
from tabbook.errors import Fault, ReadError, nearest, suggestion
from tabbook.model import Cell, Section, Slide
from tabbook.read.front_matter import FrontMatter, read_front_matter
from tabbook.read.languages import cell_language_fault
from tabbook.read.markdown import blocks, is_literal
from tabbook.read.slide_blocks import SLIDE_FENCE, SlideReader, label_faults
from tabbook.read.slides import strip_slide_marks
from tabbook.read.unclosed import cell_fault, fence_fault, is_python_cell, other_fault
from tabbook.yaml_text import find_line

__all__ = ["is_section", "read_section"]

_CODE_FENCE = re.compile(r"^\{code-cell\}")
_TAB_FENCE = re.compile(r"^\{tab\}(.*)$")
_TAB_MARK = re.compile(r"^\s*(?:%%tab\b|#\s*@tab\b)(.*)$")
_OPTION = re.compile(r"^:([A-Za-z][\w-]*):\s*(.*)$")
_LABEL = re.compile(r"^\(([^()]+)\)=\s*$")
_INSIDE = re.compile(r"^\s*(?::{3,}|`{3,}|~{3,})\{(?P<kind>tab|code-cell|slide|subslide)\}")
_LOADING = re.compile(r"%(?:re)?load_ext\s+tabbook\.tab\b")


class _Reader:
    """Reads one file, collecting its faults on the way."""

    def __init__(self, text: str, path: str, book: BookSettings) -> None:
        self.lines = text.split("\n")
        self.extensions = frozenset(book.myst_extensions)
        self.tokens = blocks(text, self.extensions)
        self.path, self.book = path, book
        self.tabs = tuple(book.tabs)
        self.faults: list[Fault] = []
        self.cells: list[Cell] = []
        self.slides: list[Slide] = []
        front = self._front_matter()
        if front.extensions is not None:
            self.extensions = front.extensions
            self.tokens = blocks(text, self.extensions)
        self.front = front

    def fault(self, line: int, message: str, hint: str = "") -> None:
        self.faults.append(Fault(self.path, line, message, hint))

    def section(self) -> Section:
        settings = self.front.settings
        if settings.saves_for:
            self._names(", ".join(settings.saves_for), self._line("saves_for"), "front matter")
        if settings.tabs is not None:
            self.tabs = self._names(", ".join(settings.tabs), self._line("tabs"), "front matter") or self.tabs
        self._check_declaration()
        title, label = self._title()
        self._split()
        for fault in label_faults(self.cells, self.slides, self.tabs):
            self.fault(*fault)
        if self.faults:
            raise ReadError(self.faults)
        cells, slides, front = tuple(self.cells), tuple(self.slides), self.front
        return Section(self.path, title, label, self.tabs, settings, cells, front.files, slides, front.data)

    def _front_matter(self) -> FrontMatter:
        token = next((token for token in self.tokens if token.type == "front_matter"), None)
        if token is None:
            return FrontMatter()
        front, faults = read_front_matter(token.content, self.path, self.book)
        self.faults += faults
        return front

    def _check_declaration(self) -> None:
        """Ask of a section that computes that it declares what it needs, if only ``tabbook: {}``.

        An editor may save a file without the keys that it does not know: what they declared would
        be gone, and the section would look like one that declares nothing.
        """
        if not any(_CODE_FENCE.match(token.info.strip()) for token in self._fences()):
            return
        if self.front.language:
            self.faults.append(self.front.language)
        if self.front.declares:
            return
        if not self.front.given and self.lines[0].startswith("---"):
            self.fault(1, "the front matter is never closed", "end it with a line '---'")
            return
        hint = "write 'tabbook: {}', or what its code needs, such as 'tabbook: {data: [FILE]}'"
        if not self.front.given:
            hint += ", between two lines '---' at the top"
        self.fault(1, "a section with code has no key 'tabbook' in its front matter", hint)

    def _fences(self) -> Iterator[Token]:
        return (token for token in self.tokens if token.type in ("fence", "colon_fence"))

    def _line(self, key: str) -> int:
        """Return the line of a key under ``tabbook:`` in the front matter."""
        return 1 + find_line(self.tokens[0].content, ("tabbook", key))

    def _title(self) -> tuple[str, str | None]:
        headings = [
            (i, t)
            for i, t in enumerate(self.tokens)
            if t.type == "heading_open" and t.tag == "h1" and not t.level
        ]
        if not headings:
            self.fault(1, "there is no title", "begin the section with one level-1 heading: '# Title'")
            return "", None
        for _, extra in headings[1:]:
            hint = "use '##' below the title, or split the section"
            self.fault(_map(extra)[0] + 1, "a second level-1 heading", hint)
        index, token = headings[0]
        above = next((line for line in reversed(self.lines[: _map(token)[0]]) if line.strip()), "")
        label = _LABEL.match(above.strip())
        return strip_slide_marks(self.tokens[index + 1].content).strip(), label[1] if label else None

    def _split(self) -> None:
        """Cut the file at its code cells and tab blocks; what is between is text for all."""
        front = next((token for token in self.tokens if token.type == "front_matter"), None)
        position = _map(front)[1] if front else 0
        for token in self.tokens:
            top = token.level == 0 or token.type == "inline"
            if top and (fault := other_fault(token, self.extensions)):
                self.fault(*fault)
        for token in self._fences():
            start, end = _map(token)
            info = token.info.strip()
            is_code, tab_block = _CODE_FENCE.match(info), _TAB_FENCE.match(info)
            is_slide = SLIDE_FENCE.match(info)
            if token.level:
                if is_code or tab_block or is_slide:
                    hint = "it must not be inside a list or another block"
                    self.fault(start + 1, f"this {_kind(info)} is nested", hint)
                continue
            if is_code or tab_block or is_slide:
                self._text(position, start)
                position = end
            if is_code:
                self._code(token, start)
            elif (unclosed := fence_fault(token, self.lines)) is not None:
                self._never_closed(token, unclosed)
            elif tab_block:
                self._tab_block(token, start, tab_block[1])
            elif is_slide:
                self.slides.append(SlideReader(self.fault, self._names).read(token, start + 1))
            elif not is_literal(info):
                self._outer_block(token, start)
        self._text(position, len(self.lines))

    def _never_closed(self, token: Token, hint: str) -> None:
        """Report a block that is never closed.

        A fence without any info may be the end of the block above, which took an earlier one for its
        end: that is so where a code cell above it is no Python.
        """
        blamed = token
        if not token.info.strip():
            above = [other for other in self._fences() if _map(other) < _map(token)]
            above = [other for other in above if other.markup[0] == token.markup[0] and not other.level]
            if above and _CODE_FENCE.match(above[-1].info.strip()) and not self._is_python(above[-1]):
                blamed, hint = above[-1], f"end it with a line '{above[-1].markup}'"
            elif any("never closed" in fault.message for fault in self.faults):
                return  # what is left over of a block that is reported already
        start = _map(blamed)[0] + 1
        self.fault(start, f"this {_kind(blamed.info.strip())} is never closed", hint)

    def _is_python(self, token: Token) -> bool:
        lines = token.content.removesuffix("\n").split("\n")
        used = self._options(lines, 0)[1]
        return is_python_cell("\n".join(line for line in lines[used:] if not _TAB_MARK.match(line)))

    def _outer_block(self, token: Token, start: int) -> None:
        """Check a directive that is not ours: nothing of ours may stand inside it."""
        for number, line in enumerate(token.content.split("\n"), start + 2):
            if inside := _INSIDE.match(line):
                kind = _kind(f"{{{inside['kind']}}}")
                hint = "end that block first, and begin another one behind"
                self.fault(number, f"a {kind} is inside the block of line {start + 1}", hint)

    def _add(self, kind: Any, source: str, line: int, tabs: Any = None, metadata: Any = None) -> None:
        self.cells.append(Cell(kind, source, line, len(self.cells), tabs, metadata or {}))

    def _text(self, start: int, end: int) -> None:
        while start < end and not self.lines[start].strip():
            start += 1
        source = "\n".join(self.lines[start:end]).rstrip()
        if source:
            self._add("text", source, start + 1)

    def _tab_block(self, token: Token, start: int, names: str) -> None:
        tabs = self._names(names, start + 1, "tab block")
        for number, line in enumerate(token.content.split("\n"), start + 2):
            if not (inside := _INSIDE.match(line)):
                continue
            if inside["kind"] == "tab":
                hint = f"end the block of line {start + 1} with a line '{token.markup}' first"
                self.fault(number, "a tab block begins inside another one", hint)
            elif inside["kind"] == "code-cell":
                hint = "move it out and mark it with %%tab"
                self.fault(number, "a code cell is inside a tab block", hint)
            else:
                hint = "move it out and give it the option ':tabs:'"
                self.fault(number, "a slide is inside a tab block", hint)
        body = token.content.split("\n")
        blank = next((i for i, line in enumerate(body) if line.strip()), 0)
        self._add("text", "\n".join(body[blank:]).rstrip(), start + 2 + blank, tabs)

    def _code(self, token: Token, start: int) -> None:
        if found := cell_language_fault(token.info.strip()):
            self.fault(start + 1, *found)
            return
        lines = token.content.removesuffix("\n").split("\n") if token.content else []
        metadata, used = self._options(lines, start + 2)
        first = next((i for i in range(used, len(lines)) if lines[i].strip()), len(lines))
        tabs = None
        if first < len(lines) and (mark := _TAB_MARK.match(lines[first])):
            tabs = self._names(mark[1], start + 2 + first, "tab mark", allow_all=True)
            used = first + 1
        body = lines[used:]
        if hint := cell_fault(token, self.lines, "\n".join(body), start + 2 + used):
            self._never_closed(token, hint)
            return
        for line in _late_marks("\n".join(body)):
            message = (
                "a second tab mark in one cell" if tabs or used > first else "a tab mark below the first line"
            )
            self.fault(start + 1 + used + line, message, "make it the first line of a cell of its own")
        source = _for_builds("\n".join(body))
        if source is None:
            return
        body = source.split("\n")
        while len(body) > 1 and not body[0].strip():
            body, used = body[1:], used + 1
        self._add("code", "\n".join(body).rstrip(), start + 2 + used, tabs, metadata)

    def _options(self, lines: list[str], line: int) -> tuple[Mapping[str, Any], int]:
        """Return the cell's metadata and how many lines it takes, as MyST-NB writes it."""
        try:
            if lines and lines[0].strip() == "---":
                end = next((i for i in range(1, len(lines)) if lines[i].strip() == "---"), None)
                if end is None:
                    self.fault(line, "the cell's options are never closed", "end them with a line '---'")
                    return {}, 1
                return dict(yaml.safe_load("\n".join(lines[1:end])) or {}), end + 1
            metadata: dict[str, Any] = {}
            for used, text in enumerate(lines):
                option = _OPTION.match(text)
                if not option:
                    return self._with_tags(metadata, line), used
                metadata[option[1]] = yaml.safe_load(option[2])
            return self._with_tags(metadata, line), len(lines)
        except (yaml.YAMLError, ValueError, TypeError):
            self.fault(line, "the cell's options are not valid YAML", "write ':tags: [hide-input]'")
            return {}, 0

    def _with_tags(self, metadata: dict[str, Any], line: int) -> dict[str, Any]:
        tags = metadata.get("tags", [])
        if isinstance(tags, str):
            metadata["tags"] = [tag.strip() for tag in tags.split(",")]
        elif not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            self.fault(line, "the cell's tags are not a list of words", "write ':tags: [hide-input]'")
            metadata.pop("tags")
        return metadata

    def _names(self, text: str, line: int, what: str, *, allow_all: bool = False) -> tuple[str, ...] | None:
        """Return the tabs that ``text`` names, in the book's order; None for all of them."""
        names = [name for name in re.split(r"[,\s]+", text.strip()) if name]
        if allow_all and names == ["all"]:
            return None
        if not names:
            self.fault(line, f"this {what} names no tab", f"name some of {', '.join(self.tabs)}")
        for name in names:
            if name not in self.tabs:
                self.fault(line, *unknown_tab(name, self.tabs, tuple(self.book.tabs)))
        return tuple(tab for tab in self.tabs if tab in names)


def _late_marks(source: str) -> Iterator[int]:
    """Yield the lines of a cell, from 1, that are tab marks although there is code above them."""
    if "%%tab" not in source:
        return
    try:
        code = parse(source)
    except CodeError:
        return  # the code is at fault first
    for number, magic in enumerate(code.magics):
        if _TAB_MARK.match(magic):
            yield code.magic_line(number)


def _for_builds(source: str) -> str | None:
    """Return a cell's code without what is for readers in Jupyter; None if nothing else is in it.

    A kernel that runs a projection has one framework: there is nothing to select.
    """
    if "tabbook.tab" not in source and "interact_select" not in source:
        return source
    try:
        code = parse(source)
    except CodeError:
        return source
    lines = source.split("\n")
    for node in code.tree.body:
        if isinstance(node, ast.Expr) and _is_interactive(code, node.value):
            last = node.end_lineno or node.lineno
            lines[node.lineno - 1 : last] = [""] * (last - node.lineno + 1)
    if all(not line.strip() or line.lstrip().startswith("#") for line in lines):
        return None
    return "\n".join(lines)


def _is_interactive(code: CodeCell, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) == "tab.interact_select"
    return isinstance(node, ast.Name) and _LOADING.match(code.restore(node.id)) is not None


def unknown_tab(name: str, tabs: tuple[str, ...], book_tabs: tuple[str, ...]) -> tuple[str, str]:
    """Return message and hint for a name that is no tab of the section."""
    if name in book_tabs:
        return f"the section does not have the tab {name!r}", "add it to 'tabs' in the front matter"
    close = nearest(name, tabs)
    known = f"the tabs are {', '.join(tabs)}"
    return f"unknown tab {name!r}", f"{suggestion(close)}: {known}" if close else known


def _kind(info: str) -> str:
    """Return what a fence with this info string is called in messages."""
    kinds = {"code cell": _CODE_FENCE, "tab block": _TAB_FENCE, "slide": SLIDE_FENCE}
    return next((kind for kind, pattern in kinds.items() if pattern.match(info)), "block")


def _map(token: Token) -> tuple[int, int]:
    """Return the first line of a block token and the one behind its last, counted from 0."""
    assert token.map is not None  # markdown-it maps every block token
    return token.map[0], token.map[1]


def read_section(text: str, path: str, book: BookSettings) -> Section:
    """Return the section that ``text``, the content of the file ``path``, holds.

    The cell that only serves interactive use (``%load_ext tabbook.tab``) is left out.

    Raises:
        ReadError: The text breaks the source format; every fault of the file is in it.
    """
    return _Reader(text.replace("\r\n", "\n").replace("\r", "\n"), path, book).section()


def is_section(text: str, book: BookSettings) -> bool:
    """Say whether ``text``, the content of a Markdown file, is a notebook or has code cells."""
    if "mystnb" not in text and "{code-cell}" not in text:
        return False
    tokens = blocks(text, frozenset(book.myst_extensions))
    if any(not token.level and _CODE_FENCE.match(token.info.strip()) for token in tokens):
        return True
    front = next((token.content for token in tokens if token.type == "front_matter"), "")
    return re.search(r"^file_format:\s*mystnb\s*$", front, re.MULTILINE) is not None
