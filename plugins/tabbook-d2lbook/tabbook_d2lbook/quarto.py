"""Quarto's own Markdown on pages that otherwise have d2lbook's: written as d2lbook writes it.

No line moves, so that findings name the lines of the source. Slides are apart: see ``slides``.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from tabbook_d2lbook.fences import Fence, fenced_lines, find_fences
from tabbook_d2lbook.pandoc import without_front_matter, write_tables
from tabbook_d2lbook.slides import CALLOUTS, Block, attributes, blocks

_CELL = re.compile(r"^(?P<mark>`{3,})[ \t]*\{python(?P<rest>[^}]*)\}[ \t]*$")
_OPTION = re.compile(r"^#\|[ \t]*(?P<key>[\w-]+)[ \t]*:[ \t]*(?P<value>.*?)[ \t]*$")
_RAW = re.compile(r"^(?P<mark>`{3,})[ \t]*\{=(?P<format>\w+)\}[ \t]*$")
_PICTURES = re.compile(r"<img\b[^>]*?\bsrc=[\"']([^\"'>]+)[\"']", re.IGNORECASE)
_PROTECTED = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)|(?<!\$)\$(?!\$)[^$]+\$|\]\([^()\s]*\)|<[^<>\s]+>")
_IMAGE = re.compile(r"(?P<image>!\[[^\]]*\]\([^)\s]+\))\{(?P<inside>[^{}]*)\}")
_EQUATION = re.compile(r"(?P<end>\$\$)[ \t]*\{#(?P<label>eq-[\w:.-]+)\}")
_SHORTCODE = re.compile(r"\{\{<[ \t]*(?P<name>[\w-]+)[ \t]*(?P<rest>.*?)[ \t]*>\}\}")
_SPAN = re.compile(r"\[(?P<text>[^\[\]]*)\]\{[ \t]*(?:[.#][A-Za-z][\w-]*[ \t]*|[\w-]+=\"[^\"]*\"[ \t]*)+\}")
_CITATIONS = re.compile(r"\[(?P<keys>-?@[\w:.+/-]+(?:[ \t]*;[ \t]*-?@[\w:.+/-]+)*)\]")
_REFERENCE = re.compile(r"(?<![\w@./\\-])-?@(?P<label>(?:fig|tbl|sec|eq|lst)-[\w-]+(?:\.[\w-]+)*)")
_CITED = re.compile(r"(?<![\w@./\\-])@(?P<key>[A-Za-z][\w:+/-]*(?:\.[\w:+/-]+)*)")
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>.*?)[ \t#]*$")

Report = Callable[[int, str, str], None]
"""Takes a line, from 0, what is there that is not taken over, and what becomes of it."""


class QuartoPage:
    """The text of a page, rewritten; ``tabs`` are the book's.

    Attributes:
        text: The new text.
        kept: The lines that are MyST already, and must stay as they are.
        pictures: The addresses of the pictures that HTML on the page shows.
    """

    def __init__(self, text: str, tabs: Sequence[str], report: Report) -> None:
        self.tabs, self.report = tabs, report
        self.kept: set[int] = set()
        self.pictures: list[str] = []
        self.lines = without_front_matter(text.replace("\r\n", "\n")).split("\n")
        fences = find_fences(self.lines)
        fenced = fenced_lines(fences)
        for fence in fences:
            self._fence(fence)
        self._divs(blocks(self.lines, fenced), fenced)
        write_tables(self.lines, fenced)
        for number, line in enumerate(self.lines):
            if number not in fenced and number not in self.kept and re.search(r"[@{]", line):
                self.lines[number] = _inline(line)
        self.text = "\n".join(self.lines)

    def _fence(self, fence: Fence) -> None:
        """Rewrite the first lines of a cell, or of a block for one format."""
        opening = self.lines[fence.start]
        if raw := _RAW.match(opening):
            if raw["format"] != "html":
                self.lines[fence.start : fence.end] = [""] * (fence.end - fence.start)
                return
            self.lines[fence.start] = f"{raw['mark']}{{raw}} html"
            self.pictures += _PICTURES.findall("\n".join(fence.body))
            return
        cell = _CELL.match(opening)
        if not cell and fence.language != "python":
            return
        name = fence.name
        for number in range(fence.start + 1, fence.end):
            option = _OPTION.match(self.lines[number])
            if not option:
                break
            self.lines[number] = ""
            if option["key"] == "label":
                name = name or option["value"].strip("\"'")
            else:
                self.report(number, f"the option {option['key']!r} of a cell", "it is left out")
        if cell:
            label = f" #{name}" if name else ""
            self.lines[fence.start] = f"{cell['mark']}{{.python .input{label}}}"
        elif name and not fence.name:
            self.lines[fence.start] = f"{fence.indent}{fence.mark}{{.python .input #{name}}}"

    def _divs(self, found: Sequence[Block], fenced: Collection[int]) -> None:
        """Make admonitions of callouts; of other blocks, what they hold stays."""
        for block in found:
            name = next((CALLOUTS[one] for one in block.classes if one in CALLOUTS), "")
            lines = [block.first, *([block.last] if block.is_closed else [])]
            if "panel-tabset" in block.classes and self._tabset(block, fenced):
                continue
            if name and block.is_closed and not block.inside:
                self._callout(block.first, name, block.values.get("title", ""))
                self.lines[block.last] = ":::"
                self.kept.update(lines)
            else:
                self.report(
                    block.first, f"a block {self.lines[block.first].strip()!r}", "what it holds stays"
                )
                for line in lines:
                    self.lines[line] = ""
            self._divs(block.inside, fenced)

    def _tabset(self, block: Block, fenced: Collection[int]) -> bool:
        """Make tab blocks of a block whose headings name frameworks; of others, bold words.

        Say whether it is done: an end needs an empty line, and no tab block may hold a code cell.
        """
        inside = range(block.first + 1, block.last)
        headings = [n for n in inside if n not in fenced and _HEADING.match(self.lines[n])]
        titles = [found["title"] for n in headings if (found := _HEADING.match(self.lines[n]))]
        names = [re.sub(r"[^a-z0-9]", "", title.lower()) for title in titles]
        known = bool(names) and all(name in self.tabs for name in names) and block.is_closed
        has_code = any(n in fenced and ".input" in self.lines[n] for n in inside)
        if not known or has_code or any(self.lines[n - 1].strip() for n in headings[1:]):
            for number, title in zip(headings, titles, strict=True):
                self.lines[number] = f"**{title}**"
            return False
        self.lines[block.first], self.lines[block.last] = "", ":end_tab:"
        for number, name in zip(headings, names, strict=True):
            self.lines[number] = f":begin_tab:`{name}`"
            if number != headings[0]:
                self.lines[number - 1] = ":end_tab:"
        return True

    def _callout(self, number: int, name: str, title: str) -> None:
        """Write the first line of an admonition; a heading at its top is its title.

        Its kind goes into the line of the heading or an empty one below, if there is any.
        """
        below = next((n for n in range(number + 1, len(self.lines)) if self.lines[n].strip()), number)
        heading = None if title else _HEADING.match(self.lines[below])
        if heading:
            title, self.lines[below] = heading["title"], ""
        self.lines[number] = f":::{{admonition}} {title}" if title else f":::{{{name}}}"
        if title and not self.lines[number + 1].strip():
            self.lines[number + 1] = f":class: {name}"
            self.kept.add(number + 1)


def _inline(line: str) -> str:
    """Return a line of text in d2lbook's Markdown; code, formulas and addresses stay."""
    line = _EQUATION.sub(lambda found: f"{found['end']} :eqlabel:`{found['label']}`", line)
    line = _IMAGE.sub(_image, line)
    pieces, position = list[str](), 0
    for found in _PROTECTED.finditer(line):
        pieces += [_words(line[position : found.start()]), found[0]]
        position = found.end()
    return "".join([*pieces, _words(line[position:])])


def _words(text: str) -> str:
    text = _SHORTCODE.sub(_shortcode, text)
    text = _SPAN.sub(lambda found: found["text"], text)
    text = _CITATIONS.sub(_citations, text)
    text = _REFERENCE.sub(lambda found: _reference(found["label"]), text)
    return _CITED.sub(_cited, text)


def _image(found: re.Match[str]) -> str:
    label = re.search(r"#([\w:.-]+)", found["inside"])
    values = attributes(found["inside"])[1]
    marks = [f":{key}:`{values[key]}`" for key in ("width", "height") if values.get(key)]
    marks += [f":label:`{label[1]}`"] if label else []
    return " ".join([found["image"], *marks])


def _shortcode(found: re.Match[str]) -> str:
    address = found["rest"].split()[0].strip("\"'") if found["rest"] else ""
    if found["name"] == "video" and address:
        return f"[{address}]({address})"
    return "" if found["name"] in ("pagebreak", "lipsum") else f"`{found[0]}`"


def _cited(found: re.Match[str]) -> str:
    """Return a citation in a sentence; a name without a year may be anything."""
    return f":citet:`{found['key']}`" if re.search(r"\d{4}[a-z]?$", found["key"]) else found[0]


def _keys(text: str) -> Iterator[str]:
    return (key.strip().lstrip("-").lstrip("@") for key in text.split(";"))


def _citations(found: re.Match[str]) -> str:
    keys = list(_keys(found["keys"]))
    references: Sequence[str] = [key for key in keys if _REFERENCE.match(f"@{key}")]
    if references:
        return ", ".join(_reference(key) for key in references)
    return f":cite:`{','.join(keys)}`"


def _reference(label: str) -> str:
    return f":eqref:`{label}`" if label.startswith("eq-") else f":numref:`{label}`"
