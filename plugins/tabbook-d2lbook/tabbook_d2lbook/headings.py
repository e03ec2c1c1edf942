"""Headings: of any shape to ``#``, one title for each page, no level skipped; and their labels."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tabbook.read.slides import strip_slide_marks
from tabbook_d2lbook.scan import Span
from tabbook_d2lbook.source import LabelTarget, Page, directive, safe_label

_ATX = re.compile(r"^ {0,3}(?P<hashes>#{1,6})(?P<gap>[ \t]*)(?P<title>.*?)[ \t]*$")
_CLOSING = re.compile(r"(?:[ \t]+#+|(?<=[^\s#\\])#{2,})[ \t]*$")
_ATTRIBUTES = re.compile(r"[ \t]*\{(?P<inside>[#.\-][^{}`]*)\}[ \t]*$")
_UNDERLINE = re.compile(r"^ {0,3}(?:(?P<one>={2,})|(?P<two>-{3,}))[ \t]*$")
_NO_TEXT = re.compile(r"^[ \t]*(?:[#|>:$!]|[-*+][ \t]|\d+[.)][ \t]|$)")


@dataclass(slots=True)
class Heading:
    """A heading of the source: its lines (from 0), its title's place in the text, its level."""

    first: int
    last: int
    start: int
    end: int
    level: int
    target: LabelTarget
    in_block: bool = False
    written: int = 1
    below: list[str] = field(default_factory=list)
    """What the page puts right below the title: cells that stood above it."""


def find_headings(page: Page) -> list[Heading]:
    """Return the headings of a page, in order, as the source has them."""
    found: list[Heading] = []
    number = 0
    while number < len(page.lines):
        heading = None
        if page.is_text(number) and not page.is_blank(number):
            heading = _atx(page, number, is_first=not found) or _underlined(page, number)
        if heading:
            found.append(heading)
            heading.target.words = page.text[heading.start : heading.end]
            page.targets.append(heading.target)
            number = heading.last
        number += 1
    return found


def _atx(page: Page, number: int, *, is_first: bool) -> Heading | None:
    match = _ATX.match(page.lines[number])
    start = page.starts[number]
    if not match:
        return None
    if not match["title"].strip("# "):
        page.note(number, "heading", "a heading without text", "it is left out")
        page.edits.replace(start, page.end_of_line(number), "")
        return None
    first, last = match.span("title")
    if not match["gap"]:
        # "##Title" is a heading to authors; "#tag" in prose is none.
        if match["title"][0] in "#@!$ " or (len(match["hashes"]) == 1 and not is_first):
            return None
        page.note(number, "heading", "there is no blank between # and the title", "one was added")
    title = match["title"]
    closing = _CLOSING.search(title)
    if closing and title[: closing.start()].strip():
        last = first + closing.start()
        title = title[: closing.start()]
    target = LabelTarget("section", start)
    attributes = _ATTRIBUTES.search(title)
    if attributes:
        last = first + attributes.start()
        names = re.findall(r"#([\w:.-]+)", attributes["inside"])
        target.labels += [page.define(name, "section", number) for name in names]
    return Heading(number, number, start + first, start + last, len(match["hashes"]), target)


def _underlined(page: Page, number: int) -> Heading | None:
    if number + 1 >= len(page.lines) or not (page.is_blank(number - 1) or page.is_fenced(number - 1)):
        return None
    line = page.lines[number]
    match = _UNDERLINE.match(page.lines[number + 1])
    if not match or _NO_TEXT.match(line) or not page.is_text(number + 1):
        return None
    start = page.starts[number]
    indent = len(line) - len(line.lstrip())
    target = LabelTarget("section", start)
    return Heading(
        number,
        number + 1,
        start + indent,
        start + len(line.rstrip()),
        1 if match["one"] else 2,
        target,
    )


def settle_levels(page: Page, headings: list[Heading], *, has_other_title: bool) -> Heading | None:
    """Give every heading the level that it is written with; return the one that is the title.

    A page has one level-1 heading: its first heading, whatever its level in the source. Those below
    it keep their order: headings of one level under the same parent get one level, and none is
    skipped. None is returned where a title must be made.
    """
    ordinary = [heading for heading in headings if not heading.in_block]
    title = ordinary[0] if ordinary and not has_other_title else None
    if title and title.level > 1:
        page.fault(title.first, "heading", "the page's first heading is not of level 1", "it is made so")
    parents = [title.level] if title else [1]
    for heading in ordinary:
        if heading is title:
            continue
        if heading.level == 1:
            message = "a second level-1 heading"
            page.fault(heading.first, "heading", message, "it and what follows move down a level")
        while len(parents) > 1 and parents[-1] >= heading.level:
            parents.pop()
        heading.written = min(len(parents) + 1, 6)
        if heading.level > parents[-1] + 1:
            hint = f"written as level {heading.written}"
            page.note(heading.first, "heading", "a heading skips a level", hint)
        parents.append(heading.level)
    return title


def make_rubric(page: Page, heading: Heading) -> None:
    """Take a heading out of the page's structure: it is inside a tab block."""
    heading.in_block = True
    text = strip_slide_marks(page.text[heading.start : heading.end])
    heading.target.kind, heading.target.has_number = "rubric", False
    heading.target.title = " ".join(re.sub(r"[`$<>]", "", text).split())


def write_headings(page: Page, headings: list[Heading], place_title: Callable[[str], str]) -> None:
    """Add the edits that write the headings, with their labels above them.

    ``place_title`` returns a placeholder for the page's title.
    """
    for heading in headings:
        start, end = page.starts[heading.first], page.end_of_line(heading.last)

        def write(heading: Heading = heading, start: int = start, end: int = end) -> str:
            title = " ".join(page.edits.render(heading.start, heading.end).split())
            targets = "".join(f"({label})=\n" for label in heading.target.labels)
            if heading.in_block:
                text = f"{targets}{directive('rubric', strip_slide_marks(title))}"
            else:
                text = f"{targets}{'#' * heading.written} {title}"
                text = place_title(text) if heading.written == 1 else text
            return page.block(start, end, "\n\n".join([text, *heading.below]))

        page.edits.replace(start, end, write)


def title_from_name(path: str) -> str:
    """Return a title made from a file's name."""
    name = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    words = re.sub(r"[-_]+", " ", name).strip() or "Untitled"
    return words[0].upper() + words[1:]


def collect_labels(page: Page) -> None:
    """Give each ``:label:`` to what is above it: a heading, a figure or a table."""
    page.targets.sort(key=lambda target: target.position)
    for span in page.scan.spans:
        if span.kind != "role" or (span.name != "label" and span.start not in page.misnamed_labels):
            continue
        line = page.line_of(span.start)
        above = [target for target in page.targets if target.position < span.start]
        target = above[-1] if above else next(iter(page.targets), None)
        if _is_in_sentence(page, span, target):
            message = f"the label {span.arg!r} is in a sentence, where it can name nothing"
            page.fault(line, "label", message, "it is taken for a reference")
            page.stray_labels.add(span.start)
            continue
        if target is None or not safe_label(span.arg):
            page.fault(line, "label", f"there is nothing that the label {span.arg!r} could name", "")
            continue
        if not above:
            page.fault(line, "label", f"the label {span.arg!r} is above what it names", "")
        label = safe_label(span.arg)
        if label not in target.labels:  # pandoc's attributes may have given it, too
            target.labels.append(page.define(span.arg, target.kind, line))
        if not target.has_number:
            page.titles.setdefault(label, target.title or label)
        if target.kind == "figure" and not target.has_number:
            message = "a figure with a label has no caption, so it has no number"
            page.fault(line, "label", message, "references show its label")
        remove_mark(page, span.start, span.end)


def _is_in_sentence(page: Page, span: Span, target: LabelTarget | None) -> bool:
    """Say whether a label is part of a line of prose, and not of a heading, a caption or a row."""
    line = page.line_of(span.start)
    before = page.text[page.starts[line] : span.start].strip()
    if not before or before.endswith(("`", ")", "|", "$$")) or before.startswith(("#", "|", ":", "!")):
        return False
    return target is None or page.line_of(target.position) != line


def remove_mark(page: Page, start: int, end: int) -> None:
    """Add the edit that removes a mark, with its line where nothing else stands there."""
    line = page.line_of(start)
    rest = page.lines[line]
    own = [s for s in page.scan.inside(page.starts[line], page.end_of_line(line)) if s.kind == "role"]
    marks = ("label", "width", "height", "eqlabel", "bibliography")
    for span in own:
        if span.name in marks:
            rest = rest.replace(page.text[span.start : span.end], "", 1)
    if rest.strip() or page.line_of(end - 1) != line:
        # Keep no blank at the end of the line: two of them would be a line break.
        stop = page.end_of_line(line)
        while start > page.starts[line] and page.text[start - 1] in " \t" and end == stop:
            start -= 1
        page.edits.replace(start, end, "")
    else:
        page.edits.replace(page.starts[line], min(page.starts[line + 1], len(page.text)), "")
