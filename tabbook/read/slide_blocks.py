"""Slides that are written apart from the text: blocks ``{slide}``, which pages do not show.

A slide holds Markdown. Its own directives show code cells by their labels (``embed``), put things
beside each other (``columns``, ``column``), give them classes (``div``) or a width (``image``), show
them later (``fragment``), to one framework (``tab``) or to the speaker (``notes``). A line ``. . .``
is a pause.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from markdown_it.token import Token

from tabbook.errors import nearest, suggestion
from tabbook.model import Box, Cell, Embedded, Item, Slide
from tabbook.read.markdown import blocks_within
from tabbook.read.unclosed import is_closed

SLIDE_FENCE = re.compile(r"^\{(?P<kind>slide|subslide)\}[ \t]*(?P<title>.*)$")
"""What the opening fence of a slide says."""
_DIRECTIVE = re.compile(r"^\{(?P<name>[\w-]+)\}[ \t]*(?P<argument>.*)$")
_OPTION = re.compile(r"^:(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>.*)$")
_PAUSE = ". . ."
_BOXES = frozenset({"columns", "column", "div"})
_OWN = _BOXES | {"embed", "fragment", "image", "notes", "tab"}
_FORBIDDEN = frozenset({"code-cell", "slide", "subslide"})
_LABEL = re.compile(r"[A-Za-z0-9][\w.:-]*")
_WIDTH = re.compile(r"^\d+(?:\.\d+)?(?:%|px|em|rem|vw)$")

Report = Callable[[int, str, str], None]
"""Takes the line of a fault, its message, and what to do about it."""
Names = Callable[[str, int, str], tuple[str, ...] | None]
"""Returns the tabs that a text names, given its line and what it is; reports those that do not exist."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a slide a stretch of lines is; what its items have in common."""

    line: int
    boxes: tuple[Box, ...] = ()
    step: int = 0
    is_note: bool = False
    tabs: tuple[str, ...] | None = None

    def item(self, content: str | Embedded, line: int) -> Item:
        return Item(content, line, self.boxes, self.step, self.is_note, self.tabs)


class SlideReader:
    """Reads the slides of one section; faults go to ``fault``."""

    def __init__(self, fault: Report, names: Names) -> None:
        self.fault, self.names = fault, names

    def read(self, token: Token, line: int) -> Slide:
        """Return the slide in a fence whose first line is ``line``."""
        match = SLIDE_FENCE.match(token.info.strip())
        assert match is not None
        options, used, lines = _options(token.content)
        self._check_options(options, {"tabs", "class"}, line)
        tabs = self.names(options["tabs"], line, "slide") if "tabs" in options else None
        self.boxes = self.steps = 0
        self.items: list[Item] = []
        place = _Place(line + 1 + used)
        if options.get("class"):
            place = replace(place, boxes=(self._box(options["class"]),))
        title = match["title"].strip()
        if title:
            self.items.append(place.item(f"## {title}", line))
        self._walk("\n".join(lines), place)
        return Slide(title, line, tuple(self.items), tabs, match["kind"] == "subslide")

    def _box(self, classes: str, width: str = "") -> Box:
        self.boxes += 1
        return Box(self.boxes, tuple(classes.split()), width)

    def _check_options(self, options: Mapping[str, str], known: set[str], line: int) -> None:
        for key in options:
            if key not in known:
                self.fault(line, f"unknown option {key!r}", f"this block takes {', '.join(sorted(known))}")

    def _walk(self, text: str, place: _Place) -> None:
        """Read a stretch of a slide: text up to each block of ours, then that."""
        lines = text.split("\n")
        tokens = [
            token
            for token in blocks_within(text)
            if token.map and (not token.level or token.type == "inline")
        ]
        position = 0
        for token in tokens:
            start, end = token.map or (0, 0)
            name, argument = _directive(token)
            is_pause = token.type == "inline" and token.level == 1 and token.content.strip() == _PAUSE
            if not is_pause and name not in _OWN | _FORBIDDEN:
                self._check_name(name, place.line + start)
                continue
            self._text(lines[position:start], place.line + position, place)
            position, line = end, place.line + start
            if is_pause:
                self.steps += 1
                place = replace(place, step=self.steps)
                continue
            if not is_closed(token, lines):
                self.fault(line, "this block is never closed", f"end it with a line '{token.markup}'")
            if name in _FORBIDDEN:
                what = "a code cell" if name == "code-cell" else "a slide"
                hint = (
                    "show a cell of the page: ```{embed} its-label"
                    if name == "code-cell"
                    else "end that one first"
                )
                self.fault(line, f"{what} is inside a slide", hint)
            else:
                self._block(token, name, argument, replace(place, line=line))
        self._text(lines[position:], place.line + position, place)

    def _check_name(self, name: str, line: int) -> None:
        """Report a misspelt block of ours: Sphinx, which knows the others, sees no slides."""
        if name not in ("", "note") and (close := nearest(name, sorted(_OWN), cutoff=0.8)):
            self.fault(line, f"unknown block {name!r} in a slide", suggestion(close))

    def _text(self, lines: Sequence[str], line: int, place: _Place) -> None:
        blank = next((number for number, text in enumerate(lines) if text.strip()), len(lines))
        text = "\n".join(lines[blank:]).rstrip()
        if text:
            self.items.append(place.item(text, line + blank))

    def _block(self, token: Token, name: str, argument: str, place: _Place) -> None:
        options, used, lines = _options(token.content)
        if name == "embed":
            self._embed(argument, options, place)
            return
        inner = replace(place, line=place.line + 1 + used)
        if name == "image":
            self._image(argument, options, lines, place)
            return
        if name == "fragment":
            self.steps += 1
            inner = replace(inner, step=self.steps)
        elif name == "tab":
            inner = replace(inner, tabs=self.names(argument, place.line, "tab block"))
        elif name == "notes":
            inner = replace(inner, is_note=True, boxes=(), step=0)
        elif name == "column":
            inner = replace(inner, boxes=(*place.boxes, self._column(argument, options, place.line)))
        else:
            classes = f"{'columns ' if name == 'columns' else ''}{argument} {options.get('class', '')}"
            inner = replace(inner, boxes=(*place.boxes, self._box(classes)))
        self._check_options(options, {"class"} if name in _BOXES else set(), place.line)
        self._walk("\n".join(lines), inner)

    def _column(self, width: str, options: Mapping[str, str], line: int) -> Box:
        if width and not _WIDTH.match(width):
            self.fault(line, f"{width!r} is not a width", "write one such as 40%")
            width = ""
        return self._box(f"column {options.get('class', '')}", width)

    def _image(self, address: str, options: Mapping[str, str], lines: Sequence[str], place: _Place) -> None:
        """Add a picture with the caption below it, in a box where it has a width."""
        width = options.get("width", "")
        boxes = (*place.boxes, self._box("", width)) if _WIDTH.match(width) else place.boxes
        caption = "\n".join(lines).strip()
        alt = options.get("alt") or re.sub(r"[\[\]]", "", " ".join(caption.split()))
        text = f"![{alt}]({address.strip()})" + (f"\n\n{caption}" if caption else "")
        self._check_options(options, {"width", "alt"}, place.line)
        self.items.append(replace(place, boxes=boxes).item(text, place.line))

    def _embed(self, label: str, options: Mapping[str, str], place: _Place) -> None:
        self._check_options(options, {"tab", "remove-input", "remove-output"}, place.line)
        tabs = self.names(options["tab"], place.line, "block") if "tab" in options else None
        shown = Embedded(
            label.strip().removeprefix("#"),
            tabs[0] if tabs else None,
            has_input="remove-input" not in options,
            has_output="remove-output" not in options,
        )
        self.items.append(place.item(shown, place.line))


def _directive(token: Token) -> tuple[str, str]:
    """Return the name and the argument of a directive; two empty words where there is none."""
    if token.type not in ("fence", "colon_fence"):
        return "", ""
    match = _DIRECTIVE.match(token.info.strip())
    return (match["name"], match["argument"]) if match else ("", "")


def _options(content: str) -> tuple[dict[str, str], int, list[str]]:
    """Return the options at the top of a block, how many lines they take, and the other lines."""
    lines = content.removesuffix("\n").split("\n")
    options: dict[str, str] = {}
    for used, line in enumerate(lines):
        match = _OPTION.match(line)
        if not match:
            return options, used, lines[used:]
        options[match["key"]] = match["value"].strip()
    return options, len(lines), []


def label_faults(
    cells: Sequence[Cell], slides: Sequence[Slide], tabs: Sequence[str]
) -> Iterator[tuple[int, str, str]]:
    """Yield what is wrong with the labels of cells, and with what slides show: line, message, hint.

    A label is unique in each of a section's ``tabs``.
    """
    places: dict[tuple[str, str], int] = {}
    for cell in cells:
        if "label" not in cell.metadata:
            continue
        if not _LABEL.fullmatch(cell.label):
            yield cell.line, f"{cell.label!r} is not a label", "write letters, digits, '-', '_', '.' and ':'"
            continue
        first = [places.setdefault((cell.label, tab), cell.line) for tab in cell.tabs or tabs]
        if twice := [line for line in first if line != cell.line]:
            message = f"this code cell has the label {cell.label!r} of the one in line {twice[0]}"
            yield cell.line, message, "give one of them another label, or other tabs"
    labels = sorted({label for label, _ in places})
    for item in (item for slide in slides for item in slide.items):
        shown = item.content
        if not isinstance(shown, Embedded):
            continue
        if shown.label not in labels:
            hint = suggestion(
                nearest(shown.label, labels), "give it to a cell: ':label: NAME' below the fence"
            )
            yield item.line, f"no code cell has the label {shown.label!r}", hint
        elif shown.tab and (shown.label, shown.tab) not in places:
            hint = "take the option ':tab:' away, or name another framework"
            yield item.line, f"the code cell {shown.label!r} is not for {shown.tab}", hint
