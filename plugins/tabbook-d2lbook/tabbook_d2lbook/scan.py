"""What stands where in a page's text: code, mathematics, roles, images, by position.

Mathematics follows the rules of the original tool's Markdown (pandoc's): a ``$`` opens before a
character that is not blank, and closes behind one unless a digit follows. So amounts of money
are not mathematics, and text in code and mathematics is no markup.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tabbook_d2lbook.formulas import is_formula

SpanKind = Literal[
    "code",
    "math",
    "display",
    "role",
    "comment",
    "escape",
    "dollar",
    "url",
    "latex",
    "attributes",
    "open-display",
    "open-role",
]

MARKS = frozenset(("label", "eqlabel", "width", "height", "begin_tab", "end_tab", "bibliography"))
"""Roles that show nothing: they say something of what is around them."""
ROLES = MARKS.union(
    ("numref", "ref", "eqref", "cite", "citet", "citep", "class", "func", "mod", "meth", "math", "doc")
)
_BLOCK = (
    r"[ \t]*(?:\n|\Z|[-*+][ \t]|\d{1,9}[.)][ \t]|\#{1,6}[ \t]|`{3}|~{3}|\$\$|!\[|:(?:begin|end)_tab:"
    r"|:(?:label|eqlabel|width|height|bibliography):[ \t]*`)"
)
"""What begins a line that no longer belongs to the paragraph above it."""
_NEXT_ROLE = re.compile(r":[A-Za-z_][\w-]*:[ \t]*$")
_LINE_END = re.compile(r"\s*\n[ \t>]*")
_PROSE = frozenset(("class", "func", "mod", "meth", "math", "doc"))
"""Roles that prose may name in front of code; those of d2lbook's own it never does."""

_ATTRIBUTES = r"\{(?:=\w+|[ \t]*(?:[.#][\w:./-]+\s*|[\w-]+=(?:\"[^\"{}]*\"|[^\s\"{}]+)\s*)+)\}"
"""Pandoc's attributes of what is in front of them."""
_TOKEN = re.compile(
    r"(?P<comment><!--.*?-->)"
    rf"|(?P<crossref>\[[^\[\]]*(?:\\[\[\]][^\[\]]*)*\]\(#[^()\s]+\)(?=\{{reference-type=)"
    rf"\{{[^{{}}]*\breference=\"(?P<target>[^\"{{}}]+)\"[^{{}}]*\}})"
    rf"|(?P<attributes>(?<=[\])`]){_ATTRIBUTES})"
    r"|(?P<latex>\\begin\{(?P<env>[A-Za-z]+\*?)\}(?:(?!\\begin\{(?P=env)\}).)*?\\end\{(?P=env)\})"
    r"|(?P<command>\\(?P<tex>cite[tp]?|ref|eqref)\{(?P<keys>[^{}\n]+)\})"
    rf"|(?P<role>:(?P<name>[A-Za-z_][\w-]*):(?P<gap>[ \t]*)(?P<rt>`{{1,2}}(?!`))"
    rf"(?P<arg>(?:[^`\n]|\n(?!{_BLOCK}))+)(?P=rt)(?!`))"
    rf"|(?P<halfmark>(?m:^[ \t]*):(?P<mark>{'|'.join(sorted(MARKS))}):[ \t]*`(?P<rest>[^\s`][^`\n]*)(?m:$))"
    rf"|(?P<halfrole>:(?:{'|'.join(sorted(ROLES))}):`(?!`))"
    r"|(?m:^[ \t]*)(?P<begin>:begin_tab:[ \t]*(?P<tabs>[\w, \t-]*))(?m:$)"
    r"|(?P<end>:end_tab:)"
    r"|(?P<escape>\\[^\w\s])"
    r"|(?P<code>(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<display>\$\$(?:(?!\$\$|\n[ \t]*\n).)+?\$\$)"
    r"|(?P<loose>(?m:^[ \t]*)\$\$[ \t]*\n(?:(?!\$\$).)+?\n[ \t]*\$\$(?=[ \t]*(?:\n|\Z|:eqlabel)))"
    r"|(?P<whole>\$\$\s*\\begin\{(?P<inner>[A-Za-z]+\*?)\}(?:(?!\$\$).)+?\\end\{(?P=inner)\}[.,;]?\s*\$\$)"
    r"|(?P<double>\$\$)"
    r"|(?P<math>\$(?=[^\s$])(?:\\.|[^$\\\n]|\n(?![ \t]*\n))*?(?<=\S)\$(?!\d))"
    r"|(?P<spaced>\$[ \t]*(?:[A-Za-z]|(?=[^$\n]*[\\_^=])(?:\\[A-Za-z]+|\\[^$A-Za-z\n]"
    r"|[A-Za-z]{1,2}(?![A-Za-z])|[^A-Za-z$\\\n\u2e80-\uffff])+?)[ \t]*\$)"
    r"|(?P<dollar>\$)"
    r"|(?P<image>!\[)"
    r"|(?P<spread>(?<=\])\(https?://[^()<>\s]+(?:[ ]+(?![\"'])[^()<>\s]+|[ ]*\([^()\n]*\)[^()<>\s]*)+\))"
    r"|(?P<link>(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\))"
    r"|(?P<address><[a-z]+://[^>\s]*>)",
    re.DOTALL,
)

_KINDS: dict[str, SpanKind] = {
    "comment": "comment",
    "attributes": "attributes",
    "latex": "latex",
    "escape": "escape",
    "code": "code",
    "display": "display",
    "whole": "display",
    "double": "open-display",
    "math": "math",
    "spaced": "math",
    "dollar": "dollar",
    "link": "url",
    "spread": "url",
    "address": "url",
}
_MATHEMATICS = re.compile(r"[\\_^=&<>+]")
_ADDRESS = re.compile(r"\(\s*<?([^()\s>]*(?:\([^()\s]*\)[^()\s]*)*)>?(?:\s+\"[^\"]*\")?\s*\)")


_SPACED_ADDRESS = re.compile(r"\(\s*<?([^()\n<>\"]+\.(?:svg|png|jpe?g|gif|webp))>?\s*\)", re.IGNORECASE)


_OPAQUE = re.compile(r"`[^`]*`|\$(?=[^\s$])(?:\\.|[^$\\])+?(?<=\S)\$(?!\d)", re.DOTALL)
"""Code and formulas, whose brackets do not count in a caption."""
_BRACES = re.compile(r"\{(?:[^{}\n]*=|[ \t]*[.#])[^{}]*\}")
_WIDTH = re.compile(r"""\bwidth=["']?(\d+(?:\.\d+)?|\.\d+)[ ]?(\\(?:line|text|column)width|[a-z%]*)""")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text that is not plain prose.

    ``name`` and ``arg`` are a role's; an environment of LaTeX has its name alone.
    """

    kind: SpanKind
    start: int
    end: int
    name: str = ""
    arg: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """``![alt](url){width=…}``: the whole from ``start`` to ``end``, the alternative text between its two.

    ``link_end`` is behind the address. ``width`` is what the braces say, or nothing.
    """

    start: int
    end: int
    alt_start: int
    alt_end: int
    url: str
    link_end: int
    width: str


class Scan:
    """The spans and images of the parts of ``text`` that are given as ``gaps``."""

    def __init__(self, text: str, gaps: Iterable[tuple[int, int]]) -> None:
        self.text = text
        self.spans: list[Span] = []
        self.images: list[Image] = []
        self.unclosed: list[Span] = []
        """Marks without their last backtick: they end with their line."""
        for start, end in gaps:
            self._scan(start, end)
        self._starts = [span.start for span in self.spans]

    def _scan(self, position: int, end: int) -> None:
        text = self.text
        while found := _TOKEN.search(text, position, end):
            group = found.lastgroup or ""
            start, position = found.span()
            if group == "role":
                position = self._role(found)
            elif group == "command":
                name = "numref" if found["tex"] == "ref" else found["tex"]
                self._add("role", start, position, name, found["keys"].strip())
            elif group == "crossref":  # what pandoc makes of LaTeX's references
                self._add("role", start, position, "numref", found["target"])
            elif group == "halfmark":
                place = text.index(":", start)
                self._add("role", place, position, found["mark"], found["rest"].strip())
                self.unclosed.append(self.spans[-1])
            elif group == "halfrole":
                self._add("open-role", start, position, found[0].strip(":`"))
            elif group == "latex":
                kind: SpanKind = "display" if is_formula(found["env"]) else "latex"
                self._add(kind, start, position, found["env"])
            elif group == "begin":
                self._add("role", found.start("begin"), position, "begin_tab", found["tabs"].strip())
            elif group == "end":
                self._add("role", start, position, "end_tab")
            elif group == "image":
                image = self._image(start, end)
                position = start + 2  # what its alternative text holds counts, too
                if image:
                    self.images.append(image)
            elif group == "loose":
                inner = start + len(found[0]) - len(found[0].lstrip())
                parts = re.split(r"\n[ \t]*\n", found[0])
                if len(parts) == 1 or all(map(_MATHEMATICS.search, parts)):
                    self._add("display", inner, position)
                else:
                    position = inner + 2
                    self._add("open-display", inner, position)
            else:
                self._add(_KINDS[group], start, position, "spaced" if group == "spaced" else "")

    def _role(self, found: re.Match[str]) -> int:
        """Note the role that ``found`` may be; return where the search goes on."""
        start, end = found.span()
        name, backtick = found["name"], found.start("rt")
        if name not in ROLES or (found["gap"] and not self._may_have_gap(found)):
            if not found["gap"]:  # another colon, or a role that we do not know
                self._add("role", start, backtick, f"?{name}", found["arg"])
            return backtick
        if _NEXT_ROLE.search(found["arg"]):  # what seems to close it begins the next one
            self._add("open-role", start, backtick + 1, name)
            return backtick + 1
        self._add("role", start, end, name, " ".join(_LINE_END.sub(" ", found["arg"]).split()))
        return end

    def _may_have_gap(self, found: re.Match[str]) -> bool:
        """Say whether a role that has a blank before its backtick can be nothing else."""
        before = self.text[found.start() - 1 : found.start()] if found.start() else ""
        return found["name"] not in _PROSE and not (before.isascii() and before.isalnum())

    def _add(self, kind: SpanKind, start: int, end: int, name: str = "", arg: str = "") -> None:
        self.spans.append(Span(kind, start, end, name, arg))

    def _image(self, start: int, end: int) -> Image | None:
        """Return the image that begins at ``start``, if brackets and parentheses say so."""
        text, position, depth = self.text, start + 2, 1
        stop = text.find("\n\n", start, end)
        stop = end if stop < 0 else stop
        while position < stop:
            character = text[position]
            if character == "\\":
                position += 2
                continue
            if inside := _OPAQUE.match(text, position, stop):
                position = inside.end()
                continue
            depth += (character == "[") - (character == "]")
            if depth == 0:
                break
            position += 1
        found = _ADDRESS.match(text, position + 1, stop) or _SPACED_ADDRESS.match(text, position + 1, stop)
        if depth or not found:
            return None
        braces = _BRACES.match(text, found.end(), stop)
        width = _width(braces[0]) if braces else ""
        last = braces.end() if braces else found.end()
        return Image(start, last, start + 2, position, found[1], found.end(), width)

    def span_at(self, position: int) -> Span | None:
        """Return the span that ``position`` lies in."""
        index = bisect_right(self._starts, position) - 1
        if index >= 0 and position < self.spans[index].end:
            return self.spans[index]
        return None

    def is_plain(self, position: int) -> bool:
        """Say whether ``position`` is in prose, or at the start of something in prose."""
        span = self.span_at(position)
        return span is None or span.start == position

    def inside(self, start: int, end: int) -> list[Span]:
        """Return the spans between two places."""
        first = bisect_right(self._starts, start - 1)
        result = []
        for span in self.spans[first:]:
            if span.start >= end:
                break
            result.append(span)
        return result


def _width(braces: str) -> str:
    """Return the width that an image's braces name; a share of LaTeX's line is one in percent."""
    found = _WIDTH.search(braces)
    if not found:
        return ""
    number, unit = found[1], found[2]
    return f"{float(number) * 100:.4g}%" if unit.startswith("\\") else number + unit
