"""Slides of books for Quarto: blocks ``::: {.slide}``, behind a comment ``<!-- slides -->``.

They are no part of the page. Each becomes a ``{slide}`` of ours, with the directives for columns,
notes and the like that its blocks stand for. A line ``@name`` shows a code cell.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import relpath

from tabbook.importers.fallback import refusal_of_slides
from tabbook_d2lbook import inline
from tabbook_d2lbook.equations import write_equations
from tabbook_d2lbook.fences import fenced_lines, find_fences
from tabbook_d2lbook.scan import Image
from tabbook_d2lbook.source import Labels, Page, safe_path

_BEHIND = re.compile(r"^<!--[ \t]*slides[ \t]*-->[ \t]*$", re.IGNORECASE)
_INSIDE = r"""(?:"[^"]*"|'[^']*'|[^}"'])*"""
_OPEN = re.compile(
    rf"^[ \t]*:{{3,}}[ \t]*(?:\{{(?P<attributes>{_INSIDE})\}}|(?P<word>[A-Za-z][\w-]*))[ \t:]*$"
)
_CLOSE = re.compile(r"^[ \t]*:{3,}[ \t]*$")
_ATTRIBUTE = re.compile(
    r"""\.(?P<class>[\w-]+)|(?P<key>[A-Za-z][\w-]*)[ \t]*=[ \t]*"""
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'}]+))"""
)
_COLONS = re.compile(r"^[ \t]*(:{3,})")
_CELL = re.compile(r"^[ \t]*@(?P<part>[!-]?)(?P<name>[A-Za-z][\w.-]*)(?:@(?P<tab>[\w-]+))?[ \t]*$")
_DIAGRAM = re.compile(r"^[ \t]*@fig:(?P<name>[\w.-]+?)(?:@(?P<tab>[\w-]+))?[ \t]*$")
_DIAGRAMS = "img/auto"
"""Where the drawings lie that slides show by their names."""
_WIDTHS = {("fig", "big"): "54%", ("fig",): "44%", ("narrow",): "36%"}
"""How wide columns of these classes are, in the style sheet of those decks."""
CALLOUTS = {f"callout-{name}": name for name in ("note", "tip", "warning", "important", "caution")}
"""Quarto's classes for admonitions, each with MyST's directive."""


def parted(text: str) -> tuple[str, str]:
    """Return a page's text without its slides, and its slides alone: each on the lines where it was.

    Slides are what comes behind the comment, and every slide before it.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    fenced = fenced_lines(find_fences(lines))
    found = (n for n, line in enumerate(lines) if n not in fenced and _BEHIND.match(line))
    behind = next(found, len(lines))
    slides = set(range(behind, len(lines)))
    for block in blocks(lines, fenced):
        if "slide" in block.classes:
            slides |= set(range(block.first, block.last + 1))
    page = ("" if n in slides else line for n, line in enumerate(lines))
    deck = (line if n in slides and n != behind else "" for n, line in enumerate(lines))
    return "\n".join(page), "\n".join(deck)


@dataclass(slots=True)
class Block:
    """A block between colons: its first and its last line, and the blocks inside."""

    first: int
    last: int
    classes: tuple[str, ...]
    values: Mapping[str, str]
    is_closed: bool = True
    inside: list["Block"] = field(default_factory=list)

    @property
    def height(self) -> int:
        """How many blocks it holds, one inside the other; a slide below is none of them."""
        inside = (block for block in self.inside if "subslide" not in block.classes)
        return max((1 + block.height for block in inside), default=0)


def blocks(lines: Sequence[str], fenced: Collection[int]) -> list[Block]:
    """Return the outermost blocks; as with pandoc, any line of colons alone ends the innermost one."""
    found: list[Block] = []
    opened: list[Block] = []
    for number, line in enumerate(lines):
        if number in fenced:
            continue
        if begins := _OPEN.match(line):
            classes, values = attributes(begins["attributes"] or f".{begins['word']}")
            block = Block(number, len(lines) - 1, classes, values, is_closed=False)
            (opened[-1].inside if opened else found).append(block)
            opened.append(block)
        elif _CLOSE.match(line) and opened:
            opened[-1].last, opened[-1].is_closed = number, True
            opened.pop()
    return found


def attributes(text: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the classes and the values in a list of attributes."""
    classes, values = list[str](), dict[str, str]()
    for found in _ATTRIBUTE.finditer(text):
        if found["class"]:
            classes.append(found["class"])
        else:
            values[found["key"]] = found["double"] or found["single"] or found["bare"] or ""
    return tuple(classes), values


class DeckConverter:
    """Converts the slides of one page: first what they refer to, then, when the book is known, their text.

    Args:
        page: The slides alone, as a page of their own.
        tabs: The tabs of the page that they belong to.
        cells: For each name of a code cell the tabs that have it.
        files: The files of the source.
    """

    def __init__(
        self,
        page: Page,
        tabs: Sequence[str],
        cells: Mapping[str, Collection[str]],
        files: Collection[str],
    ) -> None:
        self.page, self.tabs, self.cells, self.files = page, tuple(tabs), cells, files
        fenced = fenced_lines(page.fences)
        self.slides = [block for block in blocks(page.lines, fenced) if "slide" in block.classes]
        inside = {n for block in self.slides for n in range(block.first, block.last + 1)}
        self._report_rest(inside)
        for image in page.scan.images:
            if page.line_of(image.start) in inside:
                page.images.append((image.url, page.line_of(image.start)))
        runs = (_COLONS.match(page.lines[n]) for n in fenced)
        self._least = max((len(run[1]) + 1 for run in runs if run), default=3)
        """The colons of the innermost blocks: more than any listing has in a line."""
        self._shown = sorted(inside - fenced)
        page.consumed.update(
            n for n in self._shown if _OPEN.match(page.lines[n]) or _CLOSE.match(page.lines[n])
        )
        inline.collect_references(page)

    def _report_rest(self, inside: Collection[int]) -> None:
        rest = [n for n, line in enumerate(self.page.lines) if n not in inside and line.strip()]
        if text := [n for n in rest if not self.page.lines[n].startswith("#")]:
            self.page.note(text[0], "slides", "text between the slides", "it is left out, as on their decks")

    def render(self, names: Labels) -> str:
        """Return the slides in our format; one that our reader refuses is left out, and reported."""
        page = self.page
        write_equations(page, set())
        inline.write_text(page, names, self.files)
        self._write_listings()
        for image in page.scan.images:
            self._write_image(image)
        for number in self._shown:
            self._write_shown(number)
        written = [slide for block in self.slides for slide in self._slides(block)]
        texts = [text for _, text in written]
        if refusal_of_slides(texts, page.tabs, self.cells):  # one by one only where any is: it takes time
            texts = [text for line, text in written if self._is_readable(line, text)]
        return "\n\n".join(texts)

    def _is_readable(self, line: int, text: str) -> bool:
        """Say whether our reader takes a slide, and report it if not."""
        why = refusal_of_slides([text], self.page.tabs, self.cells)
        if why:
            message = f"this slide cannot be taken over: {why}"
            self.page.fault(line, "slides", message, "it is left out")
        return not why

    def _slides(self, block: Block) -> list[tuple[int, str]]:
        """Return a slide and those below it, each with its line."""
        page, tabs = self.page, self._tabs_of(block)
        if not block.is_closed:
            page.fault(block.first, "slides", "this slide is never closed", "it goes on to the end")
        if not tabs:
            return []
        below = [inner for inner in block.inside if "subslide" in inner.classes]
        for inner in below:  # with us, it comes behind
            end = min(page.starts[inner.last + 1], len(page.text))
            page.edits.replace(page.starts[inner.first], end, "")
        found = [(block.first, self._whole("slide", block, tabs))]
        for inner in below:
            if own := tuple(tab for tab in self._tabs_of(inner) if tab in tabs):
                found.append((inner.first, self._whole("subslide", inner, own)))
        return found

    def _whole(self, name: str, block: Block, tabs: Sequence[str]) -> str:
        """Return one slide in our format."""
        page = self.page
        for inner in block.inside:
            self._write_block(inner)
        colons = ":" * (self._least + block.height)
        title = " ".join(block.values.get("title", "").split())
        options = [f":tabs: {', '.join(tabs)}"] if tuple(tabs) != self.tabs else []
        classes = [one for one in block.classes if one not in ("slide", "subslide")]
        classes += [block.values["layout"]] if "layout" in block.values else []
        options += [f":class: {' '.join(classes)}"] if classes else []
        start = page.starts[min(block.first + 1, len(page.lines) - 1)]
        end = page.starts[block.last] if block.is_closed else len(page.text)
        body = page.edits.render(start, max(start, end)).strip("\n")
        head = f"{colons}{{{name}}} {title}".rstrip()
        gap = [""] if not options and body.startswith(":") and not body.startswith(":::") else []
        return "\n".join([head, *options, *gap, body, colons])

    def _tabs_of(self, block: Block) -> tuple[str, ...]:
        """Return the tabs of the page whose decks have a slide."""
        only = _words(block.values.get("only", ", ".join(self.tabs)))
        never = _words(block.values.get("except", ""))
        return tuple(tab for tab in self.tabs if tab in only and tab not in never)

    def _write_block(self, block: Block) -> None:
        """Add the edits for the lines that begin and end a block inside a slide."""
        page = self.page
        if "subslide" in block.classes:
            return
        colons = ":" * (self._least + block.height)
        line = colons + _directive(block)
        page.edits.replace(page.starts[block.first], page.end_of_line(block.first), line)
        if block.is_closed:
            page.edits.replace(page.starts[block.last], page.end_of_line(block.last), colons)
        for inner in block.inside:
            self._write_block(inner)

    def _write_shown(self, number: int) -> None:
        """Add the edit for a line that shows a code cell or a drawing."""
        page = self.page
        line = page.lines[number]
        if found := _DIAGRAM.match(line):
            page.edits.replace(page.starts[number], page.end_of_line(number), self._diagram(found, number))
        elif found := _CELL.match(line):
            page.edits.replace(page.starts[number], page.end_of_line(number), self._cell(found, number))

    def _diagram(self, found: re.Match[str], number: int) -> str:
        of_tab = f"{_DIAGRAMS}/{found['name']}-{found['tab']}.svg"
        path = of_tab if of_tab in self.files else f"{_DIAGRAMS}/{found['name']}.svg"
        url = relpath(path, PurePosixPath(self.page.path).parent.as_posix())
        self.page.images.append((url, number))
        return f"![]({url})"

    def _cell(self, found: re.Match[str], number: int) -> str:
        name, tab = found["name"], found["tab"]
        there = self.cells.get(name, ())
        if not there or (tab and tab not in there):
            what = f"a code cell {name!r}{f' for {tab}' if tab else ''}"
            message = f"the slide shows {what}, which the page does not have"
            self.page.fault(number, "slides", message, "it is left out")
            return ""
        options = [f":tab: {tab}"] if tab else []
        options += {"!": [":remove-input:"], "-": [":remove-output:"]}.get(found["part"], [])
        return "\n".join([f"```{{embed}} {name}", *options, "```"])

    def _write_image(self, image: Image) -> None:
        """Add the edit for an image with a caption or with attributes, which are a directive's with us."""
        page, width = self.page, image.width
        line = page.line_of(image.start)
        before = page.text[page.starts[line] : image.start]
        alone = not (before + page.text[image.end : page.end_of_line(page.line_of(image.end))]).strip()
        if not alone or not (width or page.text[image.alt_start : image.alt_end].strip()):
            page.edits.replace(image.link_end, image.end, "")
            return

        def write() -> str:
            caption = " ".join(page.edits.render(image.alt_start, image.alt_end).split())
            lines = [f"```{{image}} {safe_path(image.url)}", *([f":width: {width}"] if width else [])]
            lines += ["", caption] if caption else []
            return "\n".join(f"{before}{text}".rstrip() for text in (*lines, "```"))

        page.edits.replace(page.starts[line], image.end, write)

    def _write_listings(self) -> None:
        """Add the edits for listings, whose language may be an attribute."""
        page = self.page
        for fence in page.fences:
            if fence.info.startswith("{"):
                raw = re.match(r"\{=(\w+)\}$", fence.info)
                language = f"{{raw}} {raw[1]}" if raw else fence.language or "python"
                start = page.starts[fence.start]
                opening = f"{fence.indent}{fence.mark}{language}"
                page.edits.replace(start, page.end_of_line(fence.start), opening)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]


def _directive(block: Block) -> str:
    """Return what the first line of a block says behind its colons, and its options."""
    classes = list(block.classes)
    kinds = {"columns": "columns", "cols": "columns", "column": "column", "col": "column"}
    kinds |= {"notes": "notes", "fragment": "fragment"}
    kinds |= CALLOUTS
    own = next((name for name in classes if name in kinds), "")
    rest = [name for name in classes if name != own]
    kind = kinds.get(own, "div")
    if kind == "div":
        return f"{{div}} {' '.join(rest)}".rstrip()
    if kind not in ("columns", "column"):
        return f"{{{kind}}}"
    width = block.values.get("width", "")
    if not width and kind == "column":
        width = next((wide for names, wide in _WIDTHS.items() if set(names) <= set(rest)), "")
    options = f"\n:class: {' '.join(rest)}" if rest else ""
    return f"{{{kind}}} {width}".rstrip() + options


def shown_cells(cells: Iterator[tuple[str, Sequence[str]]]) -> dict[str, set[str]]:
    """Return for each name of a code cell the tabs that have it."""
    found: dict[str, set[str]] = {}
    for name, tabs in cells:
        found.setdefault(name, set()).update(tabs)
    return found
